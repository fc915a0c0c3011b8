internal import Glibc
package import Physics
package import RLCore

/// The bodies, engines and rules shared by both landers; see ``LunarLander``.
package struct LunarLanderSimulation: ~Copyable {
  static let framesPerSecond = 50.0
  static let velocityIterations: Int32 = 180
  static let positionIterations: Int32 = 60
  static let mainImpulse = 13.0
  static let sideImpulse = 0.6
  static let legHalfWidth = 2 / 30.0  // m
  static let legHalfHeight = 8 / 30.0  // m
  static let legAway = 20 / 30.0  // m
  static let legDown = 18 / 30.0  // m
  static let hullOutline = [(-14, 17), (-17, 0), (-17, -10), (17, -10), (17, 0), (14, 17)].map {
    Point(Float(Double($0.0) / 30), Float(Double($0.1) / 30))
  }

  /// The thrust of one step.
  package struct Thrust: Sendable, Equatable {
    /// Power of the main engine: 0 if it is off, else 0.5 to 1.
    package var main = 0.0
    /// Power of the side engines, 0 or 0.5 to 1 in magnitude; positive turns clockwise.
    package var side = 0.0
  }

  private let parameters: LunarLanderParameters
  package private(set) var world: World
  /// Bodies: the hull, then the right and the left leg.
  package let bodies: [3 of Body]
  package let start: LunarLanderStart
  private var random: NumPyRandom
  private var gusts: (force: Int, torque: Int)?
  private var previousShaping = 0.0
  /// Scatter of the engines in the last step, two numbers in -1 ..< 1.
  package private(set) var dispersion = SIMD2<Double>.zero
  /// Thrust of the last step; for the picture only.
  private(set) var thrust = Thrust()
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  /// Starts an episode, with a first step without thrust whose reward is discarded as in the
  /// reference.
  package init(
    parameters: LunarLanderParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    start = LunarLanderStart(hasWind: parameters.hasWind, using: &random)
    gusts = start.gusts
    world = World(gravity: Float(-parameters.gravity))
    Self.addGround(start.ground, friction: parameters.friction, to: &world)
    let middle = Point(Float(LunarLanderStart.width / 2), Float(LunarLanderStart.height))
    let hull = world.addDynamicBody(BodyState(x: middle.x, y: middle.y), maySleep: true)
    world.addPolygon(
      Self.hullOutline, to: hull,
      Material(density: Float(5 * parameters.mass), friction: 0.1, category: 0x10, mask: 1))
    world.applyForce(x: Float(start.force.x), y: Float(start.force.y), to: hull)
    let right = Self.addLeg(-1, density: parameters.mass, to: hull, in: &world)
    bodies = [hull, right, Self.addLeg(1, density: parameters.mass, to: hull, in: &world)]
    self.random = random
    _ = step(Thrust(), observation: &observation)
    random = self.random
  }

  private static func addGround(_ heights: [Double], friction: Double, to world: inout World) {
    let moon = world.addStaticBody()
    world.addEdge(
      from: Point(0, 0), to: Point(Float(LunarLanderStart.width), 0), of: moon, Material())
    let material = Material(friction: Float(0.1 * friction))
    for i in 1..<heights.count {
      world.addEdge(
        from: Point(Float(2 * (i - 1)), Float(heights[i - 1])),
        to: Point(Float(2 * i), Float(heights[i])), of: moon, material)
    }
  }

  /// Adds the leg on a side, -1 for the right one.
  private static func addLeg(
    _ side: Double, density: Double, to hull: Body, in world: inout World
  ) -> Body {
    let angle = Float(0.05 * side)
    let leg = world.addDynamicBody(
      BodyState(
        x: Float(LunarLanderStart.width / 2 - side * legAway), y: Float(LunarLanderStart.height),
        angle: angle), maySleep: true)
    world.addBox(
      halfWidth: Float(legHalfWidth), halfHeight: Float(legHalfHeight), to: leg,
      Material(density: Float(density), category: 0x20, mask: 1))
    // pybox2d measures hinge angles from the pose at creation, unlike Box2D in C++.
    let spring = world.addHinge(
      Hinge(
        hull, at: Point(0, 0), to: leg, at: Point(Float(side * legAway), Float(legDown)),
        referenceAngle: angle, limits: side < 0 ? 0.4...0.9 : -0.9 ... -0.4, hasMotor: true))
    world.drive(spring, speed: Float(0.3 * side), maximumTorque: 40)
    return leg
  }

  static let disturbanceComponents = [
    DisturbanceComponent("hull force along x", unit: "N", bound: 15),
    DisturbanceComponent("hull force along y", unit: "N", bound: 15),
  ]

  /// Applies a force to the hull's centre of mass during the next step.
  mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  /// Advances by one time step.
  package mutating func step(
    _ thrust: Thrust, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    self.thrust = thrust
    let hasLegContact = world.isTouching(bodies[1]) || world.isTouching(bodies[2])
    if !hasLegContact { blow() }
    if let force = disturbance.take() {
      world.applyForce(x: force.x, y: force.y, to: bodies[0])
    }
    fire(thrust)
    world.step(
      seconds: Float(1 / Self.framesPerSecond), velocityIterations: Self.velocityIterations,
      positionIterations: Self.positionIterations)
    return conclude(thrust, observation: &observation)
  }

  /// Lets the wind act, whose gusts are functions of a counter that starts anywhere.
  private mutating func blow() {
    guard let gusts else { return }
    func gust(_ k: Int) -> Double { tanh(sin(0.02 * Double(k)) + sin(.pi * 0.01 * Double(k))) }
    world.applyForce(x: Float(gust(gusts.force) * parameters.wind), y: 0, to: bodies[0])
    world.applyTorque(Float(gust(gusts.torque) * parameters.turbulence), to: bodies[0])
    self.gusts = (gusts.force + 1, gusts.torque + 1)
  }

  /// Fires the engines, whose scatter is drawn even if they are off.
  private mutating func fire(_ thrust: Thrust) {
    dispersion.x = random.uniform(-1, 1)
    dispersion.y = random.uniform(-1, 1)
    let scatter = dispersion / 30
    let hull = world.state(of: bodies[0])
    let (sine, cosine) = (sin(Double(hull.angle)), cos(Double(hull.angle)))
    let position = (x: Double(hull.x), y: Double(hull.y))
    if thrust.main > 0 {
      let reach = 4 / 30.0 + 2 * scatter.x
      let x = sine * reach - cosine * scatter.y
      let y = -cosine * reach - sine * scatter.y
      let impulse = Self.mainImpulse * parameters.mainEngine
      world.applyImpulse(
        x: Float(-x * impulse * thrust.main), y: Float(-y * impulse * thrust.main),
        at: Point(Float(position.x + x), Float(position.y + y)), to: bodies[0])
    }
    if thrust.side != 0 {
      let direction: Double = thrust.side > 0 ? 1 : -1
      let reach = 3 * scatter.y + direction * 12 / 30
      let x = sine * scatter.x - cosine * reach
      let y = -cosine * scatter.x - sine * reach
      let impulse = Self.sideImpulse * parameters.sideEngine
      // The reference applies it 17 and 14 pixels away, which is no rotation of one point.
      world.applyImpulse(
        x: Float(-x * impulse * abs(thrust.side)), y: Float(-y * impulse * abs(thrust.side)),
        at: Point(
          Float(position.x + x - sine * 17 / 30), Float(position.y + y + cosine * 14 / 30)),
        to: bodies[0])
    }
  }

  /// Observes and rewards, in double precision that is rounded last, as in the reference.
  private mutating func conclude(
    _ thrust: Thrust, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let hull = world.state(of: bodies[0])
    let (halfWidth, halfHeight) = (LunarLanderStart.width / 2, LunarLanderStart.height / 2)
    let x = (Double(hull.x) - halfWidth) / halfWidth
    let y = (Double(hull.y) - (LunarLanderStart.padHeight + Self.legDown)) / halfHeight
    let velocityX = Double(hull.velocityX) * halfWidth / Self.framesPerSecond
    let velocityY = Double(hull.velocityY) * halfHeight / Self.framesPerSecond
    let contacts: [2 of Double] = [
      world.isTouching(bodies[1]) ? 1 : 0, world.isTouching(bodies[2]) ? 1 : 0,
    ]
    observation[0] = Float(x)
    observation[1] = Float(y)
    observation[2] = Float(velocityX)
    observation[3] = Float(velocityY)
    observation[4] = hull.angle
    observation[5] = Float(20 * Double(hull.angularVelocity) / Self.framesPerSecond)
    observation[6] = Float(contacts[0])
    observation[7] = Float(contacts[1])

    let shaping =
      -100 * (x * x + y * y).squareRoot()
      - 100 * (velocityX * velocityX + velocityY * velocityY).squareRoot()
      - 100 * abs(Double(hull.angle)) + 10 * contacts[0] + 10 * contacts[1]
    var reward = shaping - previousShaping
    previousShaping = shaping
    reward -= thrust.main * 0.30
    reward -= abs(thrust.side) * 0.03
    if !world.isAwake(bodies[0]) { return StepOutcome(reward: 100, end: .goalReached) }
    if world.hasTouched(bodies[0]) { return StepOutcome(reward: -100, end: .fell) }
    if abs(x) >= 1 { return StepOutcome(reward: -100, end: .outOfBounds) }
    return StepOutcome(reward: reward)
  }

  func hashState(into hasher: inout StateHasher) {
    hasher.combine(world.fingerprint)
    hasher.combine(previousShaping)
    random.hash(into: &hasher)
    hasher.combine(UInt64(bitPattern: Int64(gusts?.force ?? 0)))
    hasher.combine(UInt64(bitPattern: Int64(gusts?.torque ?? 0)))
  }
}
