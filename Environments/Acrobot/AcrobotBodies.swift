internal import Glibc
internal import Physics

/// The links of an acrobot on their hinges.
///
/// Neither has a shape, so nothing collides.  Box2D's angles are the task's, the lower link's from
/// hanging down.
struct AcrobotBodies: ~Copyable {
  private var world: World
  private let upper: Body
  private let lower: Body

  /// Creates the links in a given state.
  init(_ constants: AcrobotV1.Parameters, state: AcrobotState) {
    world = World(gravity: Float(-constants.gravity))
    let pivot = world.addStaticBody()
    let lengths = (constants.upperLength, constants.lowerLength)
    let angle = state.angles.0 + state.angles.1
    let elbow = Point(
      Float(lengths.0 * sin(state.angles.0)), Float(-lengths.0 * cos(state.angles.0)))
    upper = world.addDynamicBody(
      BodyState(x: 0, y: 0, angle: Float(state.angles.0)), maySleep: false)
    lower = world.addDynamicBody(
      BodyState(x: elbow.x, y: elbow.y, angle: Float(angle)), maySleep: false)
    for (body, mass, length) in [
      (upper, constants.upperMass, lengths.0), (lower, constants.lowerMass, lengths.1),
    ] {
      // The source's links have a moment of inertia of m l² about their middle.
      world.setMass(
        MassProperties(
          mass: Float(mass), inertia: Float(1.25 * mass * length * length),
          center: Point(0, Float(-length / 2))),
        of: body)
    }
    let (first, second) = (state.velocities.0, state.velocities.0 + state.velocities.1)
    let (x, y) = (cos(state.angles.0), sin(state.angles.0))
    world.setVelocity(
      x: Float(lengths.0 / 2 * x * first), y: Float(lengths.0 / 2 * y * first),
      angular: Float(first), of: upper)
    world.setVelocity(
      x: Float(lengths.0 * x * first + lengths.1 / 2 * cos(angle) * second),
      y: Float(lengths.0 * y * first + lengths.1 / 2 * sin(angle) * second),
      angular: Float(second), of: lower)
    _ = world.addHinge(Hinge(pivot, at: Point(0, 0), to: upper, at: Point(0, 0)))
    _ = world.addHinge(
      Hinge(upper, at: Point(0, Float(-lengths.0)), to: lower, at: Point(0, 0)))
  }

  /// Advances by one step of the solver.
  ///
  /// - Parameters:
  ///   - seconds: Duration of the step, in seconds.
  ///   - torque: Torque on the lower link, in N·m; the upper one takes the opposite.
  mutating func step(seconds: Float, torque: Float) {
    world.applyTorque(torque, to: lower)
    world.applyTorque(-torque, to: upper)
    world.step(seconds: seconds, velocityIterations: 8, positionIterations: 3)
  }

  /// The angles and angular velocities of the links.
  var state: AcrobotState {
    let (upper, lower) = (world.state(of: upper), world.state(of: lower))
    return AcrobotState(
      angles: (Double(upper.angle), Double(lower.angle) - Double(upper.angle)),
      velocities: (
        Double(upper.angularVelocity),
        Double(lower.angularVelocity) - Double(upper.angularVelocity)
      ))
  }

  /// A fingerprint of everything on which the future depends.
  var fingerprint: UInt64 { world.fingerprint }
}
