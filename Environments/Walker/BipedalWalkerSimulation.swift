internal import Glibc
package import Physics
package import RLCore

/// The bodies, world and rules shared by both walkers; see ``BipedalWalker``.
package struct BipedalWalkerSimulation: ~Copyable {
  static let unitsPerPixel = 1.0 / 30
  static let legHeight = 34 / 30.0  // m
  static let legWidth = 8 / 30.0  // m
  static let legDrop = -8 / 30.0  // m, hip below the hull's origin
  static let motorTorque = 80.0  // N·m
  static let hipSpeed = 4.0  // rad/s
  static let kneeSpeed = 6.0  // rad/s
  static let framesPerSecond = 50.0
  static let velocityIterations: Int32 = 180
  static let positionIterations: Int32 = 60
  static let groundFriction = 2.5
  static let finish = 190 * BipedalWalkerTerrain.spacing  // m

  /// Lidar rays: ten from straight down to almost straight ahead.
  package static let rays: [RayOffset] = (0..<10).map {
    let angle = 1.5 * Double($0) / 10
    return RayOffset(sin(angle) * (160 / 30.0), -cos(angle) * (160 / 30.0))
  }

  static let hullOutline = [(-30, 9), (6, 9), (34, 1), (34, -8), (-30, -8)].map {
    Point(Float(Double($0.0) / 30), Float(Double($0.1) / 30))
  }

  let parameters: BipedalWalkerParameters
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
    self.init(
      parameters: parameters, on: terrain,
      poses: Self.restPoses(legLength: parameters.legLength))
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
    world = World(gravity: parameters.gravityUpwards)
    terrain.build(in: &world, friction: parameters.groundFriction)
    let hull = world.addDynamicBody(poses[0].atRest, maySleep: true)
    world.addPolygon(
      Self.hullOutline, to: hull,
      Material(
        density: parameters.hullDensity, friction: Self.hullFriction, category: 0x20, mask: 1))
    world.applyForce(x: Float(terrain.hullForce), y: 0, to: hull)
    let rear = Self.addLeg(to: hull, in: &world, poses, upper: 1, parameters)
    let front = Self.addLeg(to: hull, in: &world, poses, upper: 3, parameters)
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
  package static let restPoses = restPoses(legLength: 1)

  /// Returns the poses at the start with a factor on the legs' length.
  private static func restPoses(legLength: Double) -> [5 of BodyState] {
    let x = BipedalWalkerTerrain.spacing * Double(BipedalWalkerTerrain.startColumns) / 2
    let length = legHeight * legLength
    let y = BipedalWalkerTerrain.baseHeight + 2 * length
    func segment(lengthsAboveCenter: Double, side: Float) -> BodyState {
      let height = y - length * lengthsAboveCenter - legDrop
      return BodyState(x: Float(x), y: Float(height), angle: side * 0.05)
    }
    return [
      BodyState(x: Float(x), y: Float(y)),
      segment(lengthsAboveCenter: 0.5, side: -1), segment(lengthsAboveCenter: 1.5, side: -1),
      segment(lengthsAboveCenter: 0.5, side: 1), segment(lengthsAboveCenter: 1.5, side: 1),
    ]
  }

  /// Adds the leg whose segments have the poses `upper` and `upper + 1`.
  private static func addLeg(
    to hull: Body, in world: inout World, _ poses: [5 of BodyState], upper: Int,
    _ parameters: BipedalWalkerParameters
  ) -> (upper: Body, hip: Joint, lower: Body, knee: Joint) {
    let material = Material(
      density: parameters.legDensity, friction: legFriction, category: 0x20, mask: 1)
    let (length, halfHeight) = (parameters.legLength, legHalfHeight(parameters.legLength))
    let thigh = world.addDynamicBody(poses[upper].atRest, maySleep: true)
    world.addBox(halfWidth: upperHalfWidth, halfHeight: halfHeight, to: thigh, material)
    let hip = world.addHinge(hip(of: upper, hull: hull, thigh: thigh, legLength: length))
    let shin = world.addDynamicBody(poses[upper + 1].atRest, maySleep: true)
    world.addBox(halfWidth: lowerHalfWidth, halfHeight: halfHeight, to: shin, material)
    let knee = world.addHinge(knee(thigh: thigh, shin: shin, legLength: length))
    return (thigh, hip, shin, knee)
  }

  static let hullFriction: Float = 0.1
  static let legFriction: Float = 0.2
  static let upperHalfWidth = Float(legWidth / 2)
  static let lowerHalfWidth = Float(0.8 * legWidth / 2)

  /// Half the length of a segment, with a factor on it, in m.
  static func legHalfHeight(_ legLength: Double) -> Float { Float(legHeight * legLength / 2) }

  /// The hip of the leg whose upper segment has the pose `upper`.
  static func hip(of upper: Int, hull: Body, thigh: Body, legLength: Double) -> Hinge {
    // pybox2d measures hinge angles from the pose at creation, unlike Box2D in C++.
    Hinge(
      hull, at: Point(0, Float(legDrop)), to: thigh,
      at: Point(0, legHalfHeight(legLength)),
      referenceAngle: restPoses[upper].angle, limits: -0.8...1.1, hasMotor: true)
  }

  static func knee(thigh: Body, shin: Body, legLength: Double) -> Hinge {
    Hinge(
      thigh, at: Point(0, -legHalfHeight(legLength)), to: shin,
      at: Point(0, legHalfHeight(legLength)),
      limits: -1.6 ... -0.1, hasMotor: true)
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
    drive(action, parameters)
    if let force = disturbance.take() {
      world.applyForce(x: force.x, y: force.y, to: bodies[0])
    }
    world.step(
      seconds: Float(1 / Self.framesPerSecond), velocityIterations: Self.velocityIterations,
      positionIterations: Self.positionIterations)
    var shaping = previousShaping
    let outcome = conclude(action, &shaping, observation: &observation)
    previousShaping = shaping
    return outcome
  }

  func hashState(into hasher: inout StateHasher) {
    hasher.combine(world.fingerprint)
    hasher.combine(previousShaping)
  }
}

extension BipedalWalkerSimulation: BipedalWalkerBodies {
  func state(ofBody body: Int) -> BodyState { world.state(of: bodies[body]) }
  func state(ofHinge hinge: Int) -> HingeState { world.state(of: joints[hinge]) }
  func isTouching(_ body: Int) -> Bool { world.isTouching(bodies[body]) }
  var hullHasTouched: Bool { world.hasTouched(bodies[0]) }
  func castRays(into fractions: inout MutableSpan<Float>, at offset: Int) {
    // A span of a computed temporary must not outlive the expression, which debug builds check.
    let rays = Self.rays
    world.castFan(from: bodies[0], rays: rays.span, into: &fractions, at: offset)
  }
  mutating func drive(_ hinge: Int, speed: Float, maximumTorque: Float) {
    world.drive(joints[hinge], speed: speed, maximumTorque: maximumTorque)
  }
}
