public import NeuralNetworks
public import RLCore

/// The settings that on-policy methods share; each method has its own defaults.
public struct OnPolicySettings: SettingGroup {
  /// Steps T of each environment between two updates.
  public var stepsPerRollout = 2048
  /// Initial learning rate of the optimiser.
  public var learningRate: Float = 3e-4
  /// Schedule of the learning rate over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// Discount factor γ.
  public var discount: Float = 0.99
  /// Parameter λ of the advantage estimate.
  public var gaeLambda: Float = 0.95
  /// Weight of the value loss in the joint gradient norm.
  public var valueCoefficient: Float = 0.5
  /// Weight of the entropy bonus.
  public var entropyCoefficient: Float = 0
  /// Maximum norm of the joint gradient of policy and critic.
  public var maximumGradientNorm: Float = 0.5
  /// Whether advantages are standardised within each minibatch.
  public var normalizeAdvantages = true
  /// Whether observations are standardised with running statistics.
  public var normalizeObservations = false
  /// Whether rewards are divided by the standard deviation of the discounted running return.
  public var normalizeRewards = false
  /// Widths of the policy's hidden layers.
  public var policyHidden = [64, 64]
  /// Widths of the critic's hidden layers.
  public var criticHidden = [64, 64]
  /// Activation function of both networks.
  public var activation = Activation.tanh
  /// Whether hidden layers have a LayerNorm before the activation function.
  public var layerNorm = false
  /// Initial logarithm of the Gaussian's standard deviation.
  public var initialLogStd: Float = 0
  /// Whether all agents of an environment with several share one policy network.
  ///
  /// It maps each agent's part of the observation to its part of the action; the critic sees the whole.
  ///
  /// - Source: Yu et al. 2022, arXiv:2103.01955.
  /// - Difference from source: ratio and advantage are those of all agents together.
  public var sharedPolicy = false

  /// Creates the default settings.
  public init() {}

  /// Learning rate over the run; a falling one reaches 0 only after the last iteration.
  public var learningRates: Schedule { .falling(learningRateSchedule, from: learningRate) }

  /// Table of all shared settings.
  public static let table: [Setting<Self>] = [
    Setting(
      "steps-per-rollout", \.stepsPerRollout, .atLeast(1),
      "steps of each environment between two updates"),
    Setting("learning-rate", \.learningRate, .above(0), "initial learning rate"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "change of the learning rate over the run; linear and cosine end at 0"),
    Setting("discount", \.discount, .range(0...1), "discount factor (gamma)"),
    Setting("gae-lambda", \.gaeLambda, .range(0...1), "lambda of the advantage estimate"),
    Setting("value-coefficient", \.valueCoefficient, .atLeast(0), "weight of the value loss"),
    Setting(
      "entropy-coefficient", \.entropyCoefficient, .atLeast(0), "weight of the entropy bonus"),
    Setting(
      "maximum-gradient-norm", \.maximumGradientNorm, .aboveOrInfinite(0),
      "maximum norm of the joint gradient; .inf for no limit"),
    Setting(
      "normalize-advantages", \.normalizeAdvantages, .any,
      "standardise advantages within each minibatch"),
    Setting(
      "normalize-observations", \.normalizeObservations, .any,
      "standardise observations with running statistics"),
    Setting(
      "normalize-rewards", \.normalizeRewards, .any,
      "divide rewards by the standard deviation of the discounted running return"),
    Setting(
      "policy-hidden", \.policyHidden, .hiddenWidths, "widths of the policy's hidden layers"),
    Setting(
      "critic-hidden", \.criticHidden, .hiddenWidths, "widths of the critic's hidden layers"),
    Setting("activation", \.activation, .any, "activation function of both networks"),
    Setting(
      "layer-norm", \.layerNorm, .any, "apply LayerNorm to hidden layers before the activation"),
    Setting(
      "initial-log-std", \.initialLogStd, .finite,
      "initial logarithm of the Gaussian's standard deviation"),
    Setting(
      "shared-policy", \.sharedPolicy, .any,
      "use one policy network for all agents of the environment, each with its part of observation "
        + "and action"),
  ]

  /// Maximum number of transitions in a rollout.
  private static let largestRollout = 1 << 26

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  ///
  /// - Parameters:
  ///   - environments: The number N of environments.
  ///   - minibatch: The number of rows in a minibatch.
  ///   - name: The name in messages of the setting that determines these rows.
  /// - Returns: The problem, in one sentence.
  public func problem(environments: Int, minibatch: Int, name: String) -> String? {
    let (rollout, overflow) = environments.multipliedReportingOverflow(by: stepsPerRollout)
    if overflow || rollout > Self.largestRollout {
      return "steps-per-rollout times environments must be at most \(Self.largestRollout)"
    }
    if minibatch > rollout {
      let (fewestEnvironments, fewestSteps) = (
        (minibatch - 1) / stepsPerRollout + 1, (minibatch - 1) / environments + 1
      )
      return "\(name) is \(minibatch) and a rollout has only \(rollout) transitions, "
        + "steps-per-rollout times environments; set \(name)=\(rollout), "
        + "environments=\(fewestEnvironments) or steps-per-rollout=\(fewestSteps)"
    }
    if normalizeAdvantages && minibatch < 2 {
      return "\(name) must be at least 2 while normalize-advantages is on"
    }
    return nil
  }
}

extension OnPolicySettings {
  /// Returns why an environment does not suit the settings, in one sentence; nil if it does.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    guard sharedPolicy, specification.agents == 1 else { return nil }
    return "shared-policy needs an environment of several agents, and "
      + "\(specification.identifier) has one; set shared-policy=false"
  }
}

/// The settings of an on-policy method: those that all methods share, and its own.
@dynamicMemberLookup
public protocol OnPolicyConfiguration: AgentConfiguration {
  /// Settings that all on-policy methods share.
  var shared: OnPolicySettings { get set }
  /// Number of rollouts, each followed by an update, in an iteration and thus in a row of metrics.
  var rolloutsPerIteration: Int { get }
}

extension OnPolicyConfiguration {
  /// One rollout per iteration, unless the method has another number.
  public var rolloutsPerIteration: Int { 1 }
  /// The steps of a rollout.
  public var stepsAtOnce: Int { shared.stepsPerRollout }

  /// Returns the problem of the shared settings, unless the method has others.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    shared.problem(in: specification)
  }

  /// Accesses a shared setting as if it were the method's own.
  public subscript<Value>(dynamicMember keyPath: WritableKeyPath<OnPolicySettings, Value>) -> Value
  {
    get { shared[keyPath: keyPath] }
    set { shared[keyPath: keyPath] = newValue }
  }
}
