public import NeuralNetworks
public import RLCore
public import Training

/// The settings of PPO.
///
/// - Source: defaults of Schulman et al. 2017, arXiv:1707.06347, table 3, as adapted by
///   Stable-Baselines3 2.x and CleanRL.
public struct PPOConfiguration: OnPolicyConfiguration {
  public var shared = OnPolicySettings()
  /// Number of passes over each rollout.
  public var epochs = 10
  /// Number B of transitions per gradient step.
  ///
  /// A shorter last minibatch is used too, unless it is a single row whose advantage can't be
  /// standardised.
  public var minibatchSize = 64
  /// Term ε of Adam.
  public var adamEpsilon: Float = 1e-5
  /// Initial range ε of the probability ratio, which is clipped to 1 ± ε.
  public var clipRange: Float = 0.2
  /// Schedule of the clip range over the run.
  public var clipRangeSchedule = Schedule.Kind.constant
  /// Range ε of the clipped value loss; nil for the plain squared error.
  public var valueClipRange: Float?
  /// Target divergence in nats: an update stops if a minibatch's KL estimate exceeds 1.5 times
  /// this; nil for no early stop.
  public var targetKL: Float?

  /// Creates the default settings.
  public init() {}

  /// Clip range over the run.
  var clipRanges: Schedule { .falling(clipRangeSchedule, from: clipRange) }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + [
      Setting("epochs", \.epochs, .atLeast(1), "passes over each rollout"),
      Setting("minibatch-size", \.minibatchSize, .atLeast(1), "transitions per gradient step"),
      Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
      Setting(
        "clip-range", \.clipRange, .between(0, 1), "the probability ratio is clipped to 1 ± this"),
      Setting(
        "clip-range-schedule", \.clipRangeSchedule, .words("constant", "linear", "cosine"),
        "change of the clip range over the run; linear and cosine end at 0"),
      Setting(
        "value-clip-range", \.valueClipRange, .aboveOrInfinite(0),
        "clip range of the value loss; null for the plain squared error"),
      Setting(
        "target-kl", \.targetKL, .aboveOrInfinite(0),
        "an update stops if its KL estimate exceeds 1.5 times this; null for no early stop"),
    ]

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    shared.problem(
      environments: environments, minibatch: minibatchSize, name: "minibatch-size")
  }

  /// Returns what rollouts, networks and minibatches need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    shared.memoryNeeds(
      in: specification, environments: environments, minibatch: minibatchSize,
      name: "minibatch-size")
  }
}
