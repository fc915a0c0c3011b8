internal import Glibc
public import RLCore

/// Keep a pole upright endlessly: the cart-pole of lifelong learning, in closed form.
///
/// Cart, pole, pushes and equations are those of ``CartPoleV1``.  Nothing terminates: the cart
/// stops dead at the ends of its track, and a pole that has dropped is put upright again.
///
/// | Observation         | Unit  | Range         |   | Action                  | Unit |
/// |---------------------|-------|---------------|---|-------------------------|------|
/// | 0: cart position    | m     | ±2.4          |   | 0: push left with 10 N  | N    |
/// | 1: cart velocity    | m/s   |               |   | 1: push right with 10 N | N    |
/// | 2: pole angle       | rad   | -0.05 to 2π   |   |                         |      |
/// | 3: pole velocity    | rad/s |               |   |                         |      |
///
/// The angle is 0 upright and increases when the pole leans towards positive positions; a pole that
/// leans the other way is just below 2π, except in the state after a start or a drop.
///
/// - Dynamics: explicit Euler, 0.02 s: positions move with the old velocities.  A cart that would
///   leave ±2.4 m is put there with velocity 0.  If the pole reaches π from either side, its angle
///   and velocity are redrawn, and the velocity then grows by the acceleration before the drop.
/// - Reward: `1 - x²/11.52 - θ²/288` of the state after the step, θ the angle from upright in
///   degrees, 0 to 180.  Range -112...1.
/// - Start: all four numbers uniform in ±0.05; after a drop the pole's two.
/// - End: never terminates; the time limit is the reference's soft horizon.
/// - Disturbance: a force on the cart, at most half the agent's own, added to the push.
/// - Source: `InfHCartPole-v1` of Steinparz et al. 2022, arXiv:2207.05742, with the settings of its
///   experiment.
/// - Difference from source: an episode ends after 10,000 steps and the next one has a new start;
///   there, the state continues although the agent sees the episode end.
public struct CartPoleInfinite: Environment, PlanningModel {
  public typealias Parameters = CartPoleParameters

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole-infinite",
    summary: "Keep a pole on a cart upright endlessly; a dropped pole is put upright again.",
    reward: "1 - x²/11.52 - θ²/288, with the angle θ from upright in degrees",
    observationSpace: .box(
      low: [-2.4, -.infinity, -0.05, -.infinity],
      high: [2.4, .infinity, Float(2 * Double.pi), .infinity]),
    observationComponents: cartPoleObservationComponents,
    actionSpace: .discrete(count: 2), actionComponents: cartPoleActionComponents,
    timeStep: 0.02, episodeSteps: 10_000, solvedReturn: nil,
    source: "Steinparz et al. 2022, arXiv:2207.05742, InfHCartPole-v1")

  public static let parameterTable = Parameters.table

  private(set) var parameters: Parameters
  package private(set) var state: CartPoleState
  /// Generator of the episode after drawing its start, from which dropped poles restart.
  private var random: NumPyRandom
  /// Push by the agent in the last step, in N; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let state = CartPoleState(using: &random)
    self.init(
      parameters: parameters, state: state, random: random, observation: &observation)
  }

  /// Starts an episode in a given state, with the generator for poles that drop.
  package init(
    parameters: Parameters, state: CartPoleState, random: NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    self.state = state
    self.random = random
    state.observe(into: &observation)
  }

  public static let disturbanceComponents = CartPoleV1.disturbanceComponents

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    var push = action[0] == 1 ? parameters.force : -parameters.force
    lastPush = push
    if let force = disturbance.take() { push += Double(force.x) }
    let accelerations = parameters.accelerations(push: push, state: state)

    state.position += 0.02 * state.velocity
    if abs(state.position) > CartPoleLimits.position {
      state.position = state.position < 0 ? -CartPoleLimits.position : CartPoleLimits.position
      state.velocity = 0
    } else {
      state.velocity += 0.02 * accelerations.cart
    }
    let (angle, next) = (state.angle, state.angle + 0.02 * state.angularVelocity)
    if angle < .pi && next >= .pi || angle > .pi && next <= .pi {
      state.angle = random.uniform(-0.05, 0.05)
      state.angularVelocity = random.uniform(-0.05, 0.05)
    } else {
      state.angle = Self.remainder(next, 2 * .pi)
    }
    state.angularVelocity += 0.02 * accelerations.pole
    state.observe(into: &observation)
    return StepOutcome(reward: Self.reward(position: state.position, angle: state.angle))
  }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.parameters = parameters
    return copy
  }

  public func hashState(into hasher: inout StateHasher) {
    state.hash(into: &hasher)
    random.hash(into: &hasher)
  }

  /// Returns the reward of a state, given in m and rad.
  package static func reward(position: Double, angle: Double) -> Double {
    let degrees = remainder(angle * 180 / .pi, 360)
    let lean = min(degrees, 360 - degrees)
    return 1 - position * position * (1 / 11.52) - lean * lean * (1.0 / 288)
  }

  /// Returns the non-negative remainder of a division by a positive number.
  private static func remainder(_ value: Double, _ divisor: Double) -> Double {
    let rest = fmod(value, divisor)
    return rest < 0 ? rest + divisor : rest
  }
}
