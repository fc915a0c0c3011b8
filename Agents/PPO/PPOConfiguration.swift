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

  /// Every setting.
  public static let table: [Setting<Self>] = [
    Setting(
      "steps-per-rollout", \.stepsPerRollout, .atLeast(1),
      "steps of each environment between two updates"),
    Setting("epochs", \.epochs, .atLeast(1), "passes over a rollout"),
    Setting("minibatch-size", \.minibatchSize, .atLeast(1), "transitions per gradient step"),
    Setting("learning-rate", \.learningRate, .above(0), "Adam's step size at the start"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "how the step size changes over the run; linear and cosine end at 0"),
    Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
    Setting("discount", \.discount, .range(0...1), "discount factor (gamma)"),
    Setting("gae-lambda", \.gaeLambda, .range(0...1), "lambda of the advantage estimate"),
    Setting(
      "clip-range", \.clipRange, .between(0, 1), "the probability ratio is clipped to 1 ± this"),
    Setting(
      "clip-range-schedule", \.clipRangeSchedule, .words("constant", "linear", "cosine"),
      "how the clip range changes over the run; linear and cosine end at 0"),
    Setting(
      "value-clip-range", \.valueClipRange, .aboveOrInfinite(0),
      "clip range of the value loss; null for the plain squared error"),
    Setting("value-coefficient", \.valueCoefficient, .atLeast(0), "weight of the value loss"),
    Setting(
      "entropy-coefficient", \.entropyCoefficient, .atLeast(0), "weight of the entropy bonus"),
    Setting(
      "maximum-gradient-norm", \.maximumGradientNorm, .aboveOrInfinite(0),
      "largest joint norm of a gradient; .inf for no limit"),
    Setting(
      "target-kl", \.targetKL, .aboveOrInfinite(0),
      "an update stops when its KL estimate exceeds 1.5 times this; null for never"),
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

  /// What is wrong with the sizes of rollout and minibatch, in one sentence; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let (rollout, overflow) = environments.multipliedReportingOverflow(by: stepsPerRollout)
    if overflow || rollout > Self.largestRollout {
      return "steps-per-rollout times environments must be at most \(Self.largestRollout)"
    }
    if minibatchSize > rollout {
      return "minibatch-size must lie in 1...\(rollout), the size of a rollout"
    }
    if normalizeAdvantages && minibatchSize < 2 {
      return "minibatch-size must be at least 2 while normalize-advantages is on"
    }
    return nil
  }
}
