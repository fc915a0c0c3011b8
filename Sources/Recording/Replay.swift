internal import LinearAlgebra
public import RLCore
public import Storage

/// Re-simulates a recording step by step and compares.
///
/// The environment is the replay's own meanwhile, and stays in the state that ``step`` names.
public final class Replay {
  /// What is re-simulated.
  public let recording: RecordingReader
  /// The environment; only its first is used.
  public let environment: any BatchedEnvironment
  /// Called after each start and each step that is not passed over in search of another.
  public var onState: ((Replay) -> Void)?

  /// The step that led to this state, from 1; 0 at the start.
  public private(set) var step = 0
  /// [O] as re-simulated.
  public private(set) var observation: [Float] = []
  /// [A], the recorded action of ``step``; zeros at the start.
  public private(set) var action: [Float]
  /// [D], the recorded disturbance of ``step``; zeros at the start, empty where they were off.
  public private(set) var disturbance: [Float]
  /// The re-simulated reward of ``step``; 0 at the start.
  public private(set) var reward: Float = 0
  /// Undiscounted sum of re-simulated rewards so far.
  public private(set) var totalReward = 0.0
  /// Whether the re-simulated episode has ended.
  public private(set) var hasEnded = false
  /// Where recording and re-simulation first differed since the start.
  public private(set) var difference: RecordingDifference?

  private let actions: Matrix
  private var isPassing = false

  /// Prepares an environment for a recording and goes to its start.
  ///
  /// - Parameters:
  ///   - recording: A recording of this environment.
  ///   - environment: Its parameters and disturbances are set to the recording's.
  /// - Throws: ``Training/FileError/damaged(path:reason:)`` where the recording does not fit.
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

  /// Goes back to the start.
  public func rewind() {
    let header = recording.header
    (step, reward, totalReward, hasEnded) = (0, 0, 0, false)
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

  /// Takes the next step.
  ///
  /// - Returns: Whether there was one.
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
    hasEnded = batch.hasEnded(0)
    observation = currentObservation
    if difference == nil { compare(recorded) }
    show()
    return true
  }

  /// Goes to a step, from the start where it lies behind; to the last one where it lies beyond.
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

  /// Re-simulates the rest.
  ///
  /// - Returns: Where it first differs from the recording; nil where it does not.
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
    comparison.floats("reward", recorded.reward, reward)
    comparison.observations(recorded.observation, observation, recording.header)
    comparison.hashes(recorded.hash, hash, of: "state, action and disturbance")
    difference = comparison.difference
  }

  private func show() {
    if !isPassing || hasEnded { onState?(self) }
  }
}
