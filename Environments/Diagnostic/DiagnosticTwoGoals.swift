public import RLCore

/// Walk on a grid to its lower or upper edge, whichever is nearer, without losing more than a step.
///
/// In the middle row both edges are equally good, and every step towards one of them leads away from
/// the other: there the best actions have two modes, up and down.
///
/// | Observation                         | Range  |   | Action        | Range  |
/// |-------------------------------------|--------|---|---------------|--------|
/// | 0: column, from the middle, over 12 | -1...1 |   | 0: along rows | -1...1 |
/// | 1: row, from the middle, over 12    | -1...1 |   | 1: up         | -1...1 |
///
/// - Dynamics: 25 × 25 cells; each component of the action is rounded to -1, 0 or 1 (halves to 0) and
///   moves one cell, unless the grid ends there.
/// - Reward: the change of the distance from the middle row, in rows, and 9 at a goal; the best return
///   is 20 from the middle row, and 1 less for each row that the start is nearer to a goal.
/// - Start: any cell but goals.
/// - End: at a goal, the two lowest and the two highest rows, 11 rows from the middle.
/// - Source: the map "two walls" of McAllister et al. 2025, arXiv:2507.21053, which has goals but
///   neither walls nor deaths.
/// - Differences from source: a limit of 12 steps rather than 200, so that a policy that wavers in the
///   middle row fails, and a part of the reward for each row.
public struct DiagnosticTwoGoals: Environment, PlanningModel {
  public static let specification = EnvironmentSpecification(
    identifier: "diagnostic-two-goals",
    summary: "Walk to the nearer of two edges of a grid; in the middle row either is as near.",
    reward: "the change of the distance from the middle row, in rows, and 9 at a goal",
    observationSpace: .box(low: [-1, -1], high: [1, 1]),
    observationComponents: [.init("column from the middle"), .init("row from the middle")],
    actionSpace: .box(low: [-1, -1], high: [1, 1]),
    actionComponents: [.init("along rows"), .init("up")],
    timeStep: 0.25, episodeSteps: 12,
    ends: [.init(.goalReached, when: "it is in one of the two lowest or two highest rows")],
    solvedReturn: nil, source: "FPO's grid world, two walls")

  /// Distance of the grid's edges from its middle, in cells.
  static let reach = 12
  /// Distance of the goals from the middle row, in cells.
  static let goalDistance = 11
  private static let goalReward = 9.0

  /// Column, from the middle.
  private(set) var column: Int
  /// Row, from the middle.
  private(set) var row: Int
  /// Last action as given, for the picture only.
  private(set) var lastAction: (along: Float, up: Float) = (0, 0)

  public init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let column = random.integers(-Self.reach, Self.reach + 1)
    let row = random.integers(1 - Self.goalDistance, Self.goalDistance)
    self.init(column: column, row: row, observation: &observation)
  }

  /// Starts an episode in a given cell, from the middle.
  package init(column: Int, row: Int, observation: inout MutableSpan<Float>) {
    (self.column, self.row) = (column, row)
    observe(into: &observation)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastAction = (min(max(action[0], -1), 1), min(max(action[1], -1), 1))
    let before = abs(row)
    column = Self.moved(column, by: lastAction.along)
    row = Self.moved(row, by: lastAction.up)
    observe(into: &observation)
    let isAtGoal = abs(row) >= Self.goalDistance
    return StepOutcome(
      reward: Double(abs(row) - before) + (isAtGoal ? Self.goalReward : 0),
      end: isAtGoal ? .goalReached : nil)
  }

  private static func moved(_ position: Int, by action: Float) -> Int {
    let change = action > 0.5 ? 1 : action < -0.5 ? -1 : 0
    return min(max(position + change, -reach), reach)
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(column) / Float(Self.reach)
    observation[1] = Float(row) / Float(Self.reach)
  }

  public func planningModel(_ parameters: NoParameters) -> (any PlanningModel)? { self }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(column)
    hasher.combine(row)
  }
}
