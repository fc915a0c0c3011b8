public import Training

/// The table of agents; a new agent is one folder and one line here.
public enum AgentRegistry {
  /// All agents of this module.
  public static let all: [RegisteredAgent] = [
    RegisteredAgent(
      "ppo", "proximal policy optimisation with generalised advantage estimation",
      presets: String(decoding: PackageResources.PPOPresets_yaml, as: UTF8.self),
      defaults: PPOConfiguration(), make: PPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "a2c", "advantage actor-critic with one gradient step on each short rollout",
      presets: String(decoding: PackageResources.A2CPresets_yaml, as: UTF8.self),
      defaults: A2CConfiguration(), make: A2CAgent.init(configuration:context:)),
    RegisteredAgent(
      "mdpo", "mirror descent policy optimisation: steps held near the previous policy by a KL",
      presets: String(decoding: PackageResources.MDPOPresets_yaml, as: UTF8.self),
      defaults: MDPOConfiguration(), make: MDPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "trpo", "trust region policy optimisation: natural gradient steps limited by a KL",
      presets: String(decoding: PackageResources.TRPOPresets_yaml, as: UTF8.self),
      defaults: TRPOConfiguration(), make: TRPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "vmpo", "on-policy maximum a posteriori policy optimisation within learnt limits",
      presets: String(decoding: PackageResources.VMPOPresets_yaml, as: UTF8.self),
      defaults: VMPOConfiguration(), make: VMPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "fpo", "flow policy optimisation: ratios of flow-matching losses; FPO++ as settings",
      presets: String(decoding: PackageResources.FPOPresets_yaml, as: UTF8.self),
      defaults: FPOConfiguration(), make: FPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "sac", "soft actor-critic with a replay buffer; REDQ, TQC, DroQ, CrossQ as settings",
      presets: String(decoding: PackageResources.SACPresets_yaml, as: UTF8.self),
      defaults: SACConfiguration(), make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "mdpo-offpolicy", "mirror descent with a replay buffer: SAC, held near its previous policy",
      presets: String(decoding: PackageResources.SACPresets_yaml, as: UTF8.self),
      defaults: SACConfiguration.mirrorDescent, make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "m2sac", "the worst case of randomised parameters learnt with the policy: M2TD3 on SAC",
      presets: String(decoding: PackageResources.M2SACPresets_yaml, as: UTF8.self),
      defaults: SACConfiguration.worstCase, make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "bc", "behaviour cloning: supervised learning of recorded actions, without any reward",
      presets: String(decoding: PackageResources.BehaviorCloningPresets_yaml, as: UTF8.self),
      defaults: BehaviorCloningConfiguration(),
      make: BehaviorCloningAgent.init(configuration:context:)),
    RegisteredAgent(
      "rarl", "robust adversarial training: two players take turns, one pushes against the other",
      presets: String(decoding: PackageResources.RARLPresets_yaml, as: UTF8.self),
      defaults: RARLConfiguration(), make: RARLAgent.init(configuration:context:)),
    RegisteredAgent(
      "rap", "robust adversarial training against a population, one of which is drawn per rollout",
      presets: String(decoding: PackageResources.RAPPresets_yaml, as: UTF8.self),
      defaults: RARLConfiguration.population, make: RARLAgent.init(configuration:context:)),
    RegisteredAgent(
      "hinf", "H-infinity training: costs held below a multiple of the force that causes them",
      presets: String(decoding: PackageResources.HInfinityPresets_yaml, as: UTF8.self),
      defaults: HInfinityConfiguration(), make: HInfinityAgent.init(configuration:context:)),
  ]

  /// Returns the agent with the given identifier; nil if there is none.
  public static func find(_ identifier: String) -> RegisteredAgent? {
    all.first { $0.identifier == identifier }
  }
}
