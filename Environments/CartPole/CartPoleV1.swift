internal import LinearAlgebra
public import RLCore

/// Balance a pole on a cart by pushing the cart left or right, in closed form.
///
/// The cart moves on a frictionless track; the pole turns on a frictionless pivot on the cart.
///
/// | Observation         | Unit  | Ends beyond |   | Action                  | Unit |
/// |---------------------|-------|-------------|---|-------------------------|------|
/// | 0: cart position    | m     | ±2.4        |   | 0: push left with 10 N  | N    |
/// | 1: cart velocity    | m/s   |             |   | 1: push right with 10 N | N    |
/// | 2: pole angle       | rad   | ±12°        |   |                         |      |
/// | 3: pole velocity    | rad/s |             |   |                         |      |
///
/// The angle is 0 upright and positive if the pole leans towards positive positions.
///
/// - Dynamics: Florian 2007 without friction; explicit Euler, 0.02 s: positions move with the old
///   velocities.
/// - Reward: 1 in every step, the terminating one included; 0 after the end.
/// - Start: all four numbers uniform in ±0.05.
/// - Disturbance: a force on the cart, at most half the agent's own, added to the push.
/// - Source: Gymnasium 1.4.0 `CartPole-v1`, reproduced bit for bit in double precision.
public struct CartPoleV1: Environment, PlanningModel {
  /// The rule for the task's rewards.
  package enum RewardRule: Sendable, Equatable {
    /// Reward 1 per step until the end.
    case survival
    /// Reward 0 per step, -1 once the episode has ended (Barto, Sutton and Anderson 1983).
    case suttonBarto

    /// Returns the reward of a step after which the state is beyond the bounds, if it is.
    func reward(end: TaskEnd?, hasEnded: Bool) -> Double {
      switch self {
      case .survival: end != nil && hasEnded ? 0 : 1
      case .suttonBarto: end != nil ? -1 : 0
      }
    }
  }

  public typealias Parameters = CartPoleParameters

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole-v1",
    summary: "Balance a pole on a cart by pushing the cart left or right; closed-form dynamics.",
    reward: cartPoleReward,
    observationSpace: .box(
      low: [-4.8, -.infinity, -0.418_879_03, -.infinity],
      high: [4.8, .infinity, 0.418_879_03, .infinity]),
    observationComponents: cartPoleObservationComponents,
    actionSpace: .discrete(count: 2), actionComponents: cartPoleActionComponents,
    timeStep: 0.02, episodeSteps: 500, ends: CartPoleLimits.ends, solvedReturn: 475,
    source: "Gymnasium 1.4.0 CartPole-v1")

  public static let parameterTable = Parameters.table

  private(set) var parameters: Parameters
  package private(set) var state: CartPoleState
  /// Rule for the rewards: survival, unless a trace specifies another.
  package var rewardRule = RewardRule.survival
  private(set) var hasEnded = false
  /// Push by the agent in the last step, in N; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = restingPort
  static let restingPort = DisturbancePort(disturbanceComponents)

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters, state: CartPoleState(using: &random), observation: &observation)
  }

  /// Starts an episode in a given state.
  package init(
    parameters: Parameters, state: CartPoleState, observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    self.state = state
    state.observe(into: &observation)
  }

  /// Continues an episode from all that belongs to it.
  init(
    parameters: Parameters, state: CartPoleState, hasEnded: Bool, lastPush: Double,
    disturbance: DisturbancePort
  ) {
    (self.parameters, self.state, self.hasEnded) = (parameters, state, hasEnded)
    (self.lastPush, self.disturbance) = (lastPush, disturbance)
  }

  public static func makeSimulator(count: Int) -> any Simulator {
    CartPoleV1Simulator(count: count)
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
    step(push: action[0] == 1 ? parameters.force : -parameters.force, observation: &observation)
  }

  /// Advances by one time step under a push by the agent, in N.
  mutating func step(push: Double, observation: inout MutableSpan<Float>) -> StepOutcome {
    lastPush = push
    let (sine, cosine) = sineAndCosine(state.angle)
    parameters.equations.step(
      push: disturbance.take().map { push + Double($0.x) } ?? push, sine: sine, cosine: cosine,
      &state.position, &state.velocity, &state.angle, &state.angularVelocity)
    state.observe(into: &observation)
    let end = CartPoleLimits.end(position: state.position, angle: state.angle)
    let reward = rewardRule.reward(end: end, hasEnded: hasEnded)
    hasEnded = hasEnded || end != nil
    return StepOutcome(reward: reward, end: end)
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.adopt(parameters)
    return copy
  }

  /// Replaces the physical constants of a copy.
  mutating func adopt(_ parameters: Parameters) { self.parameters = parameters }

  public func hashState(into hasher: inout StateHasher) {
    state.hash(into: &hasher)
    hasher.combine(hasEnded)
  }
}
