internal import Environments
internal import RLCore

/// Episodes of Gymnasium's acrobot and mountain cars.
enum ClassicControlTraces {
  static func acrobotV1(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let parameters = try EpisodeTrace.parameters(of: line, for: AcrobotV1.self)
    var start: EpisodeTrace.Start<AcrobotV1>
    if line.has("state0") {
      let numbers = try line.doubles("state0", count: 4)
      let state = AcrobotState(
        angles: (numbers[0], numbers[1]), velocities: (numbers[2], numbers[3]))
      start = .init { AcrobotV1(parameters: parameters, state: state, observation: &$0) }
    } else {
      start = .init(parameters: parameters, seed: try line.seed())
    }
    var states: [[Double]] = []
    let recording = EpisodeTrace.play(
      &start.environment, actions: try EpisodeTrace.actions(of: line, for: AcrobotV1.self)
    ) {
      let state = $0.state
      states.append([
        state.angles.0, state.angles.1, state.velocities.0, state.velocities.1,
      ])
    }
    return fields(start.observation, states, recording)
  }

  static func mountainCar(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let parameters = try EpisodeTrace.parameters(of: line, for: MountainCar.self)
    var start: EpisodeTrace.Start<MountainCar>
    if line.has("state0") {
      let state = try line.doubles("state0", count: 2)
      start = .init {
        MountainCar(
          parameters: parameters, position: state[0], velocity: state[1], observation: &$0)
      }
    } else {
      start = .init(parameters: parameters, seed: try line.seed())
    }
    var states: [[Double]] = []
    let recording = EpisodeTrace.play(
      &start.environment, actions: try EpisodeTrace.actions(of: line, for: MountainCar.self)
    ) { states.append([$0.position, $0.velocity]) }
    return fields(start.observation, states, recording)
  }

  static func mountainCarContinuous(_ line: TraceLine) throws(TraceError) -> [TraceField] {
    let parameters = try EpisodeTrace.parameters(of: line, for: MountainCarContinuous.self)
    var start: EpisodeTrace.Start<MountainCarContinuous>
    if line.has("state0") {
      let state = try line.doubles("state0", count: 2)
      start = .init {
        MountainCarContinuous(
          parameters: parameters, position: state[0], velocity: state[1], observation: &$0)
      }
    } else {
      start = .init(parameters: parameters, seed: try line.seed())
    }
    var states: [[Double]] = []
    var recording = EpisodeTrace.Recording()
    var values = [Float](repeating: 0, count: 2)
    for action in try EpisodeTrace.actions(of: line, for: MountainCarContinuous.self) {
      var observation = values.mutableSpan
      let outcome = start.environment.step(
        unclippedAction: action[0], observation: &observation)
      recording.append(
        outcome, observation: values, limit: MountainCarContinuous.specification.episodeSteps)
      states.append([start.environment.position, start.environment.velocity])
    }
    recording.finish(start.environment)
    return fields(start.observation, states, recording)
  }

  private static func fields(
    _ first: [Float], _ states: [[Double]], _ recording: EpisodeTrace.Recording
  ) -> [TraceField] {
    [
      TraceField("obs0", first, tolerance: 0), TraceField("states", rows: states, tolerance: 0),
    ] + recording.fields(tolerance: 0)
  }
}
