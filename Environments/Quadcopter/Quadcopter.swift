internal import Glibc
internal import Physics
public import RLCore

/// Fly a small quadcopter to a point in a vertical plane and hover there.
///
/// | Observation                    | Unit  |   | Action                        | Range  |
/// |--------------------------------|-------|---|-------------------------------|--------|
/// | 0: x, from the goal            | m     |   | 0: thrust of the right rotors | -1...1 |
/// | 1: velocity along x            | m/s   |   | 1: thrust of the left rotors  | -1...1 |
/// | 2: z, from the goal            | m     |   |                               |        |
/// | 3: velocity along z            | m/s   |   |                               |        |
/// | 4: pitch, + tilts thrust to +x | rad   |   |                               |        |
/// | 5: pitch rate                  | rad/s |   |                               |        |
/// | 6, 7: thrust, right and left   | hover thrust - 1 | |                       |        |
///
/// An action of -1 commands the least thrust, 0 hover thrust, 1 the most (2.24 weights).
///
/// - Dynamics: a Box2D body with motor lag, thrust limits and rotor drag (`QuadcopterModel`);
///   50 Hz control, four substeps of 5 ms.
/// - Reward: `exp(-(2 d + 0.2 |v| + |pitch| + 0.1 |rate| + 0.05 |a|²))` with the distance d to the
///   goal; in 0...1.  It uses the distance itself, not its square as in safe-control-gym, so that
///   the last centimetres still matter.
/// - Start: x ±1 m, z 0.3...2 m, velocities ±1 m/s, pitch ±0.2 rad, rate ±1.5 rad/s, rotors at
///   hover speed.
/// - End: it falls (z < 0 or |pitch| > 85°) or leaves its space (|x| > 3 m or z > 3 m).
/// - Success: within 5 cm and 0.05 rad of the goal (0, 1) at the end of the episode.
/// - Disturbance: a force on the centre of mass during all four substeps, at most 0.05 N in each
///   direction, a fifth of the weight.
/// - Source: safe-control-gym's 2-D quadrotor (Yuan et al. 2022, arXiv:2109.06325).
/// - Differences from source: motor lag, drag, the full thrust range, wider bounds, and the reward.
public struct Quadcopter: Environment, ~Copyable {
  /// The physical constants of the quadcopter; factors on `QuadcopterModel` unless they have a
  /// unit.
  public struct Parameters: EnvironmentParameters {
    /// Factor on gravity, 9.8 m/s².
    public var gravity = 1.0
    /// Factor on mass, 27 g.
    public var mass = 1.0
    /// Factor on inertia, 1.4e-5 kg·m².
    public var inertia = 1.0
    /// Factor on the rotors' distance from the centre, 28 mm along x.
    public var armLength = 1.0
    /// Factor on thrust.
    public var motorStrength = 1.0
    /// Factor on the motors' time constants.
    public var motorLag = 1.0
    /// Factor on rotor drag.
    public var drag = 1.0
    /// Steady wind along x, in m/s.
    public var wind = 0.0

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "quadcopter",
    summary: "Fly a small quadcopter to a point in a vertical plane and hover there.",
    reward:
      "exp(-(2 d + 0.2 |v| + |pitch| + 0.1 |rate| + 0.05 |a|²)), with the distance d to the goal",
    observationSpace: .box(
      low: [-4, -.infinity, -2, -.infinity, -2, -.infinity, -1, -1],
      high: [4, .infinity, 3, .infinity, 2, .infinity, 1.5, 1.5]),
    observationComponents: [
      .init("x from the goal", unit: "m"), .init("x velocity", unit: "m/s"),
      .init("z from the goal", unit: "m"), .init("z velocity", unit: "m/s"),
      .init("pitch", unit: "rad"), .init("pitch rate", unit: "rad/s"),
      .init("right thrust beyond hover", unit: "0.1323 N"),
      .init("left thrust beyond hover", unit: "0.1323 N"),
    ],
    actionSpace: .box(low: [-1, -1], high: [1, 1]),
    actionComponents: [.init("right thrust"), .init("left thrust")],
    timeStep: 0.02, episodeSteps: 250,
    ends: ends(beside: "the goal"), solvedReturn: nil,
    source: "safe-control-gym 2-D quadrotor with motor lag")

  /// The ends of the tasks in which a quadcopter flies near a place.
  static func ends(beside place: String) -> [EnvironmentSpecification.End] {
    [
      .init(.fell, when: "it touches the ground or its pitch exceeds 85°"),
      .init(.outOfBounds, when: "it is 3 m beside \(place) or 3 m above the ground"),
    ]
  }

  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init("gravity", unit: "1", range: 0.5...1.5, "factor on gravity, 9.8 m/s²", \.gravity),
    .init("mass", unit: "1", range: 0.5...1.8, "factor on mass, 27 g", \.mass),
    .init("inertia", unit: "1", range: 0.5...2, "factor on inertia, 1.4e-5 kg·m²", \.inertia),
    .init(
      "arm-length", unit: "1", range: 0.5...2, "factor on the lever arm, 28 mm", \.armLength),
    .init("motor-strength", unit: "1", range: 0.6...1.2, "factor on thrust", \.motorStrength),
    .init("motor-lag", unit: "1", range: 0...2, "factor on the motors' lag", \.motorLag),
    .init("drag", unit: "1", range: 0...5, "factor on rotor drag", \.drag),
    .init("wind", unit: "m/s", range: -5...5, "steady wind along x", \.wind),
  ]

  /// Whether an episode that ended with this observation succeeded: the drone hovers at the goal.
  public static func isSuccess(finalObservation observation: Span<Float>) -> Bool {
    let distance = hypot(observation[0], observation[2])
    return distance < 0.05 && abs(observation[4]) < 0.05
  }

  static let unitsPerMetre = 10.0
  /// Position in which observations are 0, in m; the goal unless ``goalX`` moves it.
  static let goal = (x: 0.0, z: 1.0)
  static let substeps = 4
  static let substep = 0.005  // s
  static let maximumPitch = 85 * Double.pi / 180  // rad

  let parameters: Parameters
  /// The world of the drone alone, unless a task adds what it can touch.
  var world: World
  let body: Body
  /// Speeds of the right and left rotors, in rpm.
  private(set) var speeds = (right: QuadcopterModel.hoverSpeed, left: QuadcopterModel.hoverSpeed)
  private(set) var disturbance = restingPort
  /// Position of the goal along x, from that in which observations are 0, in m.
  var goalX = 0.0
  private static let restingPort = DisturbancePort(disturbanceComponents)

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let x = random.uniform(-1, 1)
    let vx = random.uniform(-1, 1)
    let z = random.uniform(0.3, 2)
    let vz = random.uniform(-1, 1)
    let pitch = random.uniform(-0.2, 0.2)
    let rate = random.uniform(-1.5, 1.5)
    self.init(
      parameters: parameters, state: [x, vx, z, vz, pitch, rate], observation: &observation)
  }

  /// Starts an episode in a given state (x, x', z, z', pitch, rate), with thrusts in hover thrusts
  /// beyond hover.
  package init(
    parameters: Parameters, state: [6 of Double], thrusts: (right: Double, left: Double) = (0, 0),
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    speeds.right *= (1 + thrusts.right).squareRoot()
    speeds.left *= (1 + thrusts.left).squareRoot()
    let scale = Self.unitsPerMetre
    // One metre is ten units: at 1 : 1, Box2D's tolerances would be as thick as the drone.
    world = World(gravity: -Self.gravity(parameters))
    body = world.addDynamicBody(
      BodyState(x: Float(state[0] * scale), y: Float(state[2] * scale), angle: Float(-state[4])),
      maySleep: false)
    world.setMass(Self.mass(parameters), of: body)
    world.setVelocity(
      x: Float(state[1] * scale), y: Float(state[3] * scale), angular: Float(-state[5]),
      of: body)
    observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("force along x", unit: "N", bound: 0.05),
    DisturbanceComponent("force along z", unit: "N", bound: 0.05),
  ]

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let command = Self.commandedSpeeds(action)
    let push = disturbance.take()
    for _ in 0..<Self.substeps {
      speeds = Self.laggedSpeeds(from: speeds, to: command, parameters)
      let load = Self.load(on: world.state(of: body), speeds: speeds, parameters)
      world.applyForce(x: load.x, y: load.y, to: body)
      world.applyTorque(load.torque, to: body)
      if let push {
        let scale = Float(Self.unitsPerMetre)
        world.applyForce(x: push.x * scale, y: push.y * scale, to: body)
      }
      world.step(seconds: Float(Self.substep), velocityIterations: 8, positionIterations: 3)
    }
    observe(into: &observation)
    return Self.outcome(action: action, observation: observation, goalX: goalX)
  }

  func observe(into observation: inout MutableSpan<Float>) {
    Self.observe(world.state(of: body), speeds, into: &observation)
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    QuadcopterFlight(parameters, world.state(of: body), speeds: speeds, goalX: goalX)
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(world.fingerprint)
    hasher.combine(speeds.right)
    hasher.combine(speeds.left)
  }
}

// MARK: - Dynamics, reward and end, shared with the model for planners

extension Quadcopter {
  /// Returns the gravity of the world, in units/s².
  static func gravity(_ parameters: Parameters) -> Float {
    Float(QuadcopterModel.gravity * parameters.gravity * unitsPerMetre)
  }

  /// Returns the mass of the body and its moment of inertia, in kg·units².
  static func mass(_ parameters: Parameters) -> MassProperties {
    MassProperties(
      mass: Float(QuadcopterModel.mass * parameters.mass),
      inertia: Float(
        QuadcopterModel.inertia * parameters.inertia * unitsPerMetre * unitsPerMetre))
  }

  /// Gives a drone the shape with which it touches others: 12 cm wide and 25 mm tall.
  ///
  /// - Source: the collision cylinder of gym-pybullet-drones' Crazyflie.
  static func addShape(to body: Body, in world: inout World) {
    world.addBox(
      halfWidth: Float(0.06 * unitsPerMetre), halfHeight: Float(0.0125 * unitsPerMetre), to: body,
      Material())
  }

  /// Returns the rotor speeds that the two components of an action from `first` on command, in rpm.
  static func commandedSpeeds(
    _ action: Span<Float>, at first: Int = 0
  ) -> (right: Double, left: Double) {
    (
      QuadcopterModel.commandedSpeed(action: Double(action[first])),
      QuadcopterModel.commandedSpeed(action: Double(action[first + 1]))
    )
  }

  /// Returns the rotor speeds after a substep, in rpm.
  static func laggedSpeeds(
    from speeds: (right: Double, left: Double), to command: (right: Double, left: Double),
    _ parameters: Parameters
  ) -> (right: Double, left: Double) {
    (
      QuadcopterModel.laggedSpeed(
        from: speeds.right, to: command.right, seconds: substep, lag: parameters.motorLag),
      QuadcopterModel.laggedSpeed(
        from: speeds.left, to: command.left, seconds: substep, lag: parameters.motorLag)
    )
  }

  /// Returns thrust, drag and downwash in N times units per metre, and the torque in the same with units,
  /// all at the pose of this substep; the downwash, in N, acts downwards in the body's frame.
  static func load(
    on state: BodyState, speeds: (right: Double, left: Double), downwash: Double = 0,
    _ parameters: Parameters
  ) -> (x: Float, y: Float, torque: Float) {
    let scale = unitsPerMetre
    let (sine, cosine) = (sin(-Double(state.angle)), cos(-Double(state.angle)))
    let right = parameters.motorStrength * QuadcopterModel.pairThrust(speed: speeds.right)
    let left = parameters.motorStrength * QuadcopterModel.pairThrust(speed: speeds.left)

    let rotorSpeed = 2 * (speeds.right + speeds.left) * 2 * Double.pi / 60  // rad/s
    let drag = parameters.drag * rotorSpeed
    let vx = Double(state.velocityX) / scale - parameters.wind
    let vz = Double(state.velocityY) / scale
    let along = -drag * QuadcopterModel.dragCoefficient.x * (cosine * vx - sine * vz)
    let upwards =
      right + left - drag * QuadcopterModel.dragCoefficient.z * (sine * vx + cosine * vz)
      - downwash
    let lever = QuadcopterModel.lever * parameters.armLength
    return (
      Float((cosine * along + sine * upwards) * scale),
      Float((cosine * upwards - sine * along) * scale),
      Float((right - left) * lever * scale * scale)
    )
  }

  /// Writes the eight components of a drone's own state, from the component `first` on.
  static func observe(
    _ state: BodyState, _ speeds: (right: Double, left: Double),
    into observation: inout MutableSpan<Float>, at first: Int = 0
  ) {
    let scale = unitsPerMetre
    let hover = QuadcopterModel.pairThrust(speed: QuadcopterModel.hoverSpeed)
    observation[first] = Float(Double(state.x) / scale - goal.x)
    observation[first + 1] = Float(Double(state.velocityX) / scale)
    observation[first + 2] = Float(Double(state.y) / scale - goal.z)
    observation[first + 3] = Float(Double(state.velocityY) / scale)
    observation[first + 4] = -state.angle
    observation[first + 5] = -state.angularVelocity
    observation[first + 6] = Float(QuadcopterModel.pairThrust(speed: speeds.right) / hover - 1)
    observation[first + 7] = Float(QuadcopterModel.pairThrust(speed: speeds.left) / hover - 1)
  }

  /// Returns the reward, and the end if there is one, of an action that led to an observation.
  static func outcome(
    action: Span<Float>, observation: borrowing MutableSpan<Float>, goalX: Double
  ) -> StepOutcome {
    let (x, z) = (Double(observation[0]), Double(observation[2]))
    let speed = hypot(Double(observation[1]), Double(observation[3]))
    let (pitch, rate) = (abs(Double(observation[4])), abs(Double(observation[5])))
    let (first, second) = (Double(action[0]), Double(action[1]))
    let effort = min(first * first, 1) + min(second * second, 1)
    let cost = 2 * hypot(x - goalX, z) + 0.2 * speed + pitch + 0.1 * rate + 0.05 * effort
    let height = z + goal.z
    let hasFallen = height < 0 || pitch > maximumPitch
    let isOut = abs(x) > 3 || height > 3
    return StepOutcome(reward: exp(-cost), end: hasFallen ? .fell : isOut ? .outOfBounds : nil)
  }
}
