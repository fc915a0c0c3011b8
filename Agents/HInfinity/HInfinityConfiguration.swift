public import RLCore
public import Training

/// The settings of H-infinity training.
///
/// - Source: Long et al. 2024, arXiv:2404.14405; numbers of dual variable, deviation and exploration
///   after its third-party reproductions, since the authors have published no code for training.
public struct HInfinityConfiguration: AgentConfiguration {
  /// Settings of the protagonist, the source's actor.
  public var protagonist = PlayerSettings()
  /// Settings of the adversary, the source's disturber; rollout length and discount are the
  /// protagonist's.
  public var adversary = PlayerSettings()
  /// Settings of the critic of constraint terms, which has the shape of the protagonist's critic.
  public var costFitting = ValueFittingSettings()
  /// Largest reward R* of a step, from which costs R* − R are measured.
  public var oracleReward: Float = 1
  /// Weight η of a force: the cost that a force of full size may cause in a step.
  public var gain: Float = 1
  /// Initial value of the dual variable λ.
  public var initialDual: Float = 1
  /// Step size α of the dual variable.
  public var dualLearningRate: Float = 1e-3
  /// Upper bound of the dual variable.
  public var dualLimit: Float = 10
  /// Probability of a force in a random direction in place of the adversary's.
  public var exploration: Float = 0.2
  /// Greatest length of a force as a fraction of the port's bound.
  public var strength: Float = 0.5
  /// Environment steps without any force at the run's start.
  public var warmUp = 0
  /// Environment steps after the warm-up over which the strength rises from 0.
  public var ramp = 0

  /// Creates the default settings.
  public init() { adversary.shared.initialLogStd = -2.3 }

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    PlayerSettings.table(at: \.protagonist) + [
      Setting(
        "oracle-reward", \.oracleReward, .finite,
        "largest reward of a step, from which costs are measured"),
      Setting(
        "gain", \.gain, .above(0),
        "cost per step that a force of the port's bound may cause, in units of reward"),
      Setting("initial-dual", \.initialDual, .atLeast(0), "initial value of the dual variable"),
      Setting(
        "dual-learning-rate", \.dualLearningRate, .atLeast(0), "step size of the dual variable"),
      Setting("dual-limit", \.dualLimit, .atLeast(0), "upper bound of the dual variable"),
      Setting(
        "random-forces", \.exploration, .range(0...1),
        "share of forces in a random direction, at least half as long as the longest"),
      Setting(
        "adversary-strength", \.strength, .range(0...1),
        "longest force as a fraction of the port's bound"),
      Setting(
        "adversary-warm-up", \.warmUp, .range(0...0x1p50),
        "environment steps without any force at the run's start"),
      Setting(
        "adversary-ramp", \.ramp, .range(0...0x1p50),
        "environment steps after the warm-up over which the longest force rises from 0"),
    ]
    + ValueFittingSettings.table(at: \.costFitting, under: "cost-critic")
    + PlayerSettings.opponentTable.map { $0.at(\.adversary, under: "adversary") }

  public var stepsAtOnce: Int { protagonist.shared.stepsPerRollout }

  public var usesDisturbances: Bool { true }

  /// Settings of the adversary, with those that both players share.
  var completeAdversary: PlayerSettings { adversary.sharing(protagonist.shared) }

  /// Returns the problem with the sizes of rollout and minibatch, in one sentence; nil if there is
  /// none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    let rows = environments.multipliedReportingOverflow(by: protagonist.shared.stepsPerRollout)
    if let problem = protagonist.problem(
      environments: environments, totalSteps: totalSteps, group: nil)
      ?? completeAdversary.problem(
        environments: environments, totalSteps: totalSteps, group: "adversary")
    {
      return problem
    }
    if costFitting.minibatchSize > rows.partialValue {
      return "cost-critic.value-minibatch-size is \(costFitting.minibatchSize) and a rollout has "
        + "only \(rows.partialValue) transitions; set it to at most that"
    }
    if protagonist.shared.discount == 1 {
      return
        "discount must be below 1, since an episode that failed costs as if it went on without "
        + "reward"
    }
    return initialDual > dualLimit
      ? "initial-dual is \(initialDual) and must be at most dual-limit, \(dualLimit)" : nil
  }

  /// Returns why the protagonist can't act in the environment, in one sentence; nil if it can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    protagonist.shared.problem(in: specification)
  }

  /// Returns what rollouts, networks and minibatches of both players need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    protagonist.memoryNeeds(in: specification, environments: environments, group: nil)
      + completeAdversary.memoryNeeds(
        in: specification, environments: environments, group: "adversary")
  }

  /// Returns the strength after a number of environment steps.
  func strength(after steps: Int) -> Float {
    let acting = steps - warmUp
    if acting < 0 { return 0 }
    return acting >= ramp ? strength : strength * Float(Double(acting) / Double(ramp))
  }
}
