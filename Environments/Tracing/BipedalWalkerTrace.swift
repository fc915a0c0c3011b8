internal import Physics
internal import RLCore

/// Walker episodes from a seed or on a recorded terrain.
enum BipedalWalkerTrace {
  /// Distance within which two versions of Box2D agree after the first step.
  private static let firstStepTolerance = 1e-5

  static func walker(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    var task = BipedalWalker(
      parameters: try EpisodeTrace.parameters(of: line, for: BipedalWalker.self))
    let start = try start(of: line, parameters: task.parameters, hasObstacles: false)
    let before = start.fields + reset(&task.simulation, on: start.terrain)
    var bodies = BodyRecording()
    let recording = EpisodeTrace.play(
      &task, actions: try EpisodeTrace.actions(of: line, for: BipedalWalker.self)
    ) { bodies.append($0.simulation) }
    return before + recording.fields(tolerance: nil, singleRewards: true) + bodies.fields
  }

  static func hardcore(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    var task = BipedalWalkerHardcore(
      parameters: try EpisodeTrace.parameters(of: line, for: BipedalWalkerHardcore.self))
    let start = try start(of: line, parameters: task.parameters, hasObstacles: true)
    let before = start.fields + reset(&task.simulation, on: start.terrain)
    var bodies = BodyRecording()
    let recording = EpisodeTrace.play(
      &task, actions: try EpisodeTrace.actions(of: line, for: BipedalWalkerHardcore.self)
    ) { bodies.append($0.simulation) }
    return before + recording.fields(tolerance: nil, singleRewards: true) + bodies.fields
  }

  /// The terrain to walk on, and what the seed says about it.
  ///
  /// A recorded terrain is walked on as it is; a seed beside it must give the same one.
  private static func start(
    of line: TraceLine, parameters: BipedalWalkerParameters, hasObstacles: Bool
  ) throws(TraceError) -> (terrain: BipedalWalkerTerrain, fields: [TraceField]) {
    var drawn: BipedalWalkerTerrain?
    if line.has("seed") {
      var random = NumPyRandom(seed: try line.seed())
      let terrain = BipedalWalkerTerrain(
        roughness: try line.flag("flat") ? 0 : parameters.roughness, hasObstacles: hasObstacles,
        using: &random)
      drawn = terrain
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

  /// Whether four vertices turn the same way at each corner; Box2D stops the process otherwise.
  private static func isConvex(_ polygon: [Float]) -> Bool {
    guard polygon.allSatisfy({ abs($0) <= 1000 }) else { return false }
    // Box2D makes one of vertices that lie within 2.5 mm.
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

  private static func reset(
    _ simulation: inout BipedalWalkerSimulation, on terrain: BipedalWalkerTerrain
  ) -> [TraceField] {
    var values = [Float](repeating: 0, count: 24)
    var observation = values.mutableSpan
    simulation.reset(on: terrain, observation: &observation)
    var bodies: [[Float]] = []
    for i in 0..<5 { bodies.append(row(simulation.world.state(of: simulation.bodies[i]))) }
    var angles: [Float] = []
    for i in 0..<4 { angles.append(simulation.world.state(of: simulation.joints[i]).angle) }
    return [
      TraceField("obs0", values, tolerance: firstStepTolerance),
      TraceField("bodies0", rows: bodies, tolerance: 2 * firstStepTolerance),
      TraceField("joint_angle0", angles, tolerance: firstStepTolerance),
    ]
  }

  private static func row(_ state: BodyState) -> [Float] {
    [state.x, state.y, state.angle, state.velocityX, state.velocityY, state.angularVelocity]
  }

  /// The hull and the joints, step by step.
  private struct BodyRecording {
    private var hulls: [[Float]] = []
    private var angles: [[Float]] = []

    mutating func append(_ simulation: borrowing BipedalWalkerSimulation) {
      hulls.append(row(simulation.world.state(of: simulation.bodies[0])))
      var angles: [Float] = []
      for i in 0..<4 { angles.append(simulation.world.state(of: simulation.joints[i]).angle) }
      self.angles.append(angles)
    }

    var fields: [TraceField] {
      [
        TraceField("hull", rows: hulls, tolerance: nil),
        TraceField("joint_angle", rows: angles, tolerance: nil),
      ]
    }
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
