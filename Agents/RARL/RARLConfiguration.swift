public import RLCore
public import Training

/// The settings of robust adversarial reinforcement learning, with one adversary or several.
///
/// - Source: Pinto et al. 2017, arXiv:1703.02702; Vinitsky et al. 2020, arXiv:2008.01825, for
///   populations; Tessler et al. 2019, arXiv:1901.09184, for mixed actions.
public struct RARLConfiguration: AgentConfiguration {
  /// What the end of an episode is to an adversary.
  public enum Terminals: String, SettingValue, CaseIterable {
    /// The end of both players' rewards: the game has zero sum.
    case zeroSum = "zero-sum"
    /// A cut like the time limit's, worth the value of the last observation.
    case bootstrap
  }

  /// Settings of the protagonist.
  public var protagonist = PlayerSettings()
  /// Settings of each adversary; rollout length, discount and reward scale are the protagonist's.
  public var adversary = PlayerSettings()
  /// Number M of adversaries.
  public var population = 1
  /// Number of the protagonist's rollouts, each with an update, in an iteration.
  public var protagonistIterations = 1
  /// Number of the adversaries' rollouts, each with an update, in an iteration.
  public var adversaryIterations = 1
  /// What adversaries act on.
  public var target = Opponent.Target.force
  /// Greatest strength: a fraction of the port's bounds or, for actions, the adversary's share.
  public var strength: Float = 0.25
  /// Environment steps over which the strength rises from 0.
  public var ramp = 0
  /// What the end of an episode is to an adversary.
  public var terminals = Terminals.zeroSum

  /// Creates the default settings.
  public init() {}

  /// The default settings of a population of adversaries.
  public static let population: RARLConfiguration = {
    var configuration = RARLConfiguration()
    configuration.population = 3
    return configuration
  }()

  /// Table of all settings.
  public static let table: [Setting<Self>] =
    PlayerSettings.table(at: \.protagonist) + [
      Setting(
        "population", \.population, .range(1...64),
        "number of adversaries; each learns from the environments that it was drawn for"),
      Setting(
        "protagonist-iterations", \.protagonistIterations, .range(1...1_000_000),
        "rollouts of the protagonist, each with an update, before the adversary's turn"),
      Setting(
        "adversary-iterations", \.adversaryIterations, .range(0...1_000_000),
        "rollouts of the adversary, each with an update, before the protagonist's turn"),
      Setting(
        "adversary-acts", \.target, .any,
        "what the adversary acts on: the environment's disturbance port (force) or the action"),
      Setting(
        "adversary-strength", \.strength, .range(0...1),
        "greatest force as a fraction of the port's bound, or the adversary's share of the action"),
      Setting(
        "adversary-ramp", \.ramp, .range(0...0x1p50),
        "environment steps over which the adversary's strength rises from 0"),
      Setting(
        "adversary-terminals", \.terminals, .any,
        "what an episode's end is worth to the adversary: nothing more (zero-sum), or the value of "
          + "the last observation (bootstrap)"),
    ]
    + PlayerSettings.opponentTable.map { $0.at(\.adversary, under: "adversary") }

  public var stepsAtOnce: Int { protagonist.shared.stepsPerRollout }

  public var usesDisturbances: Bool { target == .force }

  /// Settings of each adversary, with those that both players share.
  package var completeAdversary: PlayerSettings { adversary.sharing(protagonist.shared) }

  /// Returns the problem with the numbers of environments and rows, in one sentence; nil if there is
  /// none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    guard environments.isMultiple(of: population) else {
      let fewer = environments / population * population
      let remedy = fewer > 0 ? "\(fewer) or \(fewer + population)" : "\(population)"
      return "environments is \(environments) and must be a multiple of population, "
        + "\(population), so that adversaries have equally many; set environments=\(remedy)"
    }
    return protagonist.problem(environments: environments, totalSteps: totalSteps, group: nil)
      ?? completeAdversary.problem(
        environments: environments, population: population, totalSteps: totalSteps,
        group: "adversary")
  }

  /// Returns why the players can't act in the environment, in one sentence; nil if they can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    if let problem = protagonist.shared.problem(in: specification) { return problem }
    guard target == .action, let problem = specification.problemOfActions else { return nil }
    guard case .discrete = specification.actionSpace else { return problem }
    return "an adversary can mix only continuous actions, and \(specification.identifier) has "
      + "choices; set adversary-acts=force"
  }

  /// Returns what rollouts, networks and minibatches of all players need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    protagonist.memoryNeeds(in: specification, environments: environments, group: nil)
      + completeAdversary.memoryNeeds(
        in: specification, environments: environments, group: "adversary")
  }

  /// Returns the strength after a number of environment steps.
  func strength(after steps: Int) -> Float {
    steps >= ramp ? strength : strength * Float(Double(steps) / Double(ramp))
  }
}
