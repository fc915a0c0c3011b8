public import RLCore

/// Balance a pole on a cart by pushing the cart left or right, in closed form.
///
/// The cart runs on a frictionless track; the pole hangs on a frictionless pivot above it.
///
/// | Observation         | Unit  | Ends beyond |   | Action                  | Unit |
/// |---------------------|-------|-------------|---|-------------------------|------|
/// | 0: cart position    | m     | ±2.4        |   | 0: push left with 10 N  | N    |
/// | 1: cart velocity    | m/s   |             |   | 1: push right with 10 N | N    |
/// | 2: pole angle       | rad   | ±12°        |   |                         |      |
/// | 3: pole velocity    | rad/s |             |   |                         |      |
///
/// The angle is 0 upright and positive where the pole leans towards positive positions.
///
/// - Dynamics: Florian 2007 without friction; explicit Euler, 0.02 s: positions move with the old
///   velocities.
/// - Reward: 1 in every step, the terminating one included; 0 after the end.
/// - Start: all four numbers uniform in ±0.05.
/// - Disturbance: a force on the cart, at most half the agent's own, added to the push.
/// - Source: Gymnasium 1.4.0 `CartPole-v1`, reproduced bit for bit in double precision.
public struct CartPoleV1: Environment {
  /// How the task rewards.
  public enum RewardRule: Sendable, Equatable {
    /// 1 per step until the end.
    case survival
    /// 0 per step, -1 once it has ended (Barto, Sutton and Anderson 1983).
    case suttonBarto
  }

  /// Physical constants.
  public struct Parameters: EnvironmentParameters, CartPoleConstants {
    /// Gravitational acceleration, in m/s².
    public var gravity = 9.8
    /// Mass of the cart, in kg.
    public var cartMass = 1.0
    /// Mass of the pole, in kg.
    public var poleMass = 0.1
    /// Distance from the pivot to the pole's centre of mass, in m.
    public var poleHalfLength = 0.5
    /// Size of a push, in N.
    public var force = 10.0
    /// How the task rewards.
    public var rewardRule = RewardRule.survival

    /// The nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole-v1",
    summary: "Balance a pole on a cart by pushing the cart left or right; closed-form dynamics.",
    observationSpace: .box(
      low: [-4.8, -.infinity, -0.418_879_03, -.infinity],
      high: [4.8, .infinity, 0.418_879_03, .infinity]),
    observationComponents: cartPoleObservationComponents,
    actionSpace: .discrete(count: 2), actionComponents: cartPoleActionComponents,
    timeStep: 0.02, episodeSteps: 500, solvedReturn: 475, source: "Gymnasium 1.4.0 CartPole-v1")

  public static let parameterTable = Parameters.cartPoleTable

  public var parameters: Parameters
  /// Position, in m.
  package private(set) var position = 0.0
  /// Velocity, in m/s.
  package private(set) var velocity = 0.0
  /// Angle of the pole, in rad.
  package private(set) var angle = 0.0
  /// Angular velocity of the pole, in rad/s.
  package private(set) var angularVelocity = 0.0
  private var hasEnded = false
  private(set) var active = Parameters()
  /// The agent's push in the last step, in N; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = DisturbancePort(disturbanceComponents)

  public init(parameters: Parameters) { self.parameters = parameters }

  public mutating func reset(
    using random: inout NumPyRandom, observation: inout MutableSpan<Float>
  ) {
    let x = random.uniform(-0.05, 0.05)
    let v = random.uniform(-0.05, 0.05)
    let theta = random.uniform(-0.05, 0.05)
    let omega = random.uniform(-0.05, 0.05)
    reset(
      position: x, velocity: v, angle: theta, angularVelocity: omega, observation: &observation)
  }

  /// Starts an episode in a given state.
  package mutating func reset(
    position: Double, velocity: Double, angle: Double, angularVelocity: Double,
    observation: inout MutableSpan<Float>
  ) {
    (self.position, self.velocity) = (position, velocity)
    (self.angle, self.angularVelocity) = (angle, angularVelocity)
    hasEnded = false
    active = parameters
    lastPush = 0
    disturbance.clear()
    observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("cart force along x", unit: "N", bound: 5)
  ]

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    var push = action[0] == 1 ? active.force : -active.force
    lastPush = push
    if let force = disturbance.take() { push += Double(force.x) }
    let accelerations = active.accelerations(
      push: push, angle: angle, angularVelocity: angularVelocity)

    position += 0.02 * velocity
    velocity += 0.02 * accelerations.cart
    angle += 0.02 * angularVelocity
    angularVelocity += 0.02 * accelerations.pole
    observe(into: &observation)

    let isOut = CartPoleLimits.isExceeded(position: position, angle: angle)
    let reward: Double =
      switch active.rewardRule {
      case .survival: isOut && hasEnded ? 0 : 1
      case .suttonBarto: isOut ? -1 : 0
      }
    hasEnded = hasEnded || isOut
    return StepOutcome(reward: reward, terminated: isOut)
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(position)
    hasher.combine(velocity)
    hasher.combine(angle)
    hasher.combine(angularVelocity)
    hasher.combine(hasEnded)
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(velocity)
    observation[2] = Float(angle)
    observation[3] = Float(angularVelocity)
  }
}

/// Where an episode of `cartpole` and `cartpole-v1` ends; the track of all cart-poles.
enum CartPoleLimits {
  static let position = 2.4  // m
  static let angle = 12 * 2 * Double.pi / 360  // rad

  static func isExceeded(position x: Double, angle theta: Double) -> Bool {
    x < -position || x > position || theta < -angle || theta > angle
  }
}

let cartPoleObservationComponents: [EnvironmentSpecification.Component] = [
  .init("cart position", unit: "m"), .init("cart velocity", unit: "m/s"),
  .init("pole angle", unit: "rad"), .init("pole angular velocity", unit: "rad/s"),
]

let cartPoleActionComponents: [EnvironmentSpecification.Component] = [
  .init("push left", unit: "N"), .init("push right", unit: "N"),
]
