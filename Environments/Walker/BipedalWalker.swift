public import RLCore

/// The physical constants of a walker and of its course.
///
/// All may be varied in ``WalkerParametric``; the tables of the other walkers leave out obstacles and
/// single parts of the body.
public struct BipedalWalkerParameters: EnvironmentParameters {
  /// Factor on gravity, 10 m/s².
  public var gravity = 1.0
  /// Factor on the density of every part of the body, 6.51 kg in total.
  public var mass = 1.0
  /// Factor on the ground's friction of 2.5, which with the feet's 0.2 combines to 0.71.
  public var friction = 1.0
  /// Factor on the motors' torque, 80 N·m.
  public var motorStrength = 1.0
  /// Factor on the motors' speed, 4 rad/s in the hips and 6 rad/s in the knees.
  public var motorSpeed = 1.0
  /// Factor on the noise of the terrain; 0 is flat.
  public var roughness = 1.0
  /// Factor on the density of the hull, on top of ``mass``.
  public var hullMass = 1.0
  /// Factor on the density of the legs, on top of ``mass``.
  public var legMass = 1.0
  /// Factor on the length of both segments of the legs, 1.13 m each.
  public var legLength = 1.0
  /// Height of stumps in m; without stumps if it is below 0.05.
  public var stumpHeight = 0.0
  /// Width of pits in m; without pits if it is below 0.05.
  public var pitWidth = 0.0
  /// Height of a step of stairs in m; without stairs if it is below 0.05.
  public var stairHeight = 0.0
  /// Factor on the grass between obstacles, 2.3...4.2 m.
  public var obstacleSpacing = 1.0

  /// Creates the nominal values.
  public init() {}

  static let table: [PhysicalParameter<Self>] = [
    .init("gravity", unit: "1", range: 0.5...1.5, "factor on gravity, 10 m/s²", \.gravity),
    .init("mass", unit: "1", range: 0.5...2, "factor on all masses, 6.51 kg in total", \.mass),
    .init("friction", unit: "1", range: 0.2...2, "factor on the ground's friction", \.friction),
    .init(
      "motor-strength", unit: "1", range: 0.6...1.2, "factor on the torque, 80 N·m",
      \.motorStrength),
    .init(
      "motor-speed", unit: "1", range: 0.8...1.2, "factor on the speed, 4 and 6 rad/s",
      \.motorSpeed),
    .init(
      "terrain-roughness", unit: "1", range: 0...3, "factor on the terrain's noise",
      \.roughness),
  ]
}

extension BipedalWalkerParameters {
  /// All of them, for the walker whose course and body are parameters.
  static let parametricTable: [PhysicalParameter<Self>] =
    table + [
      .init("hull-mass", unit: "1", range: 0.5...2, "factor on the hull's mass", \.hullMass),
      .init("leg-mass", unit: "1", range: 0.5...2, "factor on the legs' mass", \.legMass),
      .init(
        "leg-length", unit: "1", range: 0.5...1.3, "factor on the leg segments' 1.13 m",
        \.legLength),
      .init(
        "stump-height", unit: "m", range: 0...1.3, "height of stumps; none below 0.05",
        \.stumpHeight),
      .init("pit-width", unit: "m", range: 0...2.8, "width of pits; none below 0.05", \.pitWidth),
      .init(
        "stair-height", unit: "m", range: 0...0.45, "height of steps; none below 0.05",
        \.stairHeight),
      .init(
        "obstacle-spacing", unit: "1", range: 0.7...3, "factor on 2.3...4.2 m of grass between",
        \.obstacleSpacing),
    ]
}

/// Walk on two legs over uneven ground.
///
/// A hull on two legs with two segments each; the motors in hips and knees seek full speed in the
/// direction of the action's sign, with a torque in proportion to its magnitude.
///
/// | Observation                                | Unit  |   | Action           | Unit      |
/// |--------------------------------------------|-------|---|------------------|-----------|
/// | 0: hull angle                              | rad   |   | 0: rear hip      | of 80 N·m |
/// | 1: hull angular velocity                   | 25/s  |   | 1: rear knee     | of 80 N·m |
/// | 2, 3: hull velocity, right and up          | see below | | 2: front hip  | of 80 N·m |
/// | 4, 9: hip angle, rear and front            | rad   |   | 3: front knee    | of 80 N·m |
/// | 5, 10: hip speed                           | 4 rad/s | |                  |           |
/// | 6, 11: knee angle + 1                      | rad   |   |                  |           |
/// | 7, 12: knee speed                          | 6 rad/s | |                  |           |
/// | 8, 13: foot touches the ground             | 0 or 1 |  |                  |           |
/// | 14...23: lidar, straight down to ahead     | of 5.33 m | |               |           |
///
/// - Dynamics: Box2D, 0.02 s, 180 velocity and 60 position iterations.  Velocities are 0.12 vx and
///   0.08 vy of the hull's centre of mass.  The contact flags follow begin and end events and are 0
///   while a foot rolls from one ground edge to the next.
/// - Reward: change of `4.33 x - 5 |hull angle|` minus 0.028 per unit of |action|; -100 *instead*
///   on a fall.
/// - End: the hull touches the ground or moves left of 0 (-100), or passes 88.67 m.
/// - Start: terrain and a push of ±5 N on the hull, drawn as Gymnasium draws them.
/// - Disturbance: a force on the hull's centre of mass, at most 10 N in each direction, a seventh
///   of the walker's weight.
/// - Source: Gymnasium 1.4.0 `BipedalWalker-v3`.
/// - Difference from source: Box2D 2.4.1 instead of Gymnasium's 2.3.10, so trajectories agree in
///   distribution but not step by step.  The lidar queries the ground's edges directly instead of
///   Box2D's broad phase, and all edges belong to one body; neither changes any bit.
public struct BipedalWalker: Environment, ~Copyable {
  public static let specification = bipedalWalkerSpecification(
    identifier: "walker", summary: "Walk on two legs over uneven ground.", episodeSteps: 1600,
    source: "Gymnasium 1.4.0 BipedalWalker-v3")
  public static let parameterTable = BipedalWalkerParameters.table

  package private(set) var simulation: BipedalWalkerSimulation

  public init(
    parameters: BipedalWalkerParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let terrain = BipedalWalkerTerrain(parameters, hasObstacles: false, using: &random)
    self.init(parameters: parameters, on: terrain, observation: &observation)
  }

  /// Starts an episode on a given terrain.
  package init(
    parameters: BipedalWalkerParameters, on terrain: BipedalWalkerTerrain,
    observation: inout MutableSpan<Float>
  ) {
    simulation = BipedalWalkerSimulation(
      parameters: parameters, on: terrain, observation: &observation)
  }

  public static let disturbanceComponents = BipedalWalkerSimulation.disturbanceComponents

  /// Makes a simulator that steps walkers as ``WalkerPhysics/current`` says.
  public static func makeSimulator(count: Int) -> any Simulator {
    WalkerPhysics.makeSimulator(Self.self, count: count, hasObstacles: false)
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    simulation.step(action: action, observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }
}

/// Walk on two legs over stumps, stairs and pits; otherwise the same as ``BipedalWalker``.
///
/// - Source: Gymnasium 1.4.0 `BipedalWalkerHardcore-v3`.
public struct BipedalWalkerHardcore: Environment, ~Copyable {
  public static let specification = bipedalWalkerSpecification(
    identifier: "walker-hardcore", summary: "Walk on two legs over stumps, stairs and pits.",
    episodeSteps: 2000, source: "Gymnasium 1.4.0 BipedalWalkerHardcore-v3")
  public static let parameterTable = BipedalWalkerParameters.table

  package private(set) var simulation: BipedalWalkerSimulation

  public init(
    parameters: BipedalWalkerParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let terrain = BipedalWalkerTerrain(parameters, hasObstacles: true, using: &random)
    self.init(parameters: parameters, on: terrain, observation: &observation)
  }

  /// Starts an episode on a given terrain.
  package init(
    parameters: BipedalWalkerParameters, on terrain: BipedalWalkerTerrain,
    observation: inout MutableSpan<Float>
  ) {
    simulation = BipedalWalkerSimulation(
      parameters: parameters, on: terrain, observation: &observation)
  }

  public static let disturbanceComponents = BipedalWalkerSimulation.disturbanceComponents

  /// Makes a simulator that steps walkers as ``WalkerPhysics/current`` says.
  public static func makeSimulator(count: Int) -> any Simulator {
    WalkerPhysics.makeSimulator(Self.self, count: count, hasObstacles: true)
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    simulation.step(action: action, observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }
}

func bipedalWalkerSpecification(
  identifier: String, summary: String, episodeSteps: Int, solvedReturn: Double? = 300,
  source: String
) -> EnvironmentSpecification {
  let legBound: [Float] = [.pi, 5, .pi, 5]
  let bodyBound: [Float] = [.pi, 5, 5, 5]
  let lidarBound = [Float](repeating: 1, count: 10)
  let high = bodyBound + legBound + [5] + legBound + [5] + lidarBound
  // The contact flags are the only components whose lower bound is not the negated upper bound.
  let low = high.enumerated().map { $0 == 8 || $0 == 13 ? -0.0 : -$1 }
  let legs = ["rear", "front"].flatMap { leg -> [EnvironmentSpecification.Component] in
    [
      .init("\(leg) hip angle", unit: "rad"), .init("\(leg) hip speed", unit: "4 rad/s"),
      .init("\(leg) knee angle + 1", unit: "rad"), .init("\(leg) knee speed", unit: "6 rad/s"),
      .init("\(leg) foot contact"),
    ]
  }
  return EnvironmentSpecification(
    identifier: identifier, summary: summary,
    reward: "change of 4.33 x - 5 |hull angle|, less 0.028 per unit of |action|; -100 for a fall",
    observationSpace: .box(low: low, high: high),
    observationComponents: [
      .init("hull angle", unit: "rad"), .init("hull angular velocity", unit: "25 rad/s"),
      .init("hull velocity right", unit: "25/3 m/s"),
      .init("hull velocity up", unit: "12.5 m/s"),
    ] + legs + (0..<10).map { .init("lidar \($0)", unit: "5.33 m") },
    actionSpace: .box(low: [-1, -1, -1, -1], high: [1, 1, 1, 1]),
    actionComponents: ["rear hip", "rear knee", "front hip", "front knee"].map {
      .init("\($0) torque", unit: "80 N·m")
    }, timeStep: 0.02, episodeSteps: episodeSteps,
    ends: [
      .init(.goalReached, when: "the hull passes 88.67 m"),
      .init(.fell, when: "the hull touches the ground"),
      .init(.outOfBounds, when: "the hull moves left of 0 m"),
    ], solvedReturn: solvedReturn, source: source, observationsMayLeaveSpace: true)
}
