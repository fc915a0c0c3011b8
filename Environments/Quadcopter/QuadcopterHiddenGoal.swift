internal import Glibc
internal import Physics
public import RLCore

/// Find which of two places is the goal of a small quadcopter, and hover there.
///
/// The goal lies 1 m to the left or to the right of the middle.  Only its vicinity tells which:
/// within 0.6 m along x the goal is in sight, elsewhere both sides look the same.
///
/// | Observation                                             | Unit |
/// |---------------------------------------------------------|------|
/// | 0 to 7: as for `quadcopter`, x from the middle          |      |
/// | 8: whether the goal is in sight, 0 or 1                 | 1    |
///
/// - Dynamics, action, disturbance, end: as for `quadcopter`.
/// - Reward: as for `quadcopter`, with the distance to the goal.
/// - Start: x ±0.4 m, otherwise as for `quadcopter`; the goal's side is random.
/// - Success: within 5 cm and 0.05 rad of the goal (±1, 1) at the end of the episode.
/// - Source: `quadcopter`, with a goal that is hidden in part as in the under-conditioned tasks of
///   McAllister et al. 2025, arXiv:2507.21053.
/// - Differences from source: the goal's side is hidden rather than a humanoid's joints; episodes
///   of 8 s, which leave time to fly from one place to the other.
public struct QuadcopterHiddenGoal: Environment, ~Copyable {
  public typealias Parameters = Quadcopter.Parameters

  public static let specification = EnvironmentSpecification(
    identifier: "quadcopter-hidden-goal",
    summary: "Find which of two places is a small quadcopter's goal, and hover there.",
    reward: Quadcopter.specification.reward,
    observationSpace: .box(
      low: [-4, -.infinity, -2, -.infinity, -2, -.infinity, -1, -1, 0],
      high: [4, .infinity, 3, .infinity, 2, .infinity, 1.5, 1.5, 1]),
    observationComponents: [.init("x from the middle", unit: "m")]
      + Quadcopter.specification.observationComponents.dropFirst() + [.init("goal in sight")],
    actionSpace: Quadcopter.specification.actionSpace,
    actionComponents: Quadcopter.specification.actionComponents,
    timeStep: Quadcopter.specification.timeStep, episodeSteps: 400,
    ends: Quadcopter.ends(beside: "the middle"), solvedReturn: nil,
    source: "the suite's quadcopter with a hidden side")

  public static let parameterTable = Quadcopter.parameterTable
  public static let disturbanceComponents = Quadcopter.disturbanceComponents

  /// Distance of both places from the middle, in m.
  static let goalDistance = 1.0
  /// Distance along x within which the goal is in sight, in m.
  static let sight = 0.6

  private(set) var quadcopter: Quadcopter

  /// Whether an episode that ended with this observation succeeded: the drone hovers at the goal.
  public static func isSuccess(finalObservation observation: Span<Float>) -> Bool {
    let distance = hypot(abs(observation[0]) - Float(goalDistance), observation[2])
    return observation[8] == 1 && distance < 0.05 && abs(observation[4]) < 0.05
  }

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let side = random.uniform(-1, 1) < 0 ? -Self.goalDistance : Self.goalDistance
    let x = random.uniform(-0.4, 0.4)
    let vx = random.uniform(-1, 1)
    let z = random.uniform(0.3, 2)
    let vz = random.uniform(-1, 1)
    let pitch = random.uniform(-0.2, 0.2)
    let rate = random.uniform(-1.5, 1.5)
    self.init(
      parameters: parameters, state: [x, vx, z, vz, pitch, rate], goalX: side,
      observation: &observation)
  }

  /// Starts an episode in a given state (x, x', z, z', pitch, rate) with the goal at a given x.
  package init(
    parameters: Parameters, state: [6 of Double], goalX: Double,
    observation: inout MutableSpan<Float>
  ) {
    quadcopter = Quadcopter(parameters: parameters, state: state, observation: &observation)
    quadcopter.goalX = goalX
    observeSight(in: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { quadcopter.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let outcome = quadcopter.step(action: action, observation: &observation)
    observeSight(in: &observation)
    return outcome
  }

  private func observeSight(in observation: inout MutableSpan<Float>) {
    observation[8] = abs(Double(observation[0]) - quadcopter.goalX) < Self.sight ? 1 : 0
  }

  public func hashState(into hasher: inout StateHasher) {
    quadcopter.hashState(into: &hasher)
    hasher.combine(quadcopter.goalX)
  }

  /// Returns a copy that knows where the goal is.
  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    quadcopter.planningModel(parameters)
  }

  public static let manualControls = Quadcopter.manualControls

  /// The picture of `quadcopter` with the goal at its place, and a pale ring at the other one.
  public func scene() -> Scene {
    var scene = quadcopter.scene()
    scene.elements.append(
      .circle(
        center: .init(-quadcopter.goalX, Quadcopter.goal.z), radius: 0.05, fill: nil,
        outline: .init(Palette.steel.faded(to: 0.6), width: 0.015)))
    return scene
  }
}
