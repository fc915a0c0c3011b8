public import RLCore

/// Balance a pole on a cart by pushing the cart as hard as wanted, in closed form.
///
/// Everything but the action is that of ``CartPoleV1``, whose pushes are the actions -1 and 1.
///
/// | Observation         | Unit  | Ends beyond |   | Action                        | Unit    |
/// |---------------------|-------|-------------|---|-------------------------------|---------|
/// | 0: cart position    | m     | ±2.4        |   | 0: push to the right, -1...1  | of 10 N |
/// | 1: cart velocity    | m/s   |             |   |                               |         |
/// | 2: pole angle       | rad   | ±12°        |   |                               |         |
/// | 3: pole velocity    | rad/s |             |   |                               |         |
///
/// - Dynamics: those of ``CartPoleV1``, bit for bit.
/// - Reward: 1 in every step, the terminating one included; 0 after the end.
/// - Start: all four numbers uniform in ±0.05.
/// - Disturbance: a force on the cart, at most half the agent's own, added to the push.
/// - Source: Gymnasium 1.4.0 `CartPole-v1`.
/// - Difference from source: a push of any size up to 10 N instead of one of two.
public struct CartPoleContinuous: Environment, PlanningModel {
  public typealias Parameters = CartPoleParameters

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole-continuous",
    summary: "Balance a pole on a cart by pushing it as hard as wanted; closed-form dynamics.",
    reward: cartPoleReward, observationSpace: CartPoleV1.specification.observationSpace,
    observationComponents: cartPoleObservationComponents,
    actionSpace: .box(low: [-1], high: [1]),
    actionComponents: [.init("push to the right", unit: "10 N")],
    timeStep: 0.02, episodeSteps: 500, ends: CartPoleLimits.ends, solvedReturn: 475,
    source: "Gymnasium 1.4.0 CartPole-v1 with a continuous push")

  public static let parameterTable = Parameters.table
  public static let disturbanceComponents = CartPoleV1.disturbanceComponents
  public static let manualControls = ManualControls(
    bindings: [
      .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [-1]),
      .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0]])

  private var cartPole: CartPoleV1

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    cartPole = CartPoleV1(parameters: parameters, using: &random, observation: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { cartPole.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    cartPole.step(
      push: Double(min(max(action[0], -1), 1)) * cartPole.parameters.force,
      observation: &observation)
  }

  public func scene() -> Scene { cartPole.scene() }

  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? {
    var copy = self
    copy.cartPole.adopt(parameters)
    return copy
  }

  public func hashState(into hasher: inout StateHasher) { cartPole.hashState(into: &hasher) }
}
