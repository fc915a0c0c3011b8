public import Training

/// The table of agents; a new agent is one folder and one line here.
public enum AgentRegistry {
  /// All agents of this module.
  public static let all: [RegisteredAgent] = [
    RegisteredAgent(
      "ppo", "proximal policy optimisation with generalised advantage estimation",
      presets: [text(PackageResources.PPOPresets_yaml)],
      defaults: PPOConfiguration(), make: PPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "a2c", "advantage actor-critic with one gradient step on each short rollout",
      presets: [text(PackageResources.A2CPresets_yaml)],
      defaults: A2CConfiguration(), make: A2CAgent.init(configuration:context:)),
    RegisteredAgent(
      "mdpo", "mirror descent policy optimisation: steps held near the previous policy by a KL",
      presets: [text(PackageResources.MDPOPresets_yaml)],
      defaults: MDPOConfiguration(), make: MDPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "trpo", "trust region policy optimisation: natural gradient steps limited by a KL",
      presets: [text(PackageResources.TRPOPresets_yaml)],
      defaults: TRPOConfiguration(), make: TRPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "vmpo", "on-policy maximum a posteriori policy optimisation within learnt limits",
      presets: [text(PackageResources.VMPOPresets_yaml)],
      defaults: VMPOConfiguration(), make: VMPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "fpo", "flow policy optimisation: ratios of flow-matching losses; FPO++ as settings",
      presets: [text(PackageResources.FPOPresets_yaml)],
      defaults: FPOConfiguration(), make: FPOAgent.init(configuration:context:)),
    RegisteredAgent(
      "sac", "soft actor-critic with a replay buffer; REDQ, TQC, DroQ, CrossQ as settings",
      presets: [text(PackageResources.SACPresets_yaml)],
      defaults: SACConfiguration(), make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "mdpo-offpolicy", "mirror descent with a replay buffer: SAC, held near its previous policy",
      presets: [
        text(PackageResources.SACPresets_yaml), text(PackageResources.MDPOOffPolicyPresets_yaml),
      ],
      defaults: SACConfiguration.mirrorDescent, make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "m2sac", "the worst case of randomised parameters learnt with the policy: M2TD3 on SAC",
      presets: [text(PackageResources.SACPresets_yaml), text(PackageResources.M2SACPresets_yaml)],
      defaults: SACConfiguration.worstCase, make: SACAgent.init(configuration:context:)),
    RegisteredAgent(
      "iwocs", "incremental worst-case search: SAC in each of a few bad cases, and a fallback",
      presets: [text(PackageResources.SACPresets_yaml), text(PackageResources.IWOCSPresets_yaml)],
      defaults: IWOCSConfiguration(), make: IWOCSAgent.init(configuration:context:)),
    RegisteredAgent(
      "bc", "behaviour cloning: supervised learning of recorded actions, without any reward",
      presets: [text(PackageResources.BehaviorCloningPresets_yaml)],
      defaults: BehaviorCloningConfiguration(),
      make: BehaviorCloningAgent.init(configuration:context:)),
    RegisteredAgent(
      "rarl", "robust adversarial training: two players take turns, one pushes against the other",
      presets: [text(PackageResources.RARLPresets_yaml)],
      defaults: RARLConfiguration(), make: RARLAgent.init(configuration:context:)),
    RegisteredAgent(
      "rap", "robust adversarial training against a population, one of which is drawn per rollout",
      presets: [text(PackageResources.RAPPresets_yaml)],
      defaults: RARLConfiguration.population, make: RARLAgent.init(configuration:context:)),
    RegisteredAgent(
      "hinf", "H-infinity training: costs held below a multiple of the force that causes them",
      presets: [text(PackageResources.HInfinityPresets_yaml)],
      defaults: HInfinityConfiguration(), make: HInfinityAgent.init(configuration:context:)),
  ]

  /// Returns the agent with the given identifier; nil if there is none.
  public static func find(_ identifier: String) -> RegisteredAgent? {
    all.first { $0.identifier == identifier }
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
