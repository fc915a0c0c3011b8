internal import Glibc
public import RLCore

/// Swing a hanging pole up and balance it, by pushing its cart along a track with two ends.
///
/// | Observation              | Unit  | Range  |   | Action                     | Unit | Range  |
/// |--------------------------|-------|--------|---|----------------------------|------|--------|
/// | 0: cart position         | m     | ±2.4   |   | 0: push, + to the right,   | 1    | -1...1 |
/// | 1: cart velocity         | m/s   |        |   | in parts of 10 N           |      |        |
/// | 2: cosine of pole angle  | 1     | ±1     |   |                            |      |        |
/// | 3: sine of pole angle    | 1     | ±1     |   |                            |      |        |
/// | 4: pole angular velocity | rad/s |        |   |                            |      |        |
///
/// The angle θ is 0 upright and positive if the pole leans towards positive positions.
///
/// - Dynamics: the bodies of ``CartPole``, ten Box2D steps of 2 ms per action.  The solver takes
///   energy from a whirling pole, in proportion to its step: a pole that falls from 0.1 rad loses
///   0.17 J of 0.98 J in ten seconds, or 0.37 J with steps of 5 ms.
/// - Reward: the product of four terms of the state after the step and the clipped action a, in
///   0...1: `(1 + cos θ)/2`, `(1 + 0.1^(x/2)²)/2`, `1 - a²/5` and `(1 + 0.1^(θ'/5)²)/2`. It is 1
///   upright, centred, still and idle, and 0 hanging.
/// - Start: all four numbers of the state uniform in ±0.05 about hanging at rest in the middle.
/// - End: never terminates.  At ±2.4 m the cart stops dead at a buffer, as in the source: since all
///   episodes have the same length, returns are comparable, with the source's too, and agents do
///   not learn to survive instead of swinging.  Terminating there is learnt equally well; the page
///   on cart-poles has the figures.
/// - Disturbance: as in ``CartPole``, a force on the pole's centre of mass.
/// - Source: reward of dm_control's `cartpole-swingup` (Tassa et al. 2018, arXiv:1801.00690), which
///   also has the same masses, pole, 10 N and 10 s; constants and track of Gymnasium's CartPole,
///   hence of Barto, Sutton and Anderson 1983.
/// - Differences from source: gravity 9.8 m/s² (dm_control: 9.81), a uniform rod (a capsule of
///   radius 0.045 m), no friction (a trace of damping), rigid buffers at ±2.4 m (soft ones at ±1.8
///   m), 50 actions per second (100), a uniform start (normal, 0.01 each).
public struct CartPoleSwingUp: Environment, ~Copyable {
  public typealias Parameters = CartPoleParameters

  public static let specification = EnvironmentSpecification(
    identifier: "cartpole-swingup",
    summary: "Swing a hanging pole up and balance it by pushing its cart, simulated with Box2D.",
    reward:
      "(1 + cos θ)/2 · (1 + 0.1^(x/2)²)/2 · (1 - a²/5) · (1 + 0.1^(θ'/5)²)/2, with the push a; 0 to 1",
    // Box2D's joints yield by at most half a centimetre before they are corrected.
    observationSpace: .box(
      low: [-2.5, -.infinity, -1, -1, -.infinity], high: [2.5, .infinity, 1, 1, .infinity]),
    observationComponents: [
      .init("cart position", unit: "m"), .init("cart velocity", unit: "m/s"),
      .init("cosine of the pole angle"), .init("sine of the pole angle"),
      .init("pole angular velocity", unit: "rad/s"),
    ],
    actionSpace: .box(low: [-1], high: [1]),
    actionComponents: [.init("push to the right")],
    timeStep: 0.02, episodeSteps: 500, solvedReturn: nil,
    source: "dm_control cartpole-swingup's task on CartPole-v1's track, with rigid bodies")

  public static let parameterTable = Parameters.table

  let parameters: Parameters
  private(set) var bodies: CartPoleBodies
  /// Push by the agent in the last step, in N; for the picture only.
  private(set) var lastPush = 0.0
  private(set) var disturbance = restingPort
  private static let restingPort = DisturbancePort(disturbanceComponents)

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.init(
      parameters: parameters, state: CartPoleState(near: .pi, using: &random),
      observation: &observation)
  }

  /// Starts an episode in a given state.
  package init(
    parameters: Parameters, state: CartPoleState, observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    let end = Float(CartPoleLimits.position)
    bodies = CartPoleBodies(parameters, state: state, track: -end...end)
    observe(into: &observation)
  }

  public static let disturbanceComponents = CartPole.disturbanceComponents

  public mutating func disturb(_ push: Span<Float>) {
    disturbance.accept(push)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let control = Double(min(max(action[0], -1), 1))
    lastPush = control * parameters.force
    let poleForce = disturbance.take()
    for _ in 0..<10 { bodies.step(seconds: 0.002, push: lastPush, poleForce: poleForce) }
    observe(into: &observation)
    return StepOutcome(
      reward: Self.reward(
        position: Double(observation[0]), cosine: Double(observation[2]),
        angularVelocity: Double(observation[4]), control: control))
  }

  /// Returns the reward of a state, given in m, 1 and rad/s, and the clipped action that led to it.
  package static func reward(
    position: Double, cosine: Double, angularVelocity: Double, control: Double
  ) -> Double {
    let upright = (1 + cosine) / 2
    let centered = (1 + pow(0.1, position * position / 4)) / 2
    let smallControl = 1 - control * control / 5
    let smallVelocity = (1 + pow(0.1, angularVelocity * angularVelocity / 25)) / 2
    return upright * centered * smallControl * smallVelocity
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(bodies.fingerprint)
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    Self.observe(bodies.state, into: &observation)
  }

  static func observe(_ state: CartPoleState, into observation: inout MutableSpan<Float>) {
    observation[0] = Float(state.position)
    observation[1] = Float(state.velocity)
    observation[2] = Float(cos(state.angle))
    observation[3] = Float(sin(state.angle))
    observation[4] = Float(state.angularVelocity)
  }
}
