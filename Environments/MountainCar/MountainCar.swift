internal import Glibc
public import RLCore

/// Drive a car that is too weak for its hill out of a valley, in closed form.
///
/// The height is `0.45 sin(3 x) + 0.55`.  The motor is weaker than the slope, so the car has to roll
/// back and forth until it is fast enough.
///
/// | Observation | Unit       | Range        |   | Action        |
/// |-------------|------------|--------------|---|---------------|
/// | 0: position | 1          | -1.2...0.6   |   | 0: push left  |
/// | 1: velocity | 1 per step | -0.07...0.07 |   | 1: do not push |
/// |             |            |              |   | 2: push right |
///
/// - Dynamics: `v += 0.001 push - 0.0025 cos(3 x)`, then `x += v`, both kept within their ranges; the
///   wall on the left stops the car.
/// - Reward: -1 in every step, the last one included.
/// - Start: position uniform in -0.6..<-0.4, at rest.
/// - End: the car reaches 0.5.
/// - Disturbance: a push of at most half the motor's.
/// - Source: Gymnasium 1.4.0 `MountainCar-v0`, reproduced bit for bit in double precision.
public struct MountainCar: Environment, PlanningModel {
  /// The physical constants of car and hill.
  public struct Parameters: EnvironmentParameters {
    /// Change of the velocity by a push, per step.
    public var force = 0.001
    /// Change of the velocity by the steepest slope, per step.
    public var gravity = 0.0025

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "mountain-car", summary: "Swing a weak car out of a valley; closed-form dynamics.",
    reward: "-1 in every step",
    observationSpace: .box(low: [-1.2, -0.07], high: [0.6, 0.07]),
    observationComponents: MountainCarHill.observationComponents,
    actionSpace: .discrete(count: 3),
    actionComponents: [.init("push left"), .init("do not push"), .init("push right")],
    timeStep: MountainCarHill.timeStep, episodeSteps: 200,
    ends: [.init(.goalReached, when: "the car reaches 0.5")], solvedReturn: -110,
    source: "Gymnasium 1.4.0 MountainCar-v0")

  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init(
      "force", unit: "1", range: 0.0005...0.002, isReversible: true,
      "change of the velocity by a push", \.force),
    .init(
      "gravity", unit: "1", range: 0.001...0.005, "change of the velocity by the steepest slope",
      \.gravity),
  ]

  static let goal = 0.5

  private(set) var parameters: Parameters
  /// Position along the hill.
  package private(set) var position: Double
  /// Velocity, per step.
  package private(set) var velocity = 0.0
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
    DisturbanceComponent("push to the right", unit: "1", bound: 0.0005)
  ]

  public mutating func disturb(_ push: Span<Float>) { disturbance.accept(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastPush = Double(action[0]) - 1
    velocity += lastPush * parameters.force + cos(3 * position) * -parameters.gravity
    if let push = disturbance.take() { velocity += Double(push.x) }
    velocity = min(max(velocity, -0.07), 0.07)
    position = min(max(position + velocity, -1.2), 0.6)
    if position == -1.2 && velocity < 0 { velocity = 0 }
    observe(into: &observation)
    return StepOutcome(
      reward: -1, end: position >= Self.goal && velocity >= 0 ? .goalReached : nil)
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
  }
}
