internal import LinearAlgebra
public import RLCore
public import Storage

/// Re-simulates a recording step by step and compares the results.
///
/// A replay must be the only user of its environment, which stays in the state after ``step``.
public final class Replay {
  /// Recording that is re-simulated.
  public let recording: RecordingReader
  /// Environments of which the replay uses only the first.
  public let environment: any BatchedEnvironment
  /// Called after each start and after each step, except for steps skipped on the way to another.
  public var onState: ((Replay) -> Void)?

  /// Number of the step that led to the current state, from 1; 0 at the start.
  public private(set) var step = 0
  /// Re-simulated observation, [O].
  public private(set) var observation: [Float] = []
  /// Recorded action of ``step``, [A]; zeros at the start.
  public private(set) var action: [Float]
  /// Recorded disturbance of ``step``, [D]; zeros at the start, empty if disturbances were off.
  public private(set) var disturbance: [Float]
  /// Re-simulated reward of ``step``; 0 at the start.
  public private(set) var reward: Float = 0
  /// Undiscounted sum of re-simulated rewards so far.
  public private(set) var totalReward = 0.0
  /// How the re-simulated episode has ended; nil while it runs.
  public private(set) var end: EpisodeEnd?
  /// Whether the re-simulated episode has ended.
  public var hasEnded: Bool { end != nil }
  /// First difference between recording and re-simulation since the start; nil if there is none.
  public private(set) var difference: RecordingDifference?

  private let actions: Matrix
  private var isPassing = false

  /// Configures an environment for a recording and starts the episode.
  ///
  /// - Parameters:
  ///   - recording: Recording of an episode of this environment.
  ///   - environment: Environments whose parameters and disturbances are set to the recording's.
  /// - Throws: `FileError.damaged(path:reason:)` if the recording does not fit the environment.
  public init(
    _ recording: RecordingReader, environment: any BatchedEnvironment
  ) throws(FileError) {
    self.recording = recording
    self.environment = environment
    let layout = recording.header.layout
    actions = Matrix(rows: environment.count, columns: layout.actions)
    action = .init(repeating: 0, count: layout.actions)
    disturbance = .init(repeating: 0, count: layout.disturbances)
    do {
      try recording.header.apply(to: environment)
    } catch {
      throw .damaged(path: recording.path, reason: error.reason)
    }
    environment.resetsEndedEpisodes = false
    rewind()
  }

  /// Whether there is no further step, in the recording or in the re-simulation.
  public var isAtEnd: Bool { hasEnded || step >= recording.stepCount }

  /// Returns to the start.
  public func rewind() {
    let header = recording.header
    (step, reward, totalReward, end) = (0, 0, 0, nil)
    for j in action.indices { action[j] = 0 }
    for j in disturbance.indices { disturbance[j] = 0 }
    environment.reset(environment: 0, seed: header.seed)
    observation = currentObservation
    let hash = RecordingHash.initial(
      state: environment.stateHash(of: 0), seed: header.seed,
      parameters: environment.parameterValues.map(\.value))
    var comparison = Comparison(step: 0)
    comparison.observations(header.initialObservation, observation, header)
    comparison.hashes(header.initialHash, hash, of: "state, seed and parameters")
    difference = comparison.difference
    show()
  }

  private var currentObservation: [Float] {
    let observations = environment.batch.observations
    return (0..<observations.columns).map { observations[0, $0] }
  }

  /// Re-simulates the next step.
  ///
  /// - Returns: Whether there was a next step.
  @discardableResult public func next() throws(FileError) -> Bool {
    guard !isAtEnd else { return false }
    let recorded = try recording.step(step + 1)
    (action, disturbance) = (recorded.action, recorded.disturbance)
    for j in action.indices { actions[0, j] = action[j] }
    if let disturbances = environment.disturbances {
      for j in disturbance.indices { disturbances[0, j] = disturbance[j] }
    }
    environment.step(actions: actions, in: 0..<1)
    let batch = environment.batch
    step += 1
    reward = batch.rewards[0]
    totalReward += Double(reward)
    end = batch.end(of: 0)
    observation = currentObservation
    if difference == nil { compare(recorded) }
    show()
    return true
  }

  /// Goes to a step: an earlier one from the start, and one beyond the end to the last step.
  public func seek(to target: Int) throws(FileError) {
    let target = min(target, recording.stepCount)
    isPassing = target != 0
    defer { isPassing = false }
    if target < step { rewind() }
    while step + 1 < target, !isAtEnd {
      guard try next() else { break }
    }
    isPassing = false
    if step < target { try next() }
  }

  /// Re-simulates all remaining steps.
  ///
  /// - Returns: The first difference from the recording; nil if there is none.
  public func verify() throws(FileError) -> RecordingDifference? {
    while difference == nil, try next() {}
    return difference
  }

  private func compare(_ recorded: RecordedStep) {
    let terminated = environment.batch.hasTerminated(0)
    let hash = RecordingHash.step(
      state: environment.stateHash(of: 0), action: action.span, disturbance: disturbance.span)
    var comparison = Comparison(step: step)
    comparison.flags("terminated", recorded.terminated, terminated)
    comparison.flags("truncated", recorded.truncated, hasEnded && !terminated)
    // Earlier builds recorded that a task ended, but not what that means.
    if recorded.terminated, let recorded = recording.header.end, let end {
      comparison.ends(recorded, end)
    }
    comparison.floats("reward", recorded.reward, reward)
    comparison.observations(recorded.observation, observation, recording.header)
    comparison.hashes(recorded.hash, hash, of: "state, action and disturbance")
    difference = comparison.difference
  }

  private func show() {
    if !isPassing || hasEnded { onState?(self) }
  }
}
