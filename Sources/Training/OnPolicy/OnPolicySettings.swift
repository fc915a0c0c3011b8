public import NeuralNetworks

/// The settings that on-policy methods share; each method has defaults of its own.
public struct OnPolicySettings: SettingGroup {
  /// T: steps of each environment between two updates.
  public var stepsPerRollout = 2048
  /// The optimiser's step size at the start.
  public var learningRate: Float = 3e-4
  /// How the step size changes over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// γ.
  public var discount: Float = 0.99
  /// λ of the advantage estimate.
  public var gaeLambda: Float = 0.95
  /// Weight of the value loss in the joint gradient norm.
  public var valueCoefficient: Float = 0.5
  /// Weight of the entropy bonus.
  public var entropyCoefficient: Float = 0
  /// Largest joint norm of a gradient.
  public var maximumGradientNorm: Float = 0.5
  /// Whether advantages are standardised within each minibatch.
  public var normalizeAdvantages = true
  /// Whether observations are standardised by running statistics.
  public var normalizeObservations = false
  /// Whether rewards are scaled by the deviation of their running return.
  public var normalizeRewards = false
  /// Widths of the policy's hidden layers.
  public var policyHidden = [64, 64]
  /// Widths of the critic's hidden layers.
  public var criticHidden = [64, 64]
  /// Non-linearity of both networks.
  public var activation = Activation.tanh
  /// Whether hidden layers are normalised before the non-linearity.
  public var layerNorm = false
  /// Log of the Gaussian's standard deviation at the start.
  public var initialLogStd: Float = 0

  /// The defaults.
  public init() {}

  /// The learning rate over the run; one that falls ends at 0, which no iteration uses.
  public var learningRates: Schedule { .falling(learningRateSchedule, from: learningRate) }

  /// Every setting.
  public static let table: [Setting<Self>] = [
    Setting(
      "steps-per-rollout", \.stepsPerRollout, .atLeast(1),
      "steps of each environment between two updates"),
    Setting("learning-rate", \.learningRate, .above(0), "the optimiser's step size at the start"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "how the step size changes over the run; linear and cosine end at 0"),
    Setting("discount", \.discount, .range(0...1), "discount factor (gamma)"),
    Setting("gae-lambda", \.gaeLambda, .range(0...1), "lambda of the advantage estimate"),
    Setting("value-coefficient", \.valueCoefficient, .atLeast(0), "weight of the value loss"),
    Setting(
      "entropy-coefficient", \.entropyCoefficient, .atLeast(0), "weight of the entropy bonus"),
    Setting(
      "maximum-gradient-norm", \.maximumGradientNorm, .aboveOrInfinite(0),
      "largest joint norm of a gradient; .inf for no limit"),
    Setting(
      "normalize-advantages", \.normalizeAdvantages, .any,
      "standardise advantages within each minibatch"),
    Setting(
      "normalize-observations", \.normalizeObservations, .any,
      "standardise observations by running statistics"),
    Setting(
      "normalize-rewards", \.normalizeRewards, .any,
      "scale rewards by the deviation of their running return"),
    Setting(
      "policy-hidden", \.policyHidden, .hiddenWidths, "widths of the policy's hidden layers"),
    Setting(
      "critic-hidden", \.criticHidden, .hiddenWidths, "widths of the critic's hidden layers"),
    Setting("activation", \.activation, .any, "non-linearity of both networks"),
    Setting(
      "layer-norm", \.layerNorm, .any, "normalise hidden layers before the non-linearity"),
    Setting(
      "initial-log-std", \.initialLogStd, .finite,
      "log of the Gaussian's standard deviation at the start"),
  ]

  /// More transitions than any machine this runs on holds.
  private static let largestRollout = 1 << 26

  /// What is wrong with the size of a rollout, in one sentence; nil when nothing is.
  ///
  /// - Parameters:
  ///   - environments: N.
  ///   - minibatch: Rows of a minibatch.
  ///   - name: The setting that gives the rows, in messages.
  /// - Returns: The sentence.
  public func problem(environments: Int, minibatch: Int, name: String) -> String? {
    let (rollout, overflow) = environments.multipliedReportingOverflow(by: stepsPerRollout)
    if overflow || rollout > Self.largestRollout {
      return "steps-per-rollout times environments must be at most \(Self.largestRollout)"
    }
    if minibatch > rollout { return "\(name) must lie in 1...\(rollout), the size of a rollout" }
    if normalizeAdvantages && minibatch < 2 {
      return "\(name) must be at least 2 while normalize-advantages is on"
    }
    return nil
  }
}

/// The settings of an on-policy method: those all share, and its own beside them.
@dynamicMemberLookup
public protocol OnPolicyConfiguration: AgentConfiguration {
  /// What all share.
  var shared: OnPolicySettings { get set }
  /// Rollouts, each followed by an update, that make up an iteration and a row of metrics.
  var rolloutsPerIteration: Int { get }
}

extension OnPolicyConfiguration {
  /// One.
  public var rolloutsPerIteration: Int { 1 }

  /// A shared setting, as if it were the method's own.
  public subscript<Value>(dynamicMember keyPath: WritableKeyPath<OnPolicySettings, Value>) -> Value
  {
    get { shared[keyPath: keyPath] }
    set { shared[keyPath: keyPath] = newValue }
  }
}
