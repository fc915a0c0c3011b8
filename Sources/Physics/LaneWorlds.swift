internal import CLanes
internal import Glibc

/// Worlds of one fixed shape, stepped together in the lanes of vector registers.
///
/// Each world is five bodies on four hinges above static ground, which is what both walkers are.  A
/// step has the same bits as one of a ``World`` that is built alike, whichever worlds are stepped
/// together; <doc:WalkersInLanes> says how.  Worlds are numbered from 0, and different ones may be
/// used by different threads at the same time.
///
/// - Source: the arithmetic and order of Box2D 2.4.1.
public final class LaneWorlds {
  /// Number of bodies of a world.
  public static let bodyCount = Int(CL_BODIES)
  /// Number of hinges of a world.
  public static let hingeCount = Int(CL_HINGES)
  /// Greatest number of points of the ground's line.
  public static let mostColumns = Int(CL_COLUMNS)
  /// Greatest number of quadrilaterals on the ground.
  public static let mostObstacles = Int(CL_OBSTACLES)

  /// The outline of a body.
  public enum Outline: Sendable {
    /// A convex polygon of 3 to 8 vertices.
    case polygon([Point])
    /// A box centred on the body's origin.
    case box(halfWidth: Float, halfHeight: Float)
  }

  /// What all worlds have in common.
  public struct Model: Sendable {
    /// Outline and friction of each body; bodies don't collide with each other.
    public var shapes: [(outline: Outline, friction: Float)]
    /// Hinges, all with limits and a motor.
    public var hinges: [Hinge]
    /// Poses from which the bodies start, at rest.
    public var poses: [BodyState]
    /// Time step, in s.
    public var seconds: Float
    /// Iterations of the velocity solver.
    public var velocityIterations: Int32
    /// Most iterations of the position solver.
    public var positionIterations: Int32

    /// Creates a model of five shapes, four hinges and five poses.
    public init(
      shapes: [(outline: Outline, friction: Float)], hinges: [Hinge], poses: [BodyState],
      seconds: Float, velocityIterations: Int32, positionIterations: Int32
    ) {
      precondition(shapes.count == LaneWorlds.bodyCount && poses.count == LaneWorlds.bodyCount)
      precondition(hinges.count == LaneWorlds.hingeCount && hinges.allSatisfy(\.hasMotor))
      (self.shapes, self.hinges, self.poses) = (shapes, hinges, poses)
      (self.seconds, self.velocityIterations) = (seconds, velocityIterations)
      self.positionIterations = positionIterations
    }
  }

  /// What a world is started with.
  public struct Start: Sendable {
    /// Gravity, in m/s², positive upwards.
    public var gravity: Float
    /// Friction of the ground.
    public var groundFriction: Float
    /// Density of each body, in kg/m².
    public var densities: [Float]
    /// Force on the first body during the first step, along x, in N.
    public var force: Float
    /// Points of the ground's line from left to right, evenly spaced.
    public var columns: [Point]
    /// Vertices of the quadrilaterals on it, four for each in turn.
    public var obstacles: [Point]

    /// Creates the start of a world.
    public init(
      gravity: Float, groundFriction: Float, densities: [Float], force: Float, columns: [Point],
      obstacles: [Point]
    ) {
      precondition(densities.count == LaneWorlds.bodyCount)
      precondition((2...LaneWorlds.mostColumns).contains(columns.count))
      precondition(obstacles.count % 4 == 0 && obstacles.count <= 4 * LaneWorlds.mostObstacles)
      (self.gravity, self.groundFriction) = (gravity, groundFriction)
      (self.densities, self.force) = (densities, force)
      (self.columns, self.obstacles) = (columns, obstacles)
    }
  }

  /// What the shortcuts of a thread's steps saved since it was last asked.
  package struct Counts: Sendable {
    /// Steps of worlds in lanes, and alone because some body was asleep or had many contacts.
    package var inLanes, alone: Int
    /// Shortcuts taken, and those that would have changed a bit while they were checked.
    package var shortcuts, wrong: Int
  }

  /// Number of worlds.
  public let count: Int
  private let handle: OpaquePointer
  /// Numbers of all worlds in order, of which a range is a part.
  private let numbers: [Int32]

  /// Creates worlds, each of which must be started before it is used.
  public init(count: Int, model: Model) {
    self.count = count
    numbers = (0..<Int32(count)).map(\.self)
    var common = model.c
    guard let handle = cl_create(Int32(count), &common) else {
      preconditionFailure("no memory for \(count) worlds")
    }
    self.handle = handle
  }

  deinit { cl_destroy(handle) }

  /// Returns the body of a number, as hinges name it.
  public static func body(_ number: Int) -> Body { Body(index: Int32(number)) }

  // MARK: - Stepping

  /// Starts a world, replacing what it was before.
  public func start(_ world: Int, with start: Start) {
    let d = start.densities
    start.columns.withUnsafeBufferPointer { columns in
      start.obstacles.withUnsafeBufferPointer { obstacles in
        withPoints(columns) { first in
          withPoints(obstacles) { firstObstacle in
            var c = cl_start(
              gravity: start.gravity, ground_friction: start.groundFriction,
              densities: (d[0], d[1], d[2], d[3], d[4]), hull_force: start.force,
              column_count: Int32(columns.count), obstacle_count: Int32(obstacles.count / 4),
              columns: first, obstacles: firstObstacle)
            cl_start_world(handle, index(world), &c)
          }
        }
      }
    }
  }

  /// Applies a force, in N, to a body's centre of mass during the next step.
  public func applyForce(x: Float, y: Float, to body: Int, in world: Int) {
    cl_apply_force(handle, index(world), Int32(body), x, y)
  }

  /// Sets the target speed of a hinge's motor, in rad/s, and its maximum torque, in N·m.
  public func drive(_ hinge: Int, speed: Float, maximumTorque: Float, in world: Int) {
    cl_drive(handle, index(world), Int32(hinge), speed, maximumTorque)
  }

  /// Advances a range of started worlds by a time step.
  public func step(_ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "worlds \(range) of \(count)")
    numbers.withUnsafeBufferPointer { numbers in
      guard let start = numbers.baseAddress else { return }
      cl_step(handle, start + range.lowerBound, Int32(range.count))
    }
  }

  /// Advances started worlds by a time step, each at most once.
  public func step(_ worlds: Span<Int32>) {
    worlds.withUnsafeBufferPointer { worlds in
      guard let start = worlds.baseAddress else { return }
      precondition(worlds.allSatisfy { $0 >= 0 && $0 < count })
      cl_step(handle, start, Int32(worlds.count))
    }
  }

  // MARK: - Reading

  /// Returns the position and velocity of a body.
  public func state(ofBody body: Int, in world: Int) -> BodyState {
    let state = cl_get_body(handle, index(world), Int32(body))
    return BodyState(
      x: state.x, y: state.y, angle: state.angle, velocityX: state.vx, velocityY: state.vy,
      angularVelocity: state.omega)
  }

  /// Returns the angle and speed of a hinge.
  public func state(ofHinge hinge: Int, in world: Int) -> HingeState {
    HingeState(
      angle: cl_get_hinge_angle(handle, index(world), Int32(hinge)),
      speed: cl_get_hinge_speed(handle, index(world), Int32(hinge)))
  }

  /// Returns whether a body touches the ground, by the rule of ``World/isTouching(_:)``.
  public func isTouching(_ body: Int, in world: Int) -> Bool {
    cl_is_touching(handle, index(world), Int32(body))
  }

  /// Returns whether a body has touched anything since its world was started.
  public func hasTouched(_ body: Int, in world: Int) -> Bool {
    cl_has_touched(handle, index(world), Int32(body))
  }

  /// Returns whether a body is simulated rather than asleep.
  public func isAwake(_ body: Int, in world: Int) -> Bool {
    cl_is_awake(handle, index(world), Int32(body))
  }

  /// Writes the free fractions of at most 16 rays from a body's origin, as
  /// ``World/castFan(from:rays:into:at:)`` does.
  public func castFan(
    from body: Int, in world: Int, rays: Span<RayOffset>, into fractions: inout MutableSpan<Float>,
    at offset: Int
  ) {
    precondition(rays.count <= 16 && offset >= 0 && offset + rays.count <= fractions.count)
    rays.withUnsafeBufferPointer { rays in
      fractions.withUnsafeMutableBufferPointer { fractions in
        guard let start = rays.baseAddress, let output = fractions.baseAddress else { return }
        start.withMemoryRebound(to: Double.self, capacity: 2 * rays.count) {
          cl_cast_fan(
            handle, index(world), Int32(body), $0, Int32(rays.count), output + offset)
        }
      }
    }
  }

  /// Returns the fingerprint that a ``World`` of the same state has.
  public func fingerprint(of world: Int) -> UInt64 { cl_hash(handle, index(world)) }

  private func index(_ world: Int) -> Int32 {
    precondition(world >= 0 && world < count, "world \(world) of \(count)")
    return Int32(world)
  }

  // MARK: - Versions

  /// Name of the version in use: v4, v3 or baseline.
  public static var instructionSet: String { String(cString: cl_instruction_set()) }

  /// Number of worlds from which on stepping them together costs least for each.
  public static var blockSize: Int { Int(cl_block_size()) }

  /// Calls a closure with a given version of the lanes on this thread; for tests.
  ///
  /// - Parameters:
  ///   - name: Version of the lanes: `v4`, `v3` or `baseline`.
  ///   - body: Closure to call.
  /// - Returns: The closure's result; nil if this CPU lacks that version.
  @discardableResult
  package static func withInstructionSet<Result>(_ name: String, _ body: () -> Result) -> Result? {
    guard cl_select(name) else { return nil }
    defer { cl_select(nil) }
    return body()
  }

  /// Lets the calling thread compute whatever a shortcut saves, too, and count results that differ;
  /// for tests.
  package static func checkShortcuts(_ isOn: Bool) { cl_check_shortcuts(isOn) }

  /// Lets the calling thread's worlds with more contacts than this be solved alone; for tests.
  package static func limitContacts(to most: Int?) { cl_limit_contacts(Int32(most ?? -1)) }

  /// Returns what the calling thread's steps counted since the last call.
  package static func takeCounts() -> Counts {
    let counts = cl_take_counts()
    return Counts(
      inLanes: Int(counts.lane_steps), alone: Int(counts.single_steps),
      shortcuts: Int(counts.impacts_skipped + counts.manifolds_skipped), wrong: Int(counts.wrong))
  }

  /// Returns sines and cosines as the lanes compute them.
  package static func sinesAndCosines(of angles: [Float]) -> (sines: [Float], cosines: [Float]) {
    var sines = [Float](repeating: 0, count: angles.count)
    var cosines = sines
    cl_sines_and_cosines(Int32(angles.count), angles, &sines, &cosines)
    return (sines, cosines)
  }

  // MARK: - Process

  /// Returns the value of an environment variable.
  package static func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Writes a line to standard error.
  package static func warn(_ sentence: String) {
    let line = Array("\(sentence)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }
}

/// Lends points as C sees them, with two floats each.
private func withPoints(
  _ points: UnsafeBufferPointer<Point>, _ body: (UnsafePointer<cl_point>) -> Void
) {
  guard let start = points.baseAddress else {
    var none = cl_point()
    return body(&none)
  }
  start.withMemoryRebound(to: cl_point.self, capacity: points.count, body)
}

extension LaneWorlds.Model {
  fileprivate var c: cl_model {
    var c = cl_model()
    withUnsafeMutableBytes(of: &c.shapes) { bytes in
      let target = bytes.bindMemory(to: cl_shape.self)
      for (i, shape) in shapes.enumerated() { target[i] = shape.outline.c(shape.friction) }
    }
    withUnsafeMutableBytes(of: &c.hinges) { bytes in
      let target = bytes.bindMemory(to: cl_hinge.self)
      for (i, hinge) in hinges.enumerated() { target[i] = hinge.lane }
    }
    withUnsafeMutableBytes(of: &c.positions) { bytes in
      let target = bytes.bindMemory(to: cl_point.self)
      for (i, pose) in poses.enumerated() { target[i] = cl_point(x: pose.x, y: pose.y) }
    }
    withUnsafeMutableBytes(of: &c.angles) { bytes in
      let target = bytes.bindMemory(to: Float.self)
      for (i, pose) in poses.enumerated() { target[i] = pose.angle }
    }
    c.seconds = seconds
    c.velocity_iterations = velocityIterations
    c.position_iterations = positionIterations
    return c
  }
}

extension LaneWorlds.Outline {
  fileprivate func c(_ friction: Float) -> cl_shape {
    var c = cl_shape()
    c.friction = friction
    let vertices: [Point]
    switch self {
    case .polygon(let points):
      precondition((3...8).contains(points.count), "a polygon of \(points.count) vertices")
      c.count = Int32(points.count)
      vertices = points
    case .box(let halfWidth, let halfHeight): vertices = [Point(halfWidth, halfHeight)]
    }
    withUnsafeMutableBytes(of: &c.vertices) { bytes in
      let target = bytes.bindMemory(to: cl_point.self)
      for (i, point) in vertices.enumerated() { target[i] = cl_point(x: point.x, y: point.y) }
    }
    return c
  }
}

extension Hinge {
  fileprivate var lane: cl_hinge {
    cl_hinge(
      first: first.index, second: second.index,
      first_anchor: cl_point(x: firstAnchor.x, y: firstAnchor.y),
      second_anchor: cl_point(x: secondAnchor.x, y: secondAnchor.y),
      reference_angle: referenceAngle, lower: limits?.lowerBound ?? -.infinity,
      upper: limits?.upperBound ?? .infinity)
  }
}
