public import RLCore

/// Let two to eight small quadcopters change sides in one vertical plane, without a collision.
///
/// They start side by side, and each has to fly past all others, to a goal above or below the place where
/// its mirror image started.  The air below each of them pushes down those that it flies over.
///
/// | Observation, for each quadcopter in turn                                     | Unit   |
/// |------------------------------------------------------------------------------|--------|
/// | 0, 2: x from the middle, height                                               | m      |
/// | 1, 3 to 7: as for `quadcopter`                                                |        |
/// | 8, 9: way to its goal, x and z                                                | m      |
/// | 10 …: of each neighbour x, velocity along x, z, velocity along z, from its own | m, m/s |
///
/// Neighbours are the three nearest others, or all if there are fewer, in the order of their numbers: those
/// after its own, then those before.  The action has the two thrusts of `quadcopter` for each in turn.
///
/// - Dynamics: bodies as of `quadcopter` in one world, 12 cm wide and 25 mm tall, with downwash
///   (`QuadcopterModel`).
/// - Reward: the mean over all quadcopters of `exp(-(d + 0.1 |v| + 0.5 |pitch| + 0.1 |rate| + 0.05 |a|²))`
///   and of the progress towards its goal in m, with the distance d to it, less `0.5 (1 - s / 0.3)²`
///   over their number for each pair at a distance s below 0.3 m; less 5 for a collision, a fall or
///   leaving the space.
/// - Start: 1 ± 0.5 m apart, at any height from 0.6 m to 0.6 m below the end of the space, as are the goals;
///   velocities ±0.2 m/s, pitch ±0.1 rad, rate ±0.5 rad/s, rotors at hover speed.
/// - End: two touch (collided), one falls (z < 0 or |pitch| > 85°) or one leaves its space (|x| > 3 m or
///   z > 3 m; for more than four, 0.75 m for each).
/// - Success: all are within 10 cm of their goals at the end of the episode.
/// - Disturbance: that of `quadcopter`, on all of them alike.
/// - Source: gym-pybullet-drones' several drones and their downwash (Panerati et al. 2021,
///   arXiv:2103.02142), in safe-control-gym's plane.
/// - Differences from source: a change of sides, collisions that end the episode, and the reward.
public struct QuadcopterSwarm<let count: Int>: Environment, ~Copyable {
  public typealias Parameters = QuadcopterSwarmParameters

  public static var specification: EnvironmentSpecification {
    QuadcopterSwarmSimulation.specifications[count - 2]
  }
  public static var parameterTable: [PhysicalParameter<Parameters>] {
    QuadcopterSwarmParameters.table
  }
  public static var disturbanceComponents: [DisturbanceComponent] {
    QuadcopterSwarmSimulation.disturbanceComponents
  }

  /// The controls of `quadcopter`, for all of them together.
  public static var manualControls: ManualControls {
    var controls = Quadcopter.manualControls
    func forAll(_ action: [Float]) -> [Float] {
      Array([[Float]](repeating: action, count: count).joined())
    }
    for i in controls.bindings.indices {
      controls.bindings[i].action = forAll(controls.bindings[i].action)
    }
    controls.rest = controls.rest.map(forAll)
    return controls
  }

  /// The bodies and rules, whose type does not depend on their number: code that does would not be
  /// specialised behind a registry.
  private var simulation: QuadcopterSwarmSimulation

  /// Whether an episode that ended with this observation succeeded: all are at their goals.
  public static func isSuccess(finalObservation observation: Span<Float>) -> Bool {
    QuadcopterSwarmSimulation.areAtGoals(observation, count: count)
  }

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    simulation = QuadcopterSwarmSimulation(
      count: count, parameters: parameters, using: &random, observation: &observation)
  }

  /// Starts an episode in given states (x, x', z, z', pitch, rate) with goals at given heights; the first
  /// `count` of each are used.
  package init(
    parameters: Parameters, states: [8 of [6 of Double]], goalHeights: [8 of Double],
    observation: inout MutableSpan<Float>
  ) {
    simulation = QuadcopterSwarmSimulation(
      count: count, parameters: parameters, states: states, goalHeights: goalHeights,
      observation: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturbance.accept(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    simulation.step(action: action, observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }

  public func scene() -> Scene { simulation.scene() }
}

/// The physical constants of ``QuadcopterSwarm``.
public struct QuadcopterSwarmParameters: EnvironmentParameters {
  /// The constants of every quadcopter.
  public var quadcopter = Quadcopter.Parameters()
  /// Factor on the force of the downwash.
  public var downwash = 1.0

  /// Creates the nominal constants.
  public init() {}

  static let table: [PhysicalParameter<Self>] =
    Quadcopter.parameterTable.map { $0.at(\.quadcopter) } + [
      .init("downwash", unit: "1", range: 0...2, "factor on the force of the downwash", \.downwash)
    ]
}
