internal import RLCore

/// Episodes that may start in a recorded state instead of a seed.
enum StateTraces {
  static func cartPoleV1(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let actions = try EpisodeTrace.actions(of: line, for: CartPoleV1.self)
    var parameters = try EpisodeTrace.parameters(of: line, for: CartPoleV1.self)
    var fields: [TraceField] = []
    var states: [[Double]] = []
    for rule in [CartPoleV1.RewardRule.suttonBarto, .survival] {
      parameters.rewardRule = rule
      var task = CartPoleV1(parameters: parameters)
      let first: [Float]
      if line.has("state0") {
        let state = try line.doubles("state0", count: 4)
        first = observing(4) { observation in
          task.reset(
            position: state[0], velocity: state[1], angle: state[2], angularVelocity: state[3],
            observation: &observation)
        }
      } else {
        first = EpisodeTrace.reset(&task, seed: try line.seed())
      }
      states = []
      let recording = EpisodeTrace.play(&task, actions: actions) {
        states.append([$0.position, $0.velocity, $0.angle, $0.angularVelocity])
      }
      switch rule {
      case .suttonBarto:
        // The dynamics are the same; only a line that has these rewards wants them.
        guard line.has("reward_sutton_barto") else { continue }
        fields.append(TraceField("reward_sutton_barto", recording.rewards, tolerance: 0))
      case .survival:
        fields.append(TraceField("obs0", first, tolerance: 0))
        fields.append(TraceField("states", rows: states, tolerance: 0))
        fields += recording.fields(tolerance: 0)
      }
    }
    return fields
  }

  static func pendulumV1(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    var parameters = try EpisodeTrace.parameters(of: line, for: PendulumV1.self)
    if line.has("g") { parameters.gravity = try line.double("g") }
    var task = PendulumV1(parameters: parameters)
    let first: [Float]
    if line.has("state0") {
      let state = try line.doubles("state0", count: 2)
      first = observing(3) {
        task.reset(angle: state[0], velocity: state[1], observation: &$0)
      }
    } else {
      first = EpisodeTrace.reset(&task, seed: try line.seed())
    }
    var states: [[Double]] = []
    var recording: EpisodeTrace.Recording
    switch try line.string("action_dtype") ?? "float32" {
    case "float32":
      let actions = try EpisodeTrace.actions(of: line, for: PendulumV1.self)
      recording = EpisodeTrace.play(&task, actions: actions) {
        states.append([$0.angle, $0.velocity])
      }
    case "float64":
      recording = EpisodeTrace.Recording()
      var values = [Float](repeating: 0, count: 3)
      for torque in try line.doubles("actions") {
        var observation = values.mutableSpan
        let outcome = task.step(doubleTorque: torque, observation: &observation)
        recording.append(
          outcome, observation: values, limit: PendulumV1.specification.episodeSteps)
        states.append([task.angle, task.velocity])
      }
      recording.finish(task)
    case let other:
      throw .unusable(field: "action_dtype", reason: "is \(other); float32 and float64 are known")
    }
    return [
      TraceField("obs0", first, tolerance: 0), TraceField("states", rows: states, tolerance: 0),
    ] + recording.fields(tolerance: 0)
  }

  static func cartPole(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    guard line.has("state0") else { return try EpisodeTrace.run(CartPole.self, line) }
    let state = try bounded(line.doubles("state0", count: 4))
    let actions = try EpisodeTrace.actions(of: line, for: CartPole.self)
    var task = CartPole(parameters: try EpisodeTrace.parameters(of: line, for: CartPole.self))
    let first = observing(4) {
      task.reset(
        position: state[0], velocity: state[1], angle: state[2], angularVelocity: state[3],
        observation: &$0)
    }
    let recording = EpisodeTrace.play(&task, actions: actions)
    return [TraceField("obs0", first, tolerance: 0)] + recording.fields(tolerance: 0)
  }

  static func quadcopter(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    guard line.has("state0") else { return try EpisodeTrace.run(Quadcopter.self, line) }
    let state = try bounded(line.doubles("state0", count: 6))
    let actions = try EpisodeTrace.actions(of: line, for: Quadcopter.self)
    var task = Quadcopter(parameters: try EpisodeTrace.parameters(of: line, for: Quadcopter.self))
    let first = observing(8) {
      task.reset(
        state: [state[0], state[1], state[2], state[3], state[4], state[5]], observation: &$0)
    }
    let recording = EpisodeTrace.play(&task, actions: actions)
    return [TraceField("obs0", first, tolerance: 0)] + recording.fields(tolerance: 0)
  }

  /// Refuses states that Box2D's single precision can't hold sensibly.
  private static func bounded(_ state: [Double]) throws(TraceError) -> [Double] {
    guard state.allSatisfy({ abs($0) <= 1000 }) else {
      throw .unusable(field: "state0", reason: "holds a number beyond 1000")
    }
    return state
  }

  private static func observing(
    _ width: Int, _ reset: (inout MutableSpan<Float>) -> Void
  ) -> [Float] {
    var values = [Float](repeating: 0, count: width)
    var observation = values.mutableSpan
    reset(&observation)
    return values
  }
}
