internal import Glibc
public import RLCore

/// Drive a weak car out of a valley with as little effort as possible, in closed form.
///
/// The hill is that of ``MountainCar``; the motor's push is a number, and it costs.
///
/// | Observation | Unit       | Range        |   | Action                  | Range  |
/// |-------------|------------|--------------|---|-------------------------|--------|
/// | 0: position | 1          | -1.2...0.6   |   | 0: push, + to the right | -1...1 |
/// | 1: velocity | 1 per step | -0.07...0.07 |   |                         |        |
///
/// - Dynamics: `v += 0.0015 push - 0.0025 cos(3 x)`, then `x += v`, both kept within their ranges;
///   the wall on the left stops the car.
/// - Reward: -0.1 push² in every step, and 100 at the goal.
/// - Start: position uniform in -0.6..<-0.4, at rest.
/// - End: the car reaches 0.45.
/// - Disturbance: a push of at most half the motor's, which costs nothing.
/// - Source: Gymnasium 1.4.0 `MountainCarContinuous-v0`, bit for bit: the first step is computed in
///   double precision and all others in single precision, as its state is there.
/// - Difference from source: an action beyond ±1 is clipped before its cost is computed.
public struct MountainCarContinuous: Environment, PlanningModel {
  /// The physical constants of car and hill.
  public struct Parameters: EnvironmentParameters {
    /// Change of the velocity by the strongest push, per step.
    public var power = 0.0015
    /// Change of the velocity by the steepest slope, per step.
    public var gravity = 0.0025

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "mountain-car-continuous",
    summary: "Swing a weak car out of a valley with little effort; closed-form dynamics.",
    reward: "-0.1 push², and 100 at the goal",
    observationSpace: .box(low: [-1.2, -0.07], high: [0.6, 0.07]),
    observationComponents: MountainCarHill.observationComponents,
    actionSpace: .box(low: [-1], high: [1]), actionComponents: [.init("push")],
    timeStep: MountainCarHill.timeStep, episodeSteps: 999,
    ends: [.init(.goalReached, when: "the car reaches 0.45")], solvedReturn: 90,
    source: "Gymnasium 1.4.0 MountainCarContinuous-v0")

  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init(
      "power", unit: "1", range: 0.00075...0.003, isReversible: true,
      "change of the velocity by the strongest push", \.power),
    .init(
      "gravity", unit: "1", range: 0.001...0.005, "change of the velocity by the steepest slope",
      \.gravity),
  ]

  static let goal = 0.45

  private(set) var parameters: Parameters
  /// Position along the hill, exact in single precision after the first step.
  package private(set) var position: Double
  /// Velocity, per step, exact in single precision after the first step.
  package private(set) var velocity: Double
  private var isFirstStep = true
  /// Last push by the agent, -1 to 1; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters, position: MountainCarHill.start(using: &random), velocity: 0,
      observation: &observation)
  }

  /// Starts an episode in a given state.
  package init(
    parameters: Parameters, position: Double, velocity: Double,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    self.position = position
    self.velocity = velocity
    observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("push to the right", unit: "1", bound: 0.000_75)
  ]

  public mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    step(unclippedAction: min(max(action[0], -1), 1), observation: &observation)
  }

  /// Advances by one time step; an action beyond ±1 costs as much as in the reference.
  package mutating func step(
    unclippedAction action: Float, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastPush = Double(min(max(action, -1), 1))
    let slope = parameters.gravity * cos(isFirstStep ? 3 * position : Double(3 * Float(position)))
    // NumPy computes with an action in single precision, and Python with a clipped one in double.
    var change =
      abs(action) > 1
      ? lastPush * parameters.power - slope
      : Double(Float(lastPush) * Float(parameters.power) - Float(slope))
    if let push = disturbance.take() { change += Double(push.x) }
    let hasArrived =
      isFirstStep ? advance(Double.self, by: change) : advance(Float.self, by: change)
    isFirstStep = false
    observe(into: &observation)
    let cost = pow(Double(action), 2) * 0.1
    return StepOutcome(
      reward: (hasArrived ? 100 : 0) - cost, end: hasArrived ? .goalReached : nil)
  }

  /// Moves the car with a precision, rounds the state to single precision, and returns whether the
  /// car has arrived.
  private mutating func advance<Number: BinaryFloatingPoint>(
    _: Number.Type, by change: Double
  ) -> Bool {
    let speed = min(max(Number(velocity) + Number(change), Number(-0.07)), Number(0.07))
    let place = min(max(Number(position) + speed, Number(-1.2)), Number(0.6))
    let isStopped = place == Number(-1.2) && speed < 0
    velocity = isStopped ? 0 : Double(Float(speed))
    position = Double(Float(place))
    return place >= Number(Self.goal) && speed >= 0
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.parameters = parameters
    return copy
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(position)
    hasher.combine(velocity)
    hasher.combine(isFirstStep)
  }
}
