public import NeuralNetworks
public import Training

/// The settings of PPO.
///
/// - Source: defaults of Schulman et al. 2017, arXiv:1707.06347, table 3, as Stable-Baselines3 2.x
///   and CleanRL have settled on them.
public struct PPOConfiguration: AgentConfiguration {
  /// T: steps of each environment between two updates.
  public var stepsPerRollout = 2048
  /// Passes over a rollout.
  public var epochs = 10
  /// B: transitions per gradient step; a shorter last minibatch is used too, unless it is a single
  /// row whose advantage can't be standardised.
  public var minibatchSize = 64
  /// Adam's step size at the start.
  public var learningRate: Float = 3e-4
  /// How the step size changes over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// Adam's ε.
  public var adamEpsilon: Float = 1e-5
  /// γ.
  public var discount: Float = 0.99
  /// λ of the advantage estimate.
  public var gaeLambda: Float = 0.95
  /// ε: the ratio is clipped to 1 ± ε.
  public var clipRange: Float = 0.2
  /// How the clip range changes over the run.
  public var clipRangeSchedule = Schedule.Kind.constant
  /// ε of the clipped value loss; nil for the plain squared error.
  public var valueClipRange: Float?
  /// Weight of the value loss in the joint gradient norm.
  public var valueCoefficient: Float = 0.5
  /// Weight of the entropy bonus.
  public var entropyCoefficient: Float = 0
  /// Largest joint norm of a gradient.
  public var maximumGradientNorm: Float = 0.5
  /// Stops an update when a minibatch's KL estimate exceeds 1.5 times this; nil for never.
  public var targetKL: Float?
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
  var learningRates: Schedule { schedule(learningRateSchedule, learningRate) }
  /// The clip range over the run.
  var clipRanges: Schedule { schedule(clipRangeSchedule, clipRange) }

  private func schedule(_ kind: Schedule.Kind, _ initial: Float) -> Schedule {
    Schedule(kind: kind, initial: initial, final: kind == .constant ? initial : 0)
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case stepsPerRollout = "steps-per-rollout"
    case epochs
    case minibatchSize = "minibatch-size"
    case learningRate = "learning-rate"
    case learningRateSchedule = "learning-rate-schedule"
    case adamEpsilon = "adam-epsilon"
    case discount
    case gaeLambda = "gae-lambda"
    case clipRange = "clip-range"
    case clipRangeSchedule = "clip-range-schedule"
    case valueClipRange = "value-clip-range"
    case valueCoefficient = "value-coefficient"
    case entropyCoefficient = "entropy-coefficient"
    case maximumGradientNorm = "maximum-gradient-norm"
    case targetKL = "target-kl"
    case normalizeAdvantages = "normalize-advantages"
    case normalizeObservations = "normalize-observations"
    case normalizeRewards = "normalize-rewards"
    case policyHidden = "policy-hidden"
    case criticHidden = "critic-hidden"
    case activation
    case layerNorm = "layer-norm"
    case initialLogStd = "initial-log-std"
  }

  /// Writes every key, absent values as null, so that a written configuration shows all there is.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(stepsPerRollout, forKey: .stepsPerRollout)
    try container.encode(epochs, forKey: .epochs)
    try container.encode(minibatchSize, forKey: .minibatchSize)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(learningRateSchedule, forKey: .learningRateSchedule)
    try container.encode(adamEpsilon, forKey: .adamEpsilon)
    try container.encode(discount, forKey: .discount)
    try container.encode(gaeLambda, forKey: .gaeLambda)
    try container.encode(clipRange, forKey: .clipRange)
    try container.encode(clipRangeSchedule, forKey: .clipRangeSchedule)
    try container.encode(valueClipRange, forKey: .valueClipRange)
    try container.encode(valueCoefficient, forKey: .valueCoefficient)
    try container.encode(entropyCoefficient, forKey: .entropyCoefficient)
    try container.encode(maximumGradientNorm, forKey: .maximumGradientNorm)
    try container.encode(targetKL, forKey: .targetKL)
    try container.encode(normalizeAdvantages, forKey: .normalizeAdvantages)
    try container.encode(normalizeObservations, forKey: .normalizeObservations)
    try container.encode(normalizeRewards, forKey: .normalizeRewards)
    try container.encode(policyHidden, forKey: .policyHidden)
    try container.encode(criticHidden, forKey: .criticHidden)
    try container.encode(activation, forKey: .activation)
    try container.encode(layerNorm, forKey: .layerNorm)
    try container.encode(initialLogStd, forKey: .initialLogStd)
  }

  /// What `describe ppo` says of each setting.
  public static var summaries: [(key: String, summary: String)] {
    [
      ("steps-per-rollout", "steps of each environment between two updates"),
      ("epochs", "passes over a rollout"),
      ("minibatch-size", "transitions per gradient step"),
      ("learning-rate", "Adam's step size at the start"),
      ("learning-rate-schedule", "constant, or linear or cosine (to 0 at the end of the run)"),
      ("adam-epsilon", "Adam's epsilon"),
      ("discount", "discount factor (gamma)"),
      ("gae-lambda", "lambda of the advantage estimate"),
      ("clip-range", "the probability ratio is clipped to 1 ± this"),
      ("clip-range-schedule", "constant, or linear or cosine (to 0 at the end of the run)"),
      ("value-clip-range", "clip range of the value loss; null for the plain squared error"),
      ("value-coefficient", "weight of the value loss"),
      ("entropy-coefficient", "weight of the entropy bonus"),
      ("maximum-gradient-norm", "largest joint norm of a gradient"),
      ("target-kl", "an update stops when its KL estimate exceeds 1.5 times this; null for never"),
      ("normalize-advantages", "standardise advantages within each minibatch"),
      ("normalize-observations", "standardise observations by running statistics"),
      ("normalize-rewards", "scale rewards by the deviation of their running return"),
      ("policy-hidden", "widths of the policy's hidden layers"),
      ("critic-hidden", "widths of the critic's hidden layers"),
      ("activation", "tanh, relu, elu, silu or identity"),
      ("layer-norm", "normalise hidden layers before the non-linearity"),
      ("initial-log-std", "log of the Gaussian's standard deviation at the start"),
    ]
  }

  /// More transitions than any machine this runs on holds.
  private static let largestRollout = 1 << 26

  /// What is wrong with these settings, in one sentence; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let (rollout, overflow) = environments.multipliedReportingOverflow(by: stepsPerRollout)
    if stepsPerRollout < 1 { return "steps-per-rollout must be at least 1" }
    if overflow || rollout > Self.largestRollout {
      return "steps-per-rollout times environments must be at most \(Self.largestRollout)"
    }
    if epochs < 1 { return "epochs must be at least 1" }
    if minibatchSize < 1 || minibatchSize > rollout {
      return "minibatch-size must lie in 1...\(rollout), the size of a rollout"
    }
    if normalizeAdvantages && minibatchSize < 2 {
      return "minibatch-size must be at least 2 while normalize-advantages is on"
    }
    if !(learningRate > 0 && learningRate.isFinite) { return "learning-rate must be above 0" }
    if !(adamEpsilon > 0 && adamEpsilon.isFinite) { return "adam-epsilon must be above 0" }
    if !(discount >= 0 && discount <= 1) { return "discount must lie in 0...1" }
    if !(gaeLambda >= 0 && gaeLambda <= 1) { return "gae-lambda must lie in 0...1" }
    if !(clipRange > 0 && clipRange < 1) { return "clip-range must lie between 0 and 1" }
    if let valueClipRange, !(valueClipRange > 0) { return "value-clip-range must be above 0" }
    if let targetKL, !(targetKL > 0) { return "target-kl must be above 0" }
    if !(valueCoefficient >= 0) { return "value-coefficient must not be negative" }
    if !(entropyCoefficient >= 0) { return "entropy-coefficient must not be negative" }
    if !(maximumGradientNorm > 0) { return "maximum-gradient-norm must be above 0" }
    if [learningRateSchedule, clipRangeSchedule].contains(.exponential) {
      return "learning-rate-schedule and clip-range-schedule must be constant, linear or cosine"
    }
    if !initialLogStd.isFinite { return "initial-log-std must be finite" }
    if (policyHidden + criticHidden).contains(where: { $0 < 1 || $0 > 8192 }) {
      return "policy-hidden and critic-hidden must hold widths in 1...8192"
    }
    if max(policyHidden.count, criticHidden.count) > MLPPolicy.mostHiddenLayers {
      return
        "policy-hidden and critic-hidden must hold at most \(MLPPolicy.mostHiddenLayers) widths"
    }
    return nil
  }
}
