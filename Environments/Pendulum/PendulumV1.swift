internal import Glibc
public import RLCore

/// Swing a torque-limited pendulum upright and hold it there, in closed form.
///
/// A uniform rod hangs from a frictionless pivot.  The motor is too weak to lift it directly, so
/// energy has to be pumped in over several swings.
///
/// | Observation          | Unit  | Range  |   | Action                         | Unit | Range  |
/// |----------------------|-------|--------|---|--------------------------------|------|--------|
/// | 0: cos of the angle  | 1     | -1...1 |   | 0: torque, + counter-clockwise | N·m  | -2...2 |
/// | 1: sin of the angle  | 1     | -1...1 |   |                                |      |        |
/// | 2: angular velocity  | rad/s | -8...8 |   |                                |      |        |
///
/// - Dynamics: acceleration `3g/(2l) sin(angle) + 3u/(m l²)`; semi-implicit Euler, 0.05 s; the
///   angle (0 = upright) is never wrapped.
/// - Reward: `-(angle² + 0.1 velocity² + 0.001 u²)` of the state *before* the step, the angle
///   wrapped to -π..<π.  Range -16.27...0.
/// - Start: angle uniform in ±π rad, velocity uniform in ±1 rad/s.
/// - End: never terminates.
/// - Disturbance: a torque on the shaft, at most a quarter of the motor's; it does not affect the
///   reward.
/// - Source: Gymnasium 1.4.0 `Pendulum-v1`, reproduced bit for bit in double precision.
public struct PendulumV1: Environment, PlanningModel {
  /// The physical constants of the pendulum.
  public struct Parameters: EnvironmentParameters {
    /// Gravitational acceleration, in m/s².
    public var gravity = 10.0
    /// Mass of the rod, in kg.
    public var mass = 1.0
    /// Length of the rod, in m.
    public var length = 1.0
    /// Factor on the commanded torque.
    public var motorStrength = 1.0

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "pendulum-v1",
    summary: "Swing a torque-limited pendulum upright and hold it; closed-form dynamics.",
    reward: "-(θ² + 0.1 θ'² + 0.001 u²) before the step, with the torque u; -16.27 to 0",
    observationSpace: .box(low: [-1, -1, -8], high: [1, 1, 8]),
    observationComponents: [
      .init("cosine of the angle"), .init("sine of the angle"),
      .init("angular velocity", unit: "rad/s"),
    ],
    actionSpace: .box(low: [-2], high: [2]), actionComponents: [.init("torque", unit: "N·m")],
    timeStep: 0.05, episodeSteps: 200, solvedReturn: nil, source: "Gymnasium 1.4.0 Pendulum-v1")

  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init("gravity", unit: "m/s²", range: 1...20, "gravitational acceleration", \.gravity),
    .init("mass", unit: "kg", range: 0.25...4, "mass of the rod", \.mass),
    .init("length", unit: "m", range: 0.25...3, "length of the rod", \.length),
    .init(
      "motor-strength", unit: "1", range: 0.25...2, isReversible: true,
      "factor on the commanded torque", \.motorStrength),
  ]

  private(set) var parameters: Parameters
  /// Angle from upright, in rad, never wrapped.
  package private(set) var angle: Double
  /// Angular velocity, in rad/s.
  package private(set) var velocity: Double
  /// Torque of the motor in the last step, in N·m; for the picture only.
  private(set) var lastTorque = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)
  // NumPy squares through `pow`, which occasionally differs from x·x in the last bit; with a
  // constant exponent, the optimiser would replace it by x·x.
  private var squareExponent = 2.0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let angle = random.uniform(-.pi, .pi)
    let velocity = random.uniform(-1, 1)
    self.init(
      parameters: parameters, angle: angle, velocity: velocity, observation: &observation)
  }

  /// Starts an episode in a given state.
  package init(
    parameters: Parameters, angle: Double, velocity: Double,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    self.angle = angle
    self.velocity = velocity
    observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("shaft torque", unit: "N·m", bound: 0.5)
  ]

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    // NumPy computes products of a constant and a single-precision action in single precision.
    let torque = min(max(action[0], -2), 2) * Float(parameters.motorStrength)
    lastTorque = Double(torque)
    let drive = Float(3.0 / (parameters.mass * (parameters.length * parameters.length))) * torque
    let effort = Float(0.001) * powf(torque, Float(squareExponent))
    return advance(drive: Double(drive), effort: Double(effort), observation: &observation)
  }

  /// Advances by one time step with a torque in double precision.
  ///
  /// The reference computes in the precision of the given action; agents act in single precision,
  /// but traces may hold double precision.
  package mutating func step(
    doubleTorque: Double, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let torque = min(max(doubleTorque, -2), 2) * parameters.motorStrength
    lastTorque = torque
    let drive = 3.0 / (parameters.mass * (parameters.length * parameters.length)) * torque
    return advance(
      drive: drive, effort: 0.001 * pow(torque, squareExponent), observation: &observation)
  }

  private mutating func advance(
    drive: Double, effort: Double, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let cost =
      pow(Self.wrapped(angle), squareExponent) + 0.1 * pow(velocity, squareExponent) + effort
    var acceleration = 3 * parameters.gravity / (2 * parameters.length) * sin(angle) + drive
    if let torque = disturbance.take() {
      acceleration +=
        3 / (parameters.mass * parameters.length * parameters.length) * Double(torque.x)
    }
    velocity = min(max(velocity + acceleration * 0.05, -8), 8)
    angle += velocity * 0.05
    observe(into: &observation)
    return StepOutcome(reward: -cost)
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.parameters = parameters
    return copy
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(angle)
    hasher.combine(velocity)
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(cos(angle))
    observation[1] = Float(sin(angle))
    observation[2] = Float(velocity)
  }

  /// Returns the same angle in -π ..< π, by NumPy's floored remainder.
  static func wrapped(_ angle: Double) -> Double {
    let remainder = fmod(angle + .pi, 2 * .pi)
    return (remainder < 0 ? remainder + 2 * .pi : remainder) - .pi
  }
}
