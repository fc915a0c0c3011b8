public import NeuralNetworks
public import Training

/// The settings of PPO.
///
/// - Source: defaults of Schulman et al. 2017, arXiv:1707.06347, table 3, as Stable-Baselines3 2.x
///   and CleanRL have settled on them.
public struct PPOConfiguration: OnPolicyConfiguration {
  public var shared = OnPolicySettings()
  /// Passes over a rollout.
  public var epochs = 10
  /// B: transitions per gradient step; a shorter last minibatch is used too, unless it is a single
  /// row whose advantage can't be standardised.
  public var minibatchSize = 64
  /// Adam's ε.
  public var adamEpsilon: Float = 1e-5
  /// ε: the ratio is clipped to 1 ± ε.
  public var clipRange: Float = 0.2
  /// How the clip range changes over the run.
  public var clipRangeSchedule = Schedule.Kind.constant
  /// ε of the clipped value loss; nil for the plain squared error.
  public var valueClipRange: Float?
  /// Stops an update when a minibatch's KL estimate exceeds 1.5 times this; nil for never.
  public var targetKL: Float?

  /// The defaults.
  public init() {}

  /// The clip range over the run.
  var clipRanges: Schedule { .falling(clipRangeSchedule, from: clipRange) }

  /// Every setting.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + [
      Setting("epochs", \.epochs, .atLeast(1), "passes over a rollout"),
      Setting("minibatch-size", \.minibatchSize, .atLeast(1), "transitions per gradient step"),
      Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
      Setting(
        "clip-range", \.clipRange, .between(0, 1), "the probability ratio is clipped to 1 ± this"),
      Setting(
        "clip-range-schedule", \.clipRangeSchedule, .words("constant", "linear", "cosine"),
        "how the clip range changes over the run; linear and cosine end at 0"),
      Setting(
        "value-clip-range", \.valueClipRange, .aboveOrInfinite(0),
        "clip range of the value loss; null for the plain squared error"),
      Setting(
        "target-kl", \.targetKL, .aboveOrInfinite(0),
        "an update stops when its KL estimate exceeds 1.5 times this; null for never"),
    ]

  /// What is wrong with the sizes of rollout and minibatch, in one sentence; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    shared.problem(
      environments: environments, minibatch: minibatchSize, name: "minibatch-size")
  }
}
