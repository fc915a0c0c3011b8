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
  /// Push of the current step, the disturbance included, in N.
  private var push = 0.0
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
    take(push: push)
    advance()
    return finishStep(&observation)
  }

  @inline(__always) private mutating func takePush(pushesRight: Bool) {
    take(push: pushesRight ? parameters.force : -parameters.force)
  }

  /// Notes the push by the agent and adds the disturbance.
  @inline(__always) private mutating func take(push agents: Double) {
    (lastPush, push) = (agents, agents)
    if let force = disturbance.take() { push += Double(force.x) }
  }

  @inline(__always) private mutating func advance() {
    let accelerations = parameters.accelerations(push: push, state: state)
    state.position += 0.02 * state.velocity
    state.velocity += 0.02 * accelerations.cart
    state.angle += 0.02 * state.angularVelocity
    state.angularVelocity += 0.02 * accelerations.pole
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

  /// Steps four slots at a time, each with the bits that it has alone (with one call for sine and
  /// cosine, 1.2 times as fast as one by one).
  public static func stepAll(
    _ states: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix, batch: StepBatch
  ) {
    let rest = range.upperBound - range.count % 4
    for first in stride(from: range.lowerBound, to: rest, by: 4) {
      for slot in first..<first + 4 {
        unsafe states[slot].takePush(pushesRight: actions.row(slot)[0] == 1)
      }
      unsafe advanceFour(states + first)
      for slot in first..<first + 4 { unsafe finish(&states[slot], slot, batch) }
    }
    for slot in rest..<range.upperBound {
      unsafe states[slot].takePush(pushesRight: actions.row(slot)[0] == 1)
      unsafe states[slot].advance()
      unsafe finish(&states[slot], slot, batch)
    }
  }

  /// Writes what the last step of a slot brings.
  @inline(__always) private static func finish(
    _ cartPole: inout CartPoleV1, _ slot: Int, _ batch: StepBatch
  ) {
    var observation = unsafe batch.observations.mutableRow(slot).mutableSpan
    let outcome = cartPole.finishStep(&observation)
    batch.rewards[slot] = Float(outcome.reward)
    unsafe batch.ends[slot] = outcome.end
  }

  /// Does what ``advance()`` does to four cart-poles.
  @inline(__always) private static func advanceFour(_ cartPoles: UnsafeMutablePointer<Self>) {
    func gather(_ number: (Self) -> Double) -> SIMD4<Double> {
      unsafe SIMD4(
        number(cartPoles[0]), number(cartPoles[1]), number(cartPoles[2]), number(cartPoles[3]))
    }
    let angle = gather(\.state.angle)
    let (first, second) = (sineAndCosine(angle[0]), sineAndCosine(angle[1]))
    let (third, fourth) = (sineAndCosine(angle[2]), sineAndCosine(angle[3]))
    let equations = CartPoleEquations(
      gravity: gather(\.parameters.gravity), cartMass: gather(\.parameters.cartMass),
      poleMass: gather(\.parameters.poleMass),
      poleHalfLength: gather(\.parameters.poleHalfLength))
    let (velocity, angularVelocity) = (gather(\.state.velocity), gather(\.state.angularVelocity))
    let accelerations = equations.accelerations(
      push: gather(\.push), sine: SIMD4(first.sine, second.sine, third.sine, fourth.sine),
      cosine: SIMD4(first.cosine, second.cosine, third.cosine, fourth.cosine),
      angularVelocity: angularVelocity)
    let position = gather(\.state.position) + 0.02 * velocity
    let newVelocity = velocity + 0.02 * accelerations.cart
    let newAngle = angle + 0.02 * angularVelocity
    let newAngularVelocity = angularVelocity + 0.02 * accelerations.pole
    func scatter(_ lane: Int) {
      unsafe cartPoles[lane].state = CartPoleState(
        position: position[lane], velocity: newVelocity[lane], angle: newAngle[lane],
        angularVelocity: newAngularVelocity[lane])
    }
    scatter(0)
    scatter(1)
    scatter(2)
    scatter(3)
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
