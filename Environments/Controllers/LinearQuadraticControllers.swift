internal import Glibc
internal import LinearAlgebra
internal import RLCore

/// Hovers by a linear-quadratic regulator for the quadcopter's own linearised step.
///
/// - Source: weights of safe-control-gym's regulator for tracking (Yuan et al. 2022,
///   arXiv:2109.06325): 5, 0.1, 5, 0.1, 0.1, 0.1 for x, x', z, z', pitch and rate.
/// - Difference from source: the model is that of the simulated step, with motor lag, and the action
///   is in its own units, so that its weight is 0.1 per unit rather than per newton; the distance is
///   limited to 0.5 m, since the linear model does not hold for the tilts beyond.
public struct QuadcopterRegulator: Controller {
  public static let environmentIdentifiers = ["quadcopter"]

  private static let regulator = LinearQuadraticRegulator(
    Quadcopter.self, stateCost: [5, 0.1, 5, 0.1, 0.1, 0.1, 0, 0], actionCost: [0.1, 0.1])
  private static let farthest = 0.5  // m

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    var state = observation.indices.map { Double(observation[$0]) }
    for j in [0, 2] { state[j] = min(max(state[j], -Self.farthest), Self.farthest) }
    let command = Self.regulator.action(state)
    for j in 0..<2 { action[j] = Float(min(max(command[j], -1), 1)) }
  }
}

/// Swings the pole up by its energy, and balances it by a linear-quadratic regulator for the
/// cart-pole's own linearised step.
///
/// - Source: the weights of ``CartPoleSwingUpController``, whose swing it shares.
public struct CartPoleSwingUpRegulator: Controller {
  public static let environmentIdentifiers = ["cartpole-swingup"]

  // The weight of the action is 0.05 per square newton, of which there are ten.
  private static let regulator = LinearQuadraticRegulator(
    CartPoleSwingUp.self, stateCost: [1, 0.1, 1, 0.1], actionCost: [5])

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    let (cosine, sine) = (Double(observation[2]), Double(observation[3]))
    let state = [
      Double(observation[0]), Double(observation[1]), atan2(sine, cosine), Double(observation[4]),
    ]
    let balancing = Self.regulator.action(state)[0]
    let command =
      CartPoleSwingUpController.isBalancing(cosine: cosine, action: balancing)
      ? balancing : CartPoleSwingUpController.swing(observation)
    action[0] = Float(min(max(command, -1), 1))
  }
}

extension LinearQuadraticRegulator {
  /// Creates the regulator of an environment with its nominal constants.
  fileprivate init<E: LinearizableEnvironment & ~Copyable>(
    _ type: E.Type, stateCost: [Double], actionCost: [Double]
  ) {
    let model = LinearModel(of: type, E.Parameters())
    guard
      let regulator = LinearQuadraticRegulator(
        a: model.state, b: model.action, stateCost: stateCost, actionCost: actionCost)
    else { preconditionFailure("\(E.specification.identifier) can't be stabilised") }
    self = regulator
  }
}

extension Quadcopter: LinearizableEnvironment {
  package static var deviationCount: Int { 8 }

  /// Starts an episode with the components of an observation, in double precision.
  package init(
    parameters: Parameters, deviation: [Double], observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters,
      state: [
        deviation[0] + Self.goal.x, deviation[1], deviation[2] + Self.goal.z, deviation[3],
        deviation[4], deviation[5],
      ],
      thrusts: (right: deviation[6], left: deviation[7]), observation: &observation)
  }

  package var deviation: [Double] {
    var observation = [Float](repeating: 0, count: Self.deviationCount)
    var span = observation.mutableSpan
    observe(into: &span)
    return observation.map { Double($0) }
  }
}

extension CartPoleSwingUp: LinearizableEnvironment {
  package static var deviationCount: Int { 4 }

  /// Starts an episode with a position, a velocity, an angle from upright and its velocity.
  package init(
    parameters: Parameters, deviation: [Double], observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters,
      state: CartPoleState(
        position: deviation[0], velocity: deviation[1], angle: deviation[2],
        angularVelocity: deviation[3]),
      observation: &observation)
  }

  package var deviation: [Double] {
    let state = bodies.state
    return [state.position, state.velocity, state.angle, state.angularVelocity]
  }
}
