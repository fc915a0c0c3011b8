public import NeuralNetworks
public import Training

/// The settings of on-policy MDPO.
///
/// - Source: Tomar et al. 2022, arXiv:2005.09814, and the authors' code
///   (manantomar/Mirror-Descent-Policy-Optimization, `mdpo_on/mdpo.py`): one environment with
///   rollouts of 2,048 steps, normalised observations and rewards, 10 steps of the policy and 5
///   passes of the critic per rollout.
public struct MDPOConfiguration: OnPolicyConfiguration {
  public var shared = OnPolicySettings()
  /// Number m of gradient steps of the policy on each rollout, each on the whole rollout.
  public var policySteps = 10
  /// Step size t of mirror descent at the start of the run; the divergence is weighted by 1/t.
  public var stepSize: Float = 1
  /// Schedule of the step size over the run.
  public var stepSizeSchedule = Schedule.Kind.linear
  /// Lower bound of the step size, which keeps 1/t finite at the end of the run.
  public var leastStepSize: Float = 0.01
  /// Index q of the divergence: 1 for KL, up to 2 for the Tsallis divergences.
  public var tsallisIndex: Float = 1
  /// Settings of the critic's update.
  public var fitting = ValueFittingSettings()
  /// Term ε of Adam.
  public var adamEpsilon: Float = 1e-5

  /// Creates the default settings.
  public init() {
    shared.normalizeObservations = true
    shared.normalizeRewards = true
    shared.valueCoefficient = 1
    fitting.clipRange = 0.2
  }

  /// Step size over the run, without its lower bound.
  var stepSizes: Schedule { .falling(stepSizeSchedule, from: stepSize) }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    OnPolicySettings.table(at: \.shared) + ValueFittingSettings.table(at: \.fitting) + [
      Setting(
        "policy-steps", \.policySteps, .atLeast(1),
        "gradient steps of the policy on each rollout, each on all of it"),
      Setting(
        "step-size", \.stepSize, .above(0),
        "initial step size of mirror descent; the divergence is weighted by its inverse"),
      Setting(
        "step-size-schedule", \.stepSizeSchedule, .words("constant", "linear", "cosine"),
        "change of the step size over the run; linear and cosine end at least-step-size"),
      Setting("least-step-size", \.leastStepSize, .above(0), "lower bound of the step size"),
      Setting(
        "tsallis-index", \.tsallisIndex, .range(1...2),
        "index of the divergence; 1 for KL(new || old)"),
      Setting("adam-epsilon", \.adamEpsilon, .above(0), "Adam's epsilon"),
    ]

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let rows = environments.multipliedReportingOverflow(by: shared.stepsPerRollout).partialValue
    return shared.problem(environments: environments, minibatch: rows, name: "steps-per-rollout")
      ?? shared.problem(
        environments: environments, minibatch: max(2, fitting.minibatchSize),
        name: "value-minibatch-size")
  }
}
