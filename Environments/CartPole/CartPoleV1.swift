public import LinearAlgebra
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
  private var hasEnded = false
  /// Push by the agent in the last step, in N; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

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
    var push = push
    if let force = disturbance.take() { push += Double(force.x) }
    let accelerations = parameters.accelerations(push: push, state: state)
    state.position += 0.02 * state.velocity
    state.velocity += 0.02 * accelerations.cart
    state.angle += 0.02 * state.angularVelocity
    state.angularVelocity += 0.02 * accelerations.pole
    return finishStep(&observation)
  }

  /// Returns what a step that has led to the current state brings, and writes its observation.
  @inline(__always) private mutating func finishStep(
    _ observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    state.observe(into: &observation)
    let end = CartPoleLimits.end(position: state.position, angle: state.angle)
    let reward: Double =
      switch rewardRule {
      case .survival: end != nil && hasEnded ? 0 : 1
      case .suttonBarto: end != nil ? -1 : 0
      }
    hasEnded = hasEnded || end != nil
    return StepOutcome(reward: reward, end: end)
  }

  /// Steps four slots at a time, each with the bits that it has alone.
  public static func stepAll(
    _ states: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix, batch: StepBatch
  ) {
    for first in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
      let slots = first..<min(first + 4, range.upperBound)
      var numbers = Lanes()
      for slot in slots {
        let pushesRight = unsafe actions.row(slot)[0] == 1
        unsafe numbers.load(&states[slot], pushesRight, to: slot - first)
      }
      numbers.step()
      for slot in slots {
        unsafe numbers.store(to: &states[slot], from: slot - first)
        var observation = unsafe batch.observations.mutableRow(slot).mutableSpan
        let outcome = unsafe states[slot].finishStep(&observation)
        batch.rewards[slot] = Float(outcome.reward)
        unsafe batch.ends[slot] = outcome.end
      }
    }
  }

  /// The numbers of four cart-poles.
  private struct Lanes {
    private var position = SIMD4<Double>.zero
    private var velocity = SIMD4<Double>.zero
    private var angularVelocity = SIMD4<Double>.zero
    private var angle = SIMD4<Double>.zero
    private var sine = SIMD4<Double>.zero
    private var cosine = SIMD4<Double>.zero
    private var push = SIMD4<Double>.zero
    private var equations = CartPoleEquations<SIMD4<Double>>(
      gravity: .zero, cartMass: .one, poleMass: .one, poleHalfLength: .one)

    @inline(__always) mutating func load(
      _ cartPole: inout CartPoleV1, _ pushesRight: Bool, to lane: Int
    ) {
      let (state, parameters) = (cartPole.state, cartPole.parameters)
      (position[lane], velocity[lane]) = (state.position, state.velocity)
      (angle[lane], angularVelocity[lane]) = (state.angle, state.angularVelocity)
      (sine[lane], cosine[lane]) = sineAndCosine(state.angle)
      (equations.gravity[lane], equations.cartMass[lane]) = (
        parameters.gravity, parameters.cartMass
      )
      (equations.poleMass[lane], equations.poleHalfLength[lane]) = (
        parameters.poleMass, parameters.poleHalfLength
      )
      cartPole.lastPush = pushesRight ? parameters.force : -parameters.force
      push[lane] = cartPole.lastPush
      if let force = cartPole.disturbance.take() { push[lane] += Double(force.x) }
    }

    @inline(__always) mutating func step() {
      let accelerations = equations.accelerations(
        push: push, sine: sine, cosine: cosine, angularVelocity: angularVelocity)
      position += 0.02 * velocity
      velocity += 0.02 * accelerations.cart
      angle += 0.02 * angularVelocity
      angularVelocity += 0.02 * accelerations.pole
    }

    @inline(__always) func store(to cartPole: inout CartPoleV1, from lane: Int) {
      cartPole.state = CartPoleState(
        position: position[lane], velocity: velocity[lane], angle: angle[lane],
        angularVelocity: angularVelocity[lane])
    }
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
