internal import Glibc
internal import Physics

/// The cart on its slide and the pole on its hinge, as both Box2D cart-poles have them.
///
/// Neither has a shape, so nothing collides; angles are the task's: 0 upright, clockwise positive.
struct CartPoleBodies: ~Copyable {
  /// What an agent sees, in m, m/s, rad and rad/s.
  struct State {
    var position: Float
    var velocity: Float
    var angle: Float
    var angularVelocity: Float
  }

  private var world: World
  private let cart: Body
  private let pole: Body

  /// Two bodies that nothing moves, until the first reset.
  init() {
    world = World(gravity: 0)
    cart = world.addStaticBody()
    pole = world.addStaticBody()
  }

  /// Bodies of given masses in a given state, in m, m/s, rad and rad/s.
  ///
  /// - Parameters:
  ///   - constants: Masses, lengths and gravity.
  ///   - position: Of the cart.
  ///   - velocity: Of the cart.
  ///   - angle: Of the pole.
  ///   - angularVelocity: Of the pole.
  ///   - track: Where the cart stops dead, in m; nil where nothing stops it.
  init(
    _ constants: CartPole.Parameters, position: Double, velocity: Double, angle: Double,
    angularVelocity: Double, track: ClosedRange<Float>? = nil
  ) {
    world = World(gravity: Float(-constants.gravity))
    let rail = world.addStaticBody()
    cart = world.addDynamicBody(BodyState(x: Float(position), y: 0), maySleep: false)
    world.setMass(MassProperties(mass: Float(constants.cartMass), inertia: 1), of: cart)
    world.setVelocity(x: Float(velocity), y: 0, angular: 0, of: cart)

    // Box2D's angles grow counter-clockwise, the task's clockwise.
    let (mass, l) = (constants.poleMass, constants.poleHalfLength)
    pole = world.addDynamicBody(
      BodyState(x: Float(position), y: 0, angle: Float(-angle)), maySleep: false)
    world.setMass(
      MassProperties(
        mass: Float(mass), inertia: Float(4.0 / 3 * mass * l * l), center: Point(0, Float(l))),
      of: pole)
    world.setVelocity(
      x: Float(velocity + l * cos(angle) * angularVelocity),
      y: Float(-l * sin(angle) * angularVelocity), angular: Float(-angularVelocity), of: pole)
    world.addSlide(of: cart, along: rail, within: track)
    _ = world.addHinge(Hinge(cart, at: Point(0, 0), to: pole, at: Point(0, 0)))
  }

  /// Advances by one step of the solver.
  ///
  /// - Parameters:
  ///   - seconds: How long it is.
  ///   - push: On the cart, in N.
  ///   - poleForce: On the pole's centre of mass, in N, if any.
  mutating func step(seconds: Float, push: Double, poleForce: SIMD2<Float>?) {
    world.applyForce(x: Float(push), y: 0, to: cart)
    if let poleForce { world.applyForce(x: poleForce.x, y: poleForce.y, to: pole) }
    world.step(seconds: seconds, velocityIterations: 8, positionIterations: 3)
  }

  /// Where cart and pole are and how they move.
  var state: State {
    let (cartState, poleState) = (world.state(of: cart), world.state(of: pole))
    return State(
      position: cartState.x, velocity: cartState.velocityX, angle: -poleState.angle,
      angularVelocity: -poleState.angularVelocity)
  }

  /// A fingerprint of all that the future depends on.
  var fingerprint: UInt64 { world.fingerprint }
}
