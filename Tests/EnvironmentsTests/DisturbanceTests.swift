import Environments
import LinearAlgebra
import RLCore
import Testing

/// What pushes from outside do in the suite's own environments.
@Suite struct DisturbanceTests {
  static let identifiers = EnvironmentRegistry.all.filter {
    !$0.disturbanceComponents.isEmpty && $0.hasPicture
  }.map(\.identifier)

  /// A force of zero would wake a sleeping body and turn -0 into 0.
  @Test func noForceIsAppliedForZeros() {
    var port = DisturbancePort([
      DisturbanceComponent("x", unit: "N", bound: 5),
      DisturbanceComponent("y", unit: "N", bound: 5),
    ])
    let pushes: [[Float]] = [[0, 0], [-0.0, 0], [0, -0.0]]
    for push in pushes {
      port.accept(push.span)
      #expect(port.take() == nil)
    }
    let hard: [Float] = [9, -9]
    port.accept(hard.span)
    #expect(port.take() == [5, -5] && port.take() == nil)
  }

  @Test func aPushLastsOneStep() {
    checkDuration(CartPole.self)
    checkDuration(CartPoleV1.self)
    checkDuration(CartPoleContinuous.self)
    checkDuration(CartPoleInfinite.self)
    checkDuration(CartPoleSwingUp.self)
    checkDuration(PendulumV1.self)
    checkDuration(Acrobot.self)
    checkDuration(BipedalWalker.self)
    checkDuration(BipedalWalkerHardcore.self)
    checkDuration(WalkerParametric.self)
    checkDuration(Quadcopter.self)
    checkDuration(QuadcopterLand.self)
    checkDuration(QuadcopterTrack.self)
    checkDuration(QuadcopterSwarm<4>.self)
    checkDuration(QuadcopterGates.self)
    checkDuration(LunarLander.self)
    checkDuration(LunarLanderContinuous.self)
  }

  private func checkDuration<E: Environment & ~Copyable>(_ type: E.Type) {
    let name = E.specification.identifier
    let full = E.disturbanceComponents.map(\.bound)
    let none = [Float](repeating: 0, count: full.count)
    let once = hashes(type, during: [full, [], []])
    #expect(once == hashes(type, during: [full, none, none]), "\(name)")
    #expect(once[0] != hashes(type, during: [[], [], []])[0], "\(name)")
  }

  /// State hashes of steps that begin with a push, where there is one.
  private func hashes<E: Environment & ~Copyable>(
    _ type: E.Type, during pushes: [[Float]]
  ) -> [UInt64] {
    var values = [Float](repeating: 0, count: E.specification.observationWidth)
    var observation = values.mutableSpan
    var random = NumPyRandom(seed: 5)
    var environment = E(parameters: .init(), using: &random, observation: &observation)
    let action = [Float](repeating: 0, count: E.specification.actionWidth)
    return pushes.map { push in
      if !push.isEmpty { environment.disturb(push.span) }
      _ = environment.step(action: action.span, observation: &observation)
      var hasher = StateHasher()
      environment.hashState(into: &hasher)
      return hasher.value
    }
  }

  /// A push shows in the picture of its step and in no later one.
  @Test(arguments: identifiers) func pushesAreDrawn(identifier: String) throws {
    let entry = try #require(EnvironmentRegistry.find(identifier))
    let vector = entry.construct(1)
    vector.takesDisturbances = true
    vector.reset(seeds: .consecutive(first: 1, environments: 1))
    let actions = Matrix(rows: 1, columns: entry.specification.actionWidth)
    let colors = [Float(0), 1, 0].map { part in
      for (j, component) in entry.disturbanceComponents.enumerated() {
        vector.disturbances?[0, j] = part * component.bound
      }
      vector.step(actions: actions, in: 0..<1)
      return Set(vector.scene(of: 0).elements.flatMap(strokes))
    }
    #expect(!colors[1].subtracting(colors[0]).subtracting(colors[2]).isEmpty)
  }

  /// The colours of the lines and arrows of an element.
  private func strokes(_ element: Scene.Element) -> [String] {
    switch element {
    case .line(_, let stroke), .arrow(_, _, let stroke): ["\(stroke.color)"]
    default: []
    }
  }
}

/// The pushes are the forces they say they are.
@Suite struct DisturbancePhysicsTests {
  @Test func aForceOnTheCartAddsToThePush() {
    var parameters = CartPoleV1.Parameters()
    parameters.force = 15
    let (push, action): ([Float], [Float]) = ([5], [1])
    var values = [Float](repeating: 0, count: 4)
    var observation = values.mutableSpan
    for state in [
      CartPoleState(position: 0.1, velocity: -0.2, angle: 0.05, angularVelocity: 0.3),
      CartPoleState(position: -1, velocity: 2, angle: -0.1, angularVelocity: -1),
    ] {
      var weak = CartPoleV1(parameters: .init(), state: state, observation: &observation)
      var strong = CartPoleV1(parameters: parameters, state: state, observation: &observation)
      weak.disturb(push.span)
      _ = weak.step(action: action.span, observation: &observation)
      _ = strong.step(action: action.span, observation: &observation)
      #expect(weak.state == strong.state)
    }
  }

  /// Upright and at rest, l (4/3 − m/M) θ'' = f/m − (F + f)/M for a force f on the pole's centre.
  @Test func aForceOnThePoleActsAtItsCentre() {
    var values = [Float](repeating: 0, count: 4)
    var observation = values.mutableSpan
    var environment = CartPole(
      parameters: .init(), state: .init(position: 0, velocity: 0, angle: 0, angularVelocity: 0),
      observation: &observation)
    let (push, action): ([Float], [Float]) = ([4, 0], [0])
    environment.disturb(push.span)
    _ = environment.step(action: action.span, observation: &observation)
    let expected = 0.02 * (4 / 0.1 - (4 - 10) / 1.1) / (0.5 * (4.0 / 3 - 0.1 / 1.1))
    #expect(abs(Double(observation[3]) - expected) < 1e-4)
  }

  @Test func aTorqueTurnsThePendulumAndCostsNothing() {
    let (push, action): ([Float], [Float]) = ([0.5], [0.3])
    var values = [Float](repeating: 0, count: 3)
    var observation = values.mutableSpan
    var plain = PendulumV1(
      parameters: .init(), angle: 1, velocity: 0.5, observation: &observation)
    var pushed = PendulumV1(
      parameters: .init(), angle: 1, velocity: 0.5, observation: &observation)
    pushed.disturb(push.span)
    let reward = plain.step(action: action.span, observation: &observation).reward
    #expect(pushed.step(action: action.span, observation: &observation).reward == reward)
    // 3 τ / (m l²) for 0.05 s.
    #expect(abs(pushed.velocity - plain.velocity - 0.075) < 1e-12)
  }

  @Test func aForceMovesTheQuadcopterThroughAllSubsteps() {
    var values = [Float](repeating: 0, count: 8)
    var observation = values.mutableSpan
    var environment = Quadcopter(
      parameters: .init(), state: [0, 0, 1, 0, 0, 0], observation: &observation)
    let (push, action): ([Float], [Float]) = ([0.04, -0.02], [0, 0])
    environment.disturb(push.span)
    _ = environment.step(action: action.span, observation: &observation)
    // F t / m; drag takes less than a hundredth of it.
    let expected = 0.04 * 0.02 / 0.027
    let (along, upwards) = (Double(observation[1]) / expected, Double(observation[3]) / expected)
    #expect(abs(along - 1) < 0.01 && abs(upwards + 0.5) < 0.005)
  }

  @Test func aForceMovesTheWalkersHull() {
    var velocities: [Float] = []
    for push in [[Float(0), 0], [10, 0], [-10, 0], [0, 10]] {
      var values = [Float](repeating: 0, count: 24)
      var observation = values.mutableSpan
      var random = NumPyRandom(seed: 1)
      var environment = BipedalWalker(
        parameters: .init(), using: &random, observation: &observation)
      environment.disturb(push.span)
      let action: [Float] = [0, 0, 0, 0]
      _ = environment.step(action: action.span, observation: &observation)
      velocities += [observation[2], observation[3]]
    }
    #expect(velocities[2] > velocities[0] && velocities[4] < velocities[0])
    #expect(velocities[7] > velocities[1])
  }
}
