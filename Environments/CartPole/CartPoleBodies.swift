internal import Glibc
internal import Physics

/// The cart on its slide and the pole on its hinge, shared by both Box2D cart-poles.
///
/// Neither has a shape, so nothing collides; angles are the task's: 0 upright, clockwise positive.
struct CartPoleBodies: ~Copyable {
  private var world: World
  private let cart: Body
  private let pole: Body

  /// Creates bodies with given masses in a given state.
  ///
  /// - Parameters:
  ///   - constants: Masses, lengths and gravity.
  ///   - state: Positions and velocities of the bodies.
  ///   - track: Range in which the cart moves, in m, stopping dead at its ends; nil if it is
  ///     endless.
  init(_ constants: CartPoleParameters, state: CartPoleState, track: ClosedRange<Float>? = nil) {
    world = World(gravity: Float(-constants.gravity))
    let rail = world.addStaticBody()
    cart = world.addDynamicBody(BodyState(x: Float(state.position), y: 0), maySleep: false)
    world.setMass(MassProperties(mass: Float(constants.cartMass), inertia: 1), of: cart)
    world.setVelocity(x: Float(state.velocity), y: 0, angular: 0, of: cart)

    // Box2D's angles grow counter-clockwise, the task's clockwise.
    let (mass, l) = (constants.poleMass, constants.poleHalfLength)
    pole = world.addDynamicBody(
      BodyState(x: Float(state.position), y: 0, angle: Float(-state.angle)), maySleep: false)
    world.setMass(
      MassProperties(
        mass: Float(mass), inertia: Float(4.0 / 3 * mass * l * l), center: Point(0, Float(l))),
      of: pole)
    world.setVelocity(
      x: Float(state.velocity + l * cos(state.angle) * state.angularVelocity),
      y: Float(-l * sin(state.angle) * state.angularVelocity),
      angular: Float(-state.angularVelocity), of: pole)
    world.addSlide(of: cart, along: rail, within: track)
    _ = world.addHinge(Hinge(cart, at: Point(0, 0), to: pole, at: Point(0, 0)))
  }

  /// Advances by one step of the solver.
  ///
  /// - Parameters:
  ///   - seconds: Duration of the step, in seconds.
  ///   - push: Force on the cart, in N.
  ///   - poleForce: Force on the pole's centre of mass, in N; nil if there is none.
  mutating func step(seconds: Float, push: Double, poleForce: SIMD2<Float>?) {
    world.applyForce(x: Float(push), y: 0, to: cart)
    if let poleForce { world.applyForce(x: poleForce.x, y: poleForce.y, to: pole) }
    world.step(seconds: seconds, velocityIterations: 8, positionIterations: 3)
  }

  /// The positions and velocities of cart and pole.
  var state: CartPoleState {
    let (cart, pole) = (world.state(of: cart), world.state(of: pole))
    return CartPoleState(
      position: Double(cart.x), velocity: Double(cart.velocityX), angle: Double(-pole.angle),
      angularVelocity: Double(-pole.angularVelocity))
  }

  /// A fingerprint of everything on which the future depends.
  var fingerprint: UInt64 { world.fingerprint }
}
