public import RLCore

/// Swing the tip of a double pendulum above a line, with a motor of any torque between its links
/// only: ``AcrobotV1`` with two rigid bodies in Box2D.
///
/// | Observation           | Unit  | Range    |   | Action                        | Unit | Range  |
/// |-----------------------|-------|----------|---|-------------------------------|------|--------|
/// | 0: cos of the first   | 1     | -1...1   |   | 0: torque between the links,  | 1    | -1...1 |
/// | 1: sin of the first   | 1     | -1...1   |   | in parts of 1 N·m             |      |        |
/// | 2: cos of the second  | 1     | -1...1   |   |                               |      |        |
/// | 3: sin of the second  | 1     | -1...1   |   |                               |      |        |
/// | 4: velocity of the first  | rad/s |      |   |                               |      |        |
/// | 5: velocity of the second | rad/s |      |   |                               |      |        |
///
/// The first angle is 0 where the upper link hangs down, the second where both links are in line.
///
/// - Dynamics: a link hangs from a fixed hinge and the other from its end; 40 Box2D steps of 5 ms per
///   action.  Links pass through each other, and nothing else is in their way.
/// - Reward: -1 in every step but 0 in the one that arrives.
/// - Start: all four numbers uniform in ±0.1, those of ``AcrobotV1`` with the same seed.
/// - End: the tip is more than 1 m above the pivot after a step.
/// - Disturbance: a torque between the links, at most half the motor's.
/// - Source: Gymnasium 1.4.0 `Acrobot-v1`, hence Sutton 1996, for task, constants and 0.2 s per
///   action; the torque of any size is that of dm_control's `acrobot-swingup`.
/// - Differences from source: rigid bodies, whose joints yield a little, instead of one step of the
///   Runge-Kutta method; a torque in -1...1 instead of one of -1, 0 and 1; velocities are not
///   clipped to ±4π and ±9π.
public struct Acrobot: Environment, ~Copyable {
  public typealias Parameters = AcrobotV1.Parameters

  public static let specification = EnvironmentSpecification(
    identifier: "acrobot",
    summary: "Swing the tip of a double pendulum above a line by a torque, simulated with Box2D.",
    reward: AcrobotV1.specification.reward,
    observationSpace: .box(
      low: [-1, -1, -1, -1, -.infinity, -.infinity], high: [1, 1, 1, 1, .infinity, .infinity]),
    observationComponents: AcrobotV1.specification.observationComponents,
    actionSpace: .box(low: [-1], high: [1]),
    actionComponents: [.init("torque")],
    timeStep: 0.2, episodeSteps: 500, ends: AcrobotV1.specification.ends,
    solvedReturn: AcrobotV1.specification.solvedReturn,
    source: "Gymnasium 1.4.0 Acrobot-v1's task, with rigid bodies and a continuous torque")

  public static let parameterTable = AcrobotV1.parameterTable

  let parameters: Parameters
  private(set) var bodies: AcrobotBodies
  /// Last torque of the motor, as a fraction of its strongest; for the picture only.
  private(set) var lastTorque = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

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
    bodies = AcrobotBodies(parameters, state: state)
    bodies.state.observe(into: &observation)
  }

  public static let disturbanceComponents = AcrobotV1.disturbanceComponents

  public mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastTorque = Double(min(max(action[0], -1), 1))
    var torque = Float(lastTorque * parameters.torque)
    if let push = disturbance.take() { torque += push.x }
    for _ in 0..<40 { bodies.step(seconds: 0.005, torque: torque) }
    let state = bodies.state
    state.observe(into: &observation)
    let hasArrived = parameters.height(of: state) > 1
    return StepOutcome(reward: hasArrived ? 0 : -1, end: hasArrived ? .goalReached : nil)
  }

  public func hashState(into hasher: inout StateHasher) { hasher.combine(bodies.fingerprint) }
}
