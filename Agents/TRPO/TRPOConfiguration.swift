public import RLCore
public import Training

/// The settings of TRPO.
///
/// - Source: Schulman et al. 2015, arXiv:1502.05477, and sb3-contrib 2.x `trpo/trpo.py`: a target of
///   0.01, a damping of 0.1, at most 15 products, a line search of 10 steps by 0.8, and 10 passes of
///   the critic with minibatches of 128 and a learning rate of 1e-3.
public struct TRPOConfiguration: OnPolicyConfiguration {
  public var shared = OnPolicySettings()
  /// Maximum δ of the mean divergence KL(π_old ‖ π) of an update, in nats.
  public var targetKL: Float = 0.01
  /// Multiple of the identity that is added to the Fisher matrix.
  public var damping: Float = 0.1
  /// Maximum number of conjugate gradient steps.
  public var conjugateGradientSteps = 15
  /// Squared length of the residual, relative to the gradient's, at which conjugate gradients stop.
  public var conjugateGradientTolerance = 1e-10
  /// Distance between the transitions that the Fisher matrix is averaged over: 1 for all of them.
  public var fisherStride = 1
  /// Maximum number of steps that the line search tries.
  public var lineSearchSteps = 10
  /// Factor between two steps of the line search.
  public var lineSearchFactor: Float = 0.8
  /// Settings of the critic's update.
  public var fitting = ValueFittingSettings()
  /// Term ε of the critic's Adam.
  public var adamEpsilon: Float = 1e-5

  /// Creates the default settings.
  public init() {
    shared.learningRate = 1e-3
    shared.valueCoefficient = 1
    shared.maximumGradientNorm = .infinity
    fitting.epochs = 10
  }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + ValueFittingSettings.table(at: \.fitting) + [
      Setting("target-kl", \.targetKL, .above(0), "maximum KL(old || new) of an update, in nats"),
      Setting(
        "fisher-damping", \.damping, .atLeast(0),
        "multiple of the identity added to the Fisher matrix"),
      Setting(
        "conjugate-gradient-steps", \.conjugateGradientSteps, .atLeast(1),
        "most products with the Fisher matrix per update"),
      Setting(
        "conjugate-gradient-tolerance", \.conjugateGradientTolerance, .atLeast(0),
        "squared relative residual at which conjugate gradients stop"),
      Setting(
        "fisher-stride", \.fisherStride, .atLeast(1),
        "the Fisher matrix is averaged over every n-th transition"),
      Setting(
        "line-search-steps", \.lineSearchSteps, .atLeast(1), "most steps that a line search tries"),
      Setting(
        "line-search-factor", \.lineSearchFactor, .between(0, 1),
        "factor between two steps of a line search"),
      Setting("adam-epsilon", \.adamEpsilon, .above(0), "epsilon of the critic's Adam"),
    ]

  /// Returns the problem with the sizes of rollout and minibatch or with a setting that has no
  /// effect, in one sentence; nil if there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    if shared.maximumGradientNorm.isFinite {
      return "trpo limits its steps by target-kl and has no use for maximum-gradient-norm="
        + "\(shared.maximumGradientNorm); leave it at .inf"
    }
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout).partialValue
    return shared.problem(environments: environments, minibatch: rows, name: "steps-per-rollout")
      ?? shared.problem(
        environments: environments, minibatch: max(2, fitting.minibatchSize),
        name: "value-minibatch-size")
      ?? shared.problem(
        environments: environments, minibatch: max(2, fisherStride), name: "fisher-stride")
  }

  /// Returns what rollouts and networks need; the policy's passes take the whole rollout.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout)
    return shared.memoryNeeds(
      in: specification, environments: environments,
      minibatch: rows.overflow ? .max : rows.partialValue, name: "steps-per-rollout")
  }
}
