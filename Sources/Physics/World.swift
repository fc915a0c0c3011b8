internal import CBox2D

/// A Box2D world with its bodies and joints.
///
/// Lengths are in metres, masses in kilograms and angles in radians, positive counter-clockwise.  A
/// world is built once per episode and freed with its owner; worlds on different threads are
/// independent.
///
/// - Source: Box2D 2.4.1.
public struct World: ~Copyable {
  private let handle: OpaquePointer

  // Fills Box2D's global table of contact types once, because threads must not race for it.
  private static let isPrepared: Bool = {
    cb2_prepare()
    return true
  }()

  /// The version that Box2D reports; release 2.4.1 still reports 2.4.0.
  public static var libraryVersion: String {
    "\(cb2_version(0)).\(cb2_version(1)).\(cb2_version(2))"
  }

  /// Creates an empty world with gravity in m/s², positive upwards.
  public init(gravity: Float) {
    guard Self.isPrepared, let handle = cb2_world_create(0, gravity) else {
      preconditionFailure("no memory for a Box2D world")
    }
    self.handle = handle
  }

  deinit { cb2_world_destroy(handle) }

  // MARK: - Building

  /// Adds a static body at the origin, which never moves.
  public mutating func addStaticBody() -> Body { Body(index: cb2_add_static_body(handle)) }

  /// Adds a dynamic body, which moves under forces.
  ///
  /// - Parameters:
  ///   - state: Initial state; the velocity is that of the body's origin.
  ///   - maySleep: Whether Box2D may stop simulating the body while it hardly moves.
  /// - Returns: The body, without a shape and with a mass of 1 kg.
  public mutating func addDynamicBody(_ state: BodyState, maySleep: Bool) -> Body {
    Body(index: cb2_add_dynamic_body(handle, state.c, maySleep))
  }

  /// Adds a convex polygon of 3 to 8 vertices to a body.
  public mutating func addPolygon(_ vertices: [Point], to body: Body, _ material: Material) {
    precondition((3...8).contains(vertices.count), "a polygon of \(vertices.count) vertices")
    let flat = vertices.flatMap { [$0.x, $0.y] }
    cb2_add_polygon(handle, body.index, flat, Int32(vertices.count), material.c)
  }

  /// Adds a box centred on the body's origin.
  public mutating func addBox(
    halfWidth: Float, halfHeight: Float, to body: Body, _ material: Material
  ) {
    cb2_add_box(handle, body.index, halfWidth, halfHeight, material.c)
  }

  /// Adds a line segment that collides on both sides to a body.
  public mutating func addEdge(
    from start: Point, to end: Point, of body: Body, _ material: Material
  ) {
    cb2_add_edge(handle, body.index, start.x, start.y, end.x, end.y, material.c)
  }

  /// Replaces the mass properties that follow from a body's shapes and densities.
  public mutating func setMass(_ mass: MassProperties, of body: Body) {
    cb2_set_mass(handle, body.index, mass.c)
  }

  /// Sets the velocity of a body's centre of mass, in m/s, and its angular velocity, in rad/s.
  public mutating func setVelocity(x: Float, y: Float, angular: Float, of body: Body) {
    cb2_set_velocity(handle, body.index, x, y, angular)
  }

  /// Adds a hinge between two bodies.
  public mutating func addHinge(_ hinge: Hinge) -> Joint {
    Joint(index: cb2_add_revolute(handle, hinge.c))
  }

  /// Adds a slide, which lets a body move only along the x axis of another, without turning.
  ///
  /// - Parameters:
  ///   - body: The body that moves.
  ///   - rail: The body along which it moves.
  ///   - limits: Range of the moving body's origin in the rail's frame, in m, at whose ends it
  ///     stops dead; nil for no limits.
  /// - Returns: The joint.
  @discardableResult public mutating func addSlide(
    of body: Body, along rail: Body, within limits: ClosedRange<Float>? = nil
  ) -> Joint {
    Joint(
      index: cb2_add_slide(
        handle,
        cb2_slide(
          body_a: rail.index, body_b: body.index, has_limits: limits != nil,
          lower: limits?.lowerBound ?? 0, upper: limits?.upperBound ?? 0)))
  }

  // MARK: - Stepping

  /// Applies a force, in N, to a body's centre of mass during the next step.
  public mutating func applyForce(x: Float, y: Float, to body: Body) {
    cb2_apply_force(handle, body.index, x, y)
  }

  /// Applies a torque, in N·m, to a body during the next step.
  public mutating func applyTorque(_ torque: Float, to body: Body) {
    cb2_apply_torque(handle, body.index, torque)
  }

  /// Changes a body's velocities at once by an impulse, in N·s, at a point of the world.
  public mutating func applyImpulse(x: Float, y: Float, at point: Point, to body: Body) {
    cb2_apply_impulse(handle, body.index, x, y, point.x, point.y)
  }

  /// Sets the target speed of a hinge's motor, in rad/s, and its maximum torque, in N·m.
  public mutating func drive(_ joint: Joint, speed: Float, maximumTorque: Float) {
    cb2_drive(handle, joint.index, speed, maximumTorque)
  }

  /// Advances the world by a time step, in seconds.
  public mutating func step(
    seconds: Float, velocityIterations: Int32, positionIterations: Int32
  ) {
    cb2_step(handle, seconds, velocityIterations, positionIterations)
  }

  // MARK: - Reading

  /// Returns the position and velocity of a body.
  public func state(of body: Body) -> BodyState { BodyState(cb2_get_body(handle, body.index)) }

  /// Returns the mass, inertia and centre of mass of a body.
  public func mass(of body: Body) -> MassProperties {
    MassProperties(cb2_get_mass(handle, body.index))
  }

  /// Returns the vertices of a body's first polygon, in Box2D's order.
  public func polygon(of body: Body) -> [Point] {
    var flat = [Float](repeating: 0, count: 16)
    let count = Int(cb2_get_polygon(handle, body.index, &flat))
    return (0..<count).map { Point(flat[2 * $0], flat[2 * $0 + 1]) }
  }

  /// Returns the angle and speed of a hinge.
  public func state(of joint: Joint) -> HingeState {
    let state = cb2_get_joint(handle, joint.index)
    return HingeState(angle: state.angle, speed: state.speed)
  }

  /// Returns whether a body touches another, by contact events as in Gymnasium's environments.
  ///
  /// The beginning of any contact sets the flag and the end of any contact clears it, so it is
  /// false while a foot rolls from one edge onto the next, although the foot touches the ground.
  public func isTouching(_ body: Body) -> Bool { cb2_is_touching(handle, body.index) }

  /// Returns whether a body has touched anything since the world was created.
  public func hasTouched(_ body: Body) -> Bool { cb2_has_touched(handle, body.index) }

  /// Returns whether a body is simulated; one that may sleep stops once it has hardly moved for half a
  /// second.
  public func isAwake(_ body: Body) -> Bool { cb2_is_awake(handle, body.index) }

  /// Returns the fraction of a segment before it first hits a static body; 1 if it hits none.
  public func castRay(from start: Point, to end: Point) -> Float {
    cb2_cast_ray(handle, start.x, start.y, end.x, end.y)
  }

  /// Writes the free fractions of rays that start at a body's origin and never point left.
  ///
  /// In a world whose edges were added from left to right at an even spacing, the results equal
  /// those of ``castRay(from:to:)`` at a fraction of the time.
  ///
  /// - Parameters:
  ///   - body: The body at whose origin the rays start.
  ///   - rays: Ends of the rays, relative to their start.
  ///   - fractions: Receives the fractions.
  ///   - offset: Index of the first fraction to write.
  public func castFan(
    from body: Body, rays: Span<RayOffset>, into fractions: inout MutableSpan<Float>,
    at offset: Int
  ) {
    precondition(offset >= 0 && offset + rays.count <= fractions.count)
    rays.withUnsafeBufferPointer { rays in
      fractions.withUnsafeMutableBufferPointer { fractions in
        guard let start = rays.baseAddress, let output = fractions.baseAddress else { return }
        start.withMemoryRebound(to: Double.self, capacity: 2 * rays.count) {
          cb2_cast_fan(handle, body.index, $0, Int32(rays.count), output + offset)
        }
      }
    }
  }

  /// A hash of all state that determines the world's future and that Box2D exposes: shapes, masses,
  /// poses, velocities, contacts and the impulses that warm-start the solver.
  public var fingerprint: UInt64 { cb2_hash(handle) }
}
