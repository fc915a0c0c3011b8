package import Environments
internal import Physics
internal import RLCore

/// Walker episodes from a seed or on a recorded terrain.
enum BipedalWalkerTrace {
  /// Distance within which two versions of Box2D agree after the first step.
  private static let firstStepTolerance = 1e-5

  static func walker(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    try run(
      BipedalWalker.self, line, hasObstacles: false,
      on: { BipedalWalker(parameters: $0, on: $1, observation: &$2) },
      pose: { Pose($0.simulation) })
  }

  static func hardcore(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    try run(
      BipedalWalkerHardcore.self, line, hasObstacles: true,
      on: { BipedalWalkerHardcore(parameters: $0, on: $1, observation: &$2) },
      pose: { Pose($0.simulation) })
  }

  private static func run<E: Environment & ~Copyable>(
    _ type: E.Type, _ line: TraceLine, hasObstacles: Bool,
    on make: (BipedalWalkerParameters, BipedalWalkerTerrain, inout MutableSpan<Float>) -> E,
    pose: (borrowing E) -> Pose
  ) throws(TraceError) -> [TraceField] where E.Parameters == BipedalWalkerParameters {
    let parameters = try EpisodeTrace.parameters(of: line, for: type)
    let actions = try EpisodeTrace.actions(of: line, for: type)
    let (terrain, drawn) = try start(
      of: line, parameters: parameters, hasObstacles: hasObstacles)
    var start = EpisodeTrace.Start<E> { make(parameters, terrain, &$0) }
    let first = pose(start.environment)
    var poses: [Pose] = []
    let recording = EpisodeTrace.play(&start.environment, actions: actions) {
      poses.append(pose($0))
    }
    return drawn + [
      TraceField("obs0", start.observation, tolerance: firstStepTolerance),
      TraceField("bodies0", rows: first.bodies, tolerance: 2 * firstStepTolerance),
      TraceField("joint_angle0", first.angles, tolerance: firstStepTolerance),
    ] + recording.fields(tolerance: nil, singleRewards: true) + [
      TraceField("hull", rows: poses.map { $0.bodies[0] }, tolerance: nil),
      TraceField("joint_angle", rows: poses.map(\.angles), tolerance: nil),
    ]
  }

  /// The positions and velocities of a walker's parts.
  private struct Pose {
    /// Position, angle and velocities of the five bodies.
    var bodies: [[Float]] = []
    /// Angles of the four joints, in rad.
    var angles: [Float] = []

    init(_ simulation: borrowing BipedalWalkerSimulation) {
      for i in 0..<5 {
        let state = simulation.world.state(of: simulation.bodies[i])
        bodies.append([
          state.x, state.y, state.angle, state.velocityX, state.velocityY, state.angularVelocity,
        ])
      }
      for i in 0..<4 { angles.append(simulation.world.state(of: simulation.joints[i]).angle) }
    }
  }

  /// Returns the terrain of a line, and the fields that its seed determines.
  ///
  /// A recorded terrain is used unchanged; if the line has a seed too, it must produce the same
  /// terrain.
  private static func start(
    of line: TraceLine, parameters: BipedalWalkerParameters, hasObstacles: Bool
  ) throws(TraceError) -> (terrain: BipedalWalkerTerrain, fields: [TraceField]) {
    var drawn: BipedalWalkerTerrain?
    if line.has("seed") {
      var random = NumPyRandom(seed: try line.seed())
      var parameters = parameters
      if try line.flag("flat") { parameters.roughness = 0 }
      drawn = BipedalWalkerTerrain(parameters, hasObstacles: hasObstacles, using: &random)
    }
    let terrain: BipedalWalkerTerrain
    if line.has("terrain_y") {
      terrain = try recordedTerrain(line)
    } else if let drawn {
      terrain = drawn
    } else {
      throw .missing(field: "seed")
    }
    guard let drawn else { return (terrain, []) }
    return (
      terrain,
      [
        TraceField("terrain_y", drawn.heights, tolerance: 0),
        TraceField("obstacles", rows: drawn.orderedObstacles, tolerance: 0),
        TraceField("hull_force", .doubles([drawn.hullForce]), shape: [], tolerance: 0),
      ]
    )
  }

  private static func recordedTerrain(
    _ line: TraceLine
  ) throws(TraceError) -> BipedalWalkerTerrain {
    let heights = try line.doubles("terrain_y", count: BipedalWalkerTerrain.columnCount)
    guard heights.allSatisfy({ abs($0) <= 1000 }) else {
      throw .unusable(field: "terrain_y", reason: "holds a height beyond 1000 m")
    }
    let obstacles = line.has("obstacles") ? try line.table("obstacles", width: 8) : []
    guard obstacles.count <= 200 else {
      throw .unusable(field: "obstacles", reason: "has more than 200 polygons")
    }
    guard obstacles.allSatisfy({ isConvex($0) }) else {
      throw .unusable(field: "obstacles", reason: "holds a polygon that is flat or not convex")
    }
    let force = line.has("hull_force") ? try line.double("hull_force") : 0
    guard abs(force) <= 1000 else {
      throw .unusable(field: "hull_force", reason: "is beyond 1000 N")
    }
    return BipedalWalkerTerrain(heights: heights, obstacles: obstacles, hullForce: force)
  }

  /// Whether four vertices turn the same way at each corner; Box2D aborts the process otherwise.
  private static func isConvex(_ polygon: [Float]) -> Bool {
    guard polygon.allSatisfy({ abs($0) <= 1000 }) else { return false }
    // Box2D merges vertices that lie within 2.5 mm of each other.
    for a in 0..<4 {
      for b in 0..<a {
        let (x, y) = (polygon[2 * a] - polygon[2 * b], polygon[2 * a + 1] - polygon[2 * b + 1])
        guard x * x + y * y > 1e-4 else { return false }
      }
    }
    let turns = (0..<4).map { i -> Float in
      let (a, b, c) = (2 * i, 2 * ((i + 1) % 4), 2 * ((i + 2) % 4))
      let first = (polygon[b] - polygon[a], polygon[b + 1] - polygon[a + 1])
      let second = (polygon[c] - polygon[b], polygon[c + 1] - polygon[b + 1])
      return first.0 * second.1 - first.1 * second.0
    }
    return turns.allSatisfy { $0 > 1e-3 } || turns.allSatisfy { $0 < -1e-3 }
  }
}

extension BipedalWalkerTerrain {
  /// The obstacles with their vertices in Box2D's order.
  package var orderedObstacles: [[Float]] {
    obstacles.map { obstacle in
      var world = World(gravity: 0)
      let body = world.addStaticBody()
      world.addPolygon(
        (0..<4).map { Point(obstacle[2 * $0], obstacle[2 * $0 + 1]) }, to: body, Material())
      return world.polygon(of: body).flatMap { [$0.x, $0.y] }
    }
  }
}
