internal import Glibc
public import RLCore

/// Swing the tip of a double pendulum above a line, with a motor between its links only.
///
/// | Observation           | Unit  | Range    |   | Action               | Unit |
/// |-----------------------|-------|----------|---|----------------------|------|
/// | 0: cos of the first   | 1     | -1...1   |   | 0: torque -1         | N·m  |
/// | 1: sin of the first   | 1     | -1...1   |   | 1: no torque         | N·m  |
/// | 2: cos of the second  | 1     | -1...1   |   | 2: torque 1          | N·m  |
/// | 3: sin of the second  | 1     | -1...1   |   |                      |      |
/// | 4: velocity of the first  | rad/s | -4π...4π | |                    |      |
/// | 5: velocity of the second | rad/s | -9π...9π | |                    |      |
///
/// The first angle is 0 where the upper link hangs down, the second where both links are in line.
///
/// - Dynamics: Sutton and Barto's book; one step of the fourth-order Runge-Kutta method, 0.2 s;
///   angles are wrapped to -π...π and velocities clipped.
/// - Reward: -1 in every step but 0 in the one that arrives.
/// - Start: all four numbers uniform in ±0.1, in single precision.
/// - End: the tip is more than 1 m above the pivot.
/// - Disturbance: a torque between the links, at most half the motor's.
/// - Source: Gymnasium 1.4.0 `Acrobot-v1`, reproduced bit for bit in double precision.
public struct AcrobotV1: Environment, PlanningModel {
  /// The physical constants of the links.
  public struct Parameters: EnvironmentParameters {
    /// Gravitational acceleration, in m/s².
    public var gravity = 9.8
    /// Length of the upper link, in m; its centre of mass is in its middle.
    public var upperLength = 1.0
    /// Length of the lower link, in m; its centre of mass is in its middle.
    public var lowerLength = 1.0
    /// Mass of the upper link, in kg.
    public var upperMass = 1.0
    /// Mass of the lower link, in kg.
    public var lowerMass = 1.0
    /// Torque of the motor, in N·m.
    public var torque = 1.0

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "acrobot-v1",
    summary: "Swing the tip of a double pendulum above a line; closed-form dynamics.",
    reward: "-1 in every step, 0 in the last one if it arrives",
    observationSpace: .box(
      low: [-1, -1, -1, -1, -12.566_371, -28.274_334],
      high: [1, 1, 1, 1, 12.566_371, 28.274_334]),
    observationComponents: [
      .init("cosine of the first angle"), .init("sine of the first angle"),
      .init("cosine of the second angle"), .init("sine of the second angle"),
      .init("first angular velocity", unit: "rad/s"),
      .init("second angular velocity", unit: "rad/s"),
    ],
    actionSpace: .discrete(count: 3),
    actionComponents: [
      .init("torque -1", unit: "N·m"), .init("no torque"), .init("torque 1", unit: "N·m"),
    ], timeStep: 0.2, episodeSteps: 500,
    ends: [.init(.goalReached, when: "the tip is more than 1 m above the pivot")],
    solvedReturn: -100, source: "Gymnasium 1.4.0 Acrobot-v1")

  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init("gravity", unit: "m/s²", range: 1...20, "gravitational acceleration", \.gravity),
    .init("upper-length", unit: "m", range: 0.75...1.5, "length of the upper link", \.upperLength),
    .init("lower-length", unit: "m", range: 0.75...1.5, "length of the lower link", \.lowerLength),
    .init("upper-mass", unit: "kg", range: 0.25...4, "mass of the upper link", \.upperMass),
    .init("lower-mass", unit: "kg", range: 0.25...4, "mass of the lower link", \.lowerMass),
    .init(
      "torque", unit: "N·m", range: 0.25...2, isReversible: true, "torque of the motor", \.torque),
  ]

  private(set) var parameters: Parameters
  package private(set) var state: AcrobotState
  /// Last torque of the motor, as a fraction of its strongest; for the picture only.
  private(set) var lastTorque = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)
  // NumPy squares through `pow`; with a constant exponent, the optimiser would replace it by x·x.
  private var squareExponent = 2.0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters, state: AcrobotState(using: &random), observation: &observation)
  }

  /// Starts an episode in a given state.
  package init(
    parameters: Parameters, state: AcrobotState, observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    self.state = state
    state.observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("torque between the links", unit: "N·m", bound: 0.5)
  ]

  public mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastTorque = Double(action[0]) - 1
    var torque = lastTorque * parameters.torque
    if let push = disturbance.take() { torque += Double(push.x) }
    let next = integrated(torque)
    state.angles = (Self.wrapped(next.angles.0), Self.wrapped(next.angles.1))
    let (first, second) = (4 * Double.pi, 9 * Double.pi)
    state.velocities = (
      min(max(next.velocities.0, -first), first), min(max(next.velocities.1, -second), second)
    )
    state.observe(into: &observation)
    let hasArrived = parameters.height(of: state) > 1
    return StepOutcome(reward: hasArrived ? 0 : -1, end: hasArrived ? .goalReached : nil)
  }

  /// Returns the state after one step of the Runge-Kutta method, neither wrapped nor clipped.
  private func integrated(_ torque: Double) -> AcrobotState {
    let (step, half) = (0.2, 0.1)
    let k1 = rate(of: state, torque)
    let k2 = rate(of: state.moved(half, along: k1), torque)
    let k3 = rate(of: state.moved(half, along: k2), torque)
    let k4 = rate(of: state.moved(step, along: k3), torque)
    func sum(_ part: (AcrobotState) -> Double) -> Double {
      part(k1) + 2 * part(k2) + 2 * part(k3) + part(k4)
    }
    let slope = AcrobotState(
      angles: (sum(\.angles.0), sum(\.angles.1)),
      velocities: (sum(\.velocities.0), sum(\.velocities.1)))
    return state.moved(step / 6, along: slope)
  }

  /// Returns velocities and accelerations, in the reference's order of operations.
  private func rate(of state: AcrobotState, _ torque: Double) -> AcrobotState {
    let p = parameters
    let (m1, m2, l1) = (p.upperMass, p.lowerMass, p.upperLength)
    let (c1, c2) = (0.5 * l1, 0.5 * p.lowerLength)
    let (i1, i2) = (m1 * (l1 * l1), m2 * (p.lowerLength * p.lowerLength))
    let (first, second) = state.angles
    let (w1, w2) = state.velocities
    let cosine = cos(second)
    let sine = sin(second)
    let d1 = m1 * (c1 * c1) + m2 * (l1 * l1 + c2 * c2 + 2 * l1 * c2 * cosine) + i1 + i2
    let d2 = m2 * (c2 * c2 + l1 * c2 * cosine) + i2
    let phi2 = m2 * c2 * p.gravity * cos(first + second - .pi / 2)
    let phi1 =
      -m2 * l1 * c2 * square(w2) * sine - 2 * m2 * l1 * c2 * w2 * w1 * sine
      + (m1 * c1 + m2 * l1) * p.gravity * cos(first - .pi / 2) + phi2
    let secondAcceleration =
      (torque + d2 / d1 * phi1 - m2 * l1 * c2 * square(w1) * sine - phi2)
      / (m2 * (c2 * c2) + i2 - square(d2) / d1)
    let firstAcceleration = -(d2 * secondAcceleration + phi1) / d1
    return AcrobotState(angles: (w1, w2), velocities: (firstAcceleration, secondAcceleration))
  }

  private func square(_ number: Double) -> Double { pow(number, squareExponent) }

  /// Returns an angle in -π...π, by turns as in the reference.
  private static func wrapped(_ angle: Double) -> Double {
    guard angle.isFinite else { return angle }
    var angle = angle
    while angle > .pi { angle -= 2 * .pi }
    while angle < -.pi { angle += 2 * .pi }
    return angle
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.parameters = parameters
    return copy
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(state.angles.0)
    hasher.combine(state.angles.1)
    hasher.combine(state.velocities.0)
    hasher.combine(state.velocities.1)
  }
}

extension AcrobotState {
  /// Returns the state after a time at a constant rate of change.
  fileprivate func moved(_ time: Double, along rate: AcrobotState) -> AcrobotState {
    AcrobotState(
      angles: (angles.0 + time * rate.angles.0, angles.1 + time * rate.angles.1),
      velocities: (
        velocities.0 + time * rate.velocities.0, velocities.1 + time * rate.velocities.1
      ))
  }
}
