internal import Environments
internal import RLCore

/// Episodes that may start in a recorded state instead of a seed.
enum StateTraces {
  static func cartPoleV1(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let actions = try EpisodeTrace.actions(of: line, for: CartPoleV1.self)
    let parameters = try EpisodeTrace.parameters(of: line, for: CartPoleV1.self)
    var fields: [TraceField] = []
    var states: [[Double]] = []
    for rule in [CartPoleV1.RewardRule.suttonBarto, .survival] {
      var start: EpisodeTrace.Start<CartPoleV1>
      if line.has("state0") {
        let state = try cartPoleState(line.doubles("state0", count: 4))
        start = .init { CartPoleV1(parameters: parameters, state: state, observation: &$0) }
      } else {
        start = .init(parameters: parameters, seed: try line.seed())
      }
      start.environment.rewardRule = rule
      states = []
      let recording = EpisodeTrace.play(&start.environment, actions: actions) {
        let state = $0.state
        states.append([state.position, state.velocity, state.angle, state.angularVelocity])
      }
      switch rule {
      case .suttonBarto:
        // The dynamics are the same; these rewards are computed only if the line has them.
        guard line.has("reward_sutton_barto") else { continue }
        fields.append(TraceField("reward_sutton_barto", recording.rewards, tolerance: 0))
      case .survival:
        fields.append(TraceField("obs0", start.observation, tolerance: 0))
        fields.append(TraceField("states", rows: states, tolerance: 0))
        fields += recording.fields(tolerance: 0)
      }
    }
    return fields
  }

  static func pendulumV1(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    var parameters = try EpisodeTrace.parameters(of: line, for: PendulumV1.self)
    if line.has("g") { parameters.gravity = try line.double("g") }
    var start: EpisodeTrace.Start<PendulumV1>
    if line.has("state0") {
      let state = try line.doubles("state0", count: 2)
      start = .init {
        PendulumV1(
          parameters: parameters, angle: state[0], velocity: state[1], observation: &$0)
      }
    } else {
      start = .init(parameters: parameters, seed: try line.seed())
    }
    var states: [[Double]] = []
    var recording: EpisodeTrace.Recording
    switch try line.string("action_dtype") ?? "float32" {
    case "float32":
      let actions = try EpisodeTrace.actions(of: line, for: PendulumV1.self)
      recording = EpisodeTrace.play(&start.environment, actions: actions) {
        states.append([$0.angle, $0.velocity])
      }
    case "float64":
      recording = EpisodeTrace.Recording()
      var values = [Float](repeating: 0, count: 3)
      for torque in try line.doubles("actions") {
        var observation = values.mutableSpan
        let outcome = start.environment.step(doubleTorque: torque, observation: &observation)
        recording.append(
          outcome, observation: values, limit: PendulumV1.specification.episodeSteps)
        states.append([start.environment.angle, start.environment.velocity])
      }
      recording.finish(start.environment)
    case let other:
      throw .unusable(field: "action_dtype", reason: "is \(other); float32 and float64 are known")
    }
    return [
      TraceField("obs0", start.observation, tolerance: 0),
      TraceField("states", rows: states, tolerance: 0),
    ] + recording.fields(tolerance: 0)
  }

  static func cartPole(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    guard line.has("state0") else { return try EpisodeTrace.run(CartPole.self, line) }
    let state = try bounded(line.doubles("state0", count: 4))
    let parameters = try EpisodeTrace.parameters(of: line, for: CartPole.self)
    return try EpisodeTrace.run(
      line,
      from: .init {
        CartPole(parameters: parameters, state: cartPoleState(state), observation: &$0)
      })
  }

  static func quadcopter(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    guard line.has("state0") else { return try EpisodeTrace.run(Quadcopter.self, line) }
    let state = try bounded(line.doubles("state0", count: 6))
    let parameters = try EpisodeTrace.parameters(of: line, for: Quadcopter.self)
    return try EpisodeTrace.run(
      line,
      from: .init {
        Quadcopter(
          parameters: parameters,
          state: [state[0], state[1], state[2], state[3], state[4], state[5]], observation: &$0)
      })
  }

  private static func cartPoleState(_ numbers: [Double]) -> CartPoleState {
    CartPoleState(
      position: numbers[0], velocity: numbers[1], angle: numbers[2], angularVelocity: numbers[3])
  }

  /// Rejects states that Box2D's single precision can't represent sensibly.
  private static func bounded(_ state: [Double]) throws(TraceError) -> [Double] {
    guard state.allSatisfy({ abs($0) <= 1000 }) else {
      throw .unusable(field: "state0", reason: "holds a number beyond 1000")
    }
    return state
  }
}
