public import RLCore

/// Balance a pole on a cart by pushing the cart left or right, simulated by Box2D.
///
/// Observation, action, reward, limits and start are those of ``CartPoleV1``; cart and pole are
/// rigid bodies on a slide and a hinge.
///
/// - Dynamics: Box2D, 0.02 s.  The cart slides on a rail without friction; the pole is a uniform
///   rod on a frictionless hinge at the cart's origin.  Neither has a shape, so nothing collides.
/// - Disturbance: a force on the pole's centre of mass, at most 5 N in each direction as in RARL
///   (Pinto et al. 2017, arXiv:1703.02702).
/// - Source: Florian 2007, "Correct equations for the dynamics of the cart-pole system".
/// - Difference from source: velocities are advanced before positions (semi-implicit), whereas
///   Gymnasium's default is explicit Euler: the unstable mode grows by 1.0827 per step instead of
///   1.0794 (exactly 1.0827).
public struct CartPole: Environment, ~Copyable {
  public typealias Parameters = CartPoleParameters

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole",
    summary: "Balance a pole on a cart by pushing the cart left or right, simulated with Box2D.",
    reward: cartPoleReward,
    observationSpace: CartPoleV1.specification.observationSpace,
    observationComponents: cartPoleObservationComponents,
    actionSpace: .discrete(count: 2), actionComponents: cartPoleActionComponents,
    timeStep: 0.02, episodeSteps: 500, ends: CartPoleLimits.ends, solvedReturn: 475,
    source: "Gymnasium 1.4.0 CartPole-v1 with rigid bodies")

  public static let parameterTable = Parameters.table

  let parameters: Parameters
  private(set) var bodies: CartPoleBodies
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
    bodies = CartPoleBodies(parameters, state: state)
    bodies.state.observe(into: &observation)
  }

  public static let disturbanceComponents = [
    DisturbanceComponent("pole force along x", unit: "N", bound: 5),
    DisturbanceComponent("pole force along y", unit: "N", bound: 5),
  ]

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastPush = action[0] == 1 ? parameters.force : -parameters.force
    bodies.step(seconds: 0.02, push: lastPush, poleForce: disturbance.take())
    let state = bodies.state
    state.observe(into: &observation)
    let end = CartPoleLimits.end(position: state.position, angle: state.angle)
    let reward = end != nil && hasEnded ? 0.0 : 1
    hasEnded = hasEnded || end != nil
    return StepOutcome(reward: reward, end: end)
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(bodies.fingerprint)
    hasher.combine(hasEnded)
  }
}
