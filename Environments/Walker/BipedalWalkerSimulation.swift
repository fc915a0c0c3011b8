internal import Glibc
package import Physics
package import RLCore

/// The bodies, world and rules shared by both walkers; see ``BipedalWalker``.
package struct BipedalWalkerSimulation: ~Copyable {
  private static let unitsPerPixel = 1.0 / 30
  static let legHeight = 34 / 30.0  // m
  static let legWidth = 8 / 30.0  // m
  static let legDrop = -8 / 30.0  // m, hip below the hull's origin
  private static let motorTorque = 80.0  // N·m
  private static let hipSpeed = 4.0  // rad/s
  private static let kneeSpeed = 6.0  // rad/s
  private static let framesPerSecond = 50.0
  private static let groundFriction = 2.5
  static let finish = 190 * BipedalWalkerTerrain.spacing  // m

  /// Lidar rays: ten from straight down to almost straight ahead.
  package static let rays: [RayOffset] = (0..<10).map {
    let angle = 1.5 * Double($0) / 10
    return RayOffset(sin(angle) * (160 / 30.0), -cos(angle) * (160 / 30.0))
  }

  static let hullOutline = [(-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8)].map {
    Point(Float(Double($0.0) / 30), Float(Double($0.1) / 30))
  }

  private let parameters: BipedalWalkerParameters
  package private(set) var world: World
  /// Bodies: the hull, then the upper and lower segment of the rear and of the front leg.
  package let bodies: [5 of Body]
  /// Joints: hip and knee of the rear leg, then of the front leg.
  package let joints: [4 of Joint]
  private var previousShaping: Double
  /// Terrain on which the world was built; for the picture only.
  let terrain: BipedalWalkerTerrain
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  /// Starts an episode on a given terrain.
  package init(
    parameters: BipedalWalkerParameters, on terrain: BipedalWalkerTerrain,
    observation: inout MutableSpan<Float>
  ) {
    self.init(parameters: parameters, on: terrain, poses: Self.restPoses)
    // The reference's reset takes a first step with no torque and discards its reward.
    let rest: [4 of Float] = [0, 0, 0, 0]
    _ = step(action: rest.span, observation: &observation)
  }

  /// Creates a world in which the bodies are about to take their first step.
  ///
  /// Velocities are those of the centres of mass.
  package init(
    parameters: BipedalWalkerParameters, on terrain: BipedalWalkerTerrain,
    poses: [5 of BodyState]
  ) {
    self.parameters = parameters
    self.terrain = terrain
    world = World(gravity: Float(-10 * parameters.gravity))
    terrain.build(in: &world, friction: Float(Self.groundFriction * parameters.friction))
    let hull = world.addDynamicBody(poses[0].atRest, maySleep: true)
    world.addPolygon(
      Self.hullOutline, to: hull,
      Material(density: Float(5 * parameters.mass), friction: 0.1, category: 0x20, mask: 1))
    world.applyForce(x: Float(terrain.hullForce), y: 0, to: hull)
    let density = Float(parameters.mass)
    let rear = Self.addLeg(to: hull, in: &world, poses, upper: 1, density)
    let front = Self.addLeg(to: hull, in: &world, poses, upper: 3, density)
    bodies = [hull, rear.upper, rear.lower, front.upper, front.lower]
    joints = [rear.hip, rear.knee, front.hip, front.knee]
    previousShaping = Self.shaping(hull: poses[0])
    for i in 0..<5 {
      world.setVelocity(
        x: poses[i].velocityX, y: poses[i].velocityY, angular: poses[i].angularVelocity,
        of: bodies[i])
    }
  }

  /// Initial poses of the bodies: the hull level, the legs tilted by -0.05 and 0.05 rad.
  package static let restPoses: [5 of BodyState] = {
    let x = BipedalWalkerTerrain.spacing * Double(BipedalWalkerTerrain.startColumns) / 2
    let y = BipedalWalkerTerrain.baseHeight + 2 * legHeight
    func segment(lengthsAboveCenter: Double, side: Float) -> BodyState {
      let height = y - legHeight * lengthsAboveCenter - legDrop
      return BodyState(x: Float(x), y: Float(height), angle: side * 0.05)
    }
    return [
      BodyState(x: Float(x), y: Float(y)),
      segment(lengthsAboveCenter: 0.5, side: -1), segment(lengthsAboveCenter: 1.5, side: -1),
      segment(lengthsAboveCenter: 0.5, side: 1), segment(lengthsAboveCenter: 1.5, side: 1),
    ]
  }()

  /// Adds the leg whose segments have the poses `upper` and `upper + 1`.
  private static func addLeg(
    to hull: Body, in world: inout World, _ poses: [5 of BodyState], upper: Int, _ density: Float
  ) -> (upper: Body, hip: Joint, lower: Body, knee: Joint) {
    let material = Material(density: density, category: 0x20, mask: 1)
    let halfHeight = Float(legHeight / 2)
    let thigh = world.addDynamicBody(poses[upper].atRest, maySleep: true)
    world.addBox(halfWidth: Float(legWidth / 2), halfHeight: halfHeight, to: thigh, material)
    // pybox2d measures hinge angles from the pose at creation, unlike Box2D in C++.
    let hip = world.addHinge(
      Hinge(
        hull, at: Point(0, Float(legDrop)), to: thigh, at: Point(0, halfHeight),
        referenceAngle: restPoses[upper].angle, limits: -0.8...1.1, hasMotor: true))
    let shin = world.addDynamicBody(poses[upper + 1].atRest, maySleep: true)
    world.addBox(halfWidth: Float(0.8 * legWidth / 2), halfHeight: halfHeight, to: shin, material)
    let knee = world.addHinge(
      Hinge(
        thigh, at: Point(0, -halfHeight), to: shin, at: Point(0, halfHeight),
        limits: -1.6 ... -0.1, hasMotor: true))
    return (thigh, hip, shin, knee)
  }

  static let disturbanceComponents = [
    DisturbanceComponent("hull force along x", unit: "N", bound: 10),
    DisturbanceComponent("hull force along y", unit: "N", bound: 10),
  ]

  /// Applies a force to the hull's centre of mass during the next step.
  mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  /// Advances by one time step.
  package mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    for i in 0..<4 {
      let direction: Double = action[i] > 0 ? 1 : action[i] < 0 ? -1 : 0
      let speed = (i % 2 == 0 ? Self.hipSpeed : Self.kneeSpeed) * parameters.motorSpeed * direction
      world.drive(
        joints[i], speed: Float(speed),
        maximumTorque: Float(Self.motorTorque * parameters.motorStrength) * min(abs(action[i]), 1))
    }
    if let force = disturbance.take() {
      world.applyForce(x: force.x, y: force.y, to: bodies[0])
    }
    world.step(
      seconds: Float(1 / Self.framesPerSecond), velocityIterations: 180, positionIterations: 60)
    let hull = world.state(of: bodies[0])
    observe(hull, into: &observation)
    return outcome(hull: hull, action: action)
  }

  /// Writes what the walker senses, computed in double precision and rounded last, as in the
  /// reference.
  private func observe(_ hull: BodyState, into observation: inout MutableSpan<Float>) {
    observation[0] = hull.angle
    observation[1] = Float(2 * Double(hull.angularVelocity) / Self.framesPerSecond)
    observation[2] = Float(
      0.3 * Double(hull.velocityX) * (600 * Self.unitsPerPixel) / Self.framesPerSecond)
    observation[3] = Float(
      0.3 * Double(hull.velocityY) * (400 * Self.unitsPerPixel) / Self.framesPerSecond)
    for leg in 0..<2 {
      let (hip, knee) = (world.state(of: joints[2 * leg]), world.state(of: joints[2 * leg + 1]))
      observation[4 + 5 * leg] = hip.angle
      observation[5 + 5 * leg] = Float(Double(hip.speed) / Self.hipSpeed)
      observation[6 + 5 * leg] = Float(Double(knee.angle) + 1)
      observation[7 + 5 * leg] = Float(Double(knee.speed) / Self.kneeSpeed)
      observation[8 + 5 * leg] = world.isTouching(bodies[2 + 2 * leg]) ? 1 : 0
    }
    world.castFan(from: bodies[0], rays: Self.rays.span, into: &observation, at: 14)
  }

  private mutating func outcome(hull: BodyState, action: Span<Float>) -> StepOutcome {
    let shaping = Self.shaping(hull: hull)
    // As in NumPy, single-precision actions make the reward single-precision from here on.
    var reward = Float(shaping - previousShaping)
    previousShaping = shaping
    for i in 0..<4 { reward -= Float(0.00035 * Self.motorTorque) * min(abs(action[i]), 1) }
    if world.hasTouched(bodies[0]) { return StepOutcome(reward: -100, end: .fell) }
    if hull.x < 0 { return StepOutcome(reward: -100, end: .outOfBounds) }
    return StepOutcome(
      reward: Double(reward), end: Double(hull.x) > Self.finish ? .goalReached : nil)
  }

  /// Returns the potential whose change is the reward before costs.
  private static func shaping(hull: BodyState) -> Double {
    130 * Double(hull.x) / 30 - 5 * abs(Double(hull.angle))
  }

  func hashState(into hasher: inout StateHasher) {
    hasher.combine(world.fingerprint)
    hasher.combine(previousShaping)
  }
}
