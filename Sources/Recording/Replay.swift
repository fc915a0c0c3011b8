internal import LinearAlgebra
public import RLCore
public import Storage

/// Re-simulates a recording step by step and compares.
///
/// The environment is the replay's own meanwhile.  In the step that ends an episode a vector
/// resets it; who wants to see the last state looks at it in ``onState``.
public final class Replay {
  /// What is re-simulated.
  public let recording: RecordingReader
  /// The environment; only its first is used.
  public let environment: any BatchedEnvironment
  /// Called while the environment is in the state that ``step`` names: after each start and each
  /// step that is not passed over in search of another.
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

  private let watcher = Watcher()
  private let actions: Matrix
  private var recorded: RecordedStep?
  private var isStarting = false
  private var isPassing = false

  /// Hears of the environment; apart, so that nobody else can tell the replay of steps.
  private final class Watcher: EpisodeObserver {
    weak var replay: Replay?

    func didReset(_ start: EpisodeStart, observation: Span<Float>) {
      replay?.didReset(start, observation: observation)
    }

    func didStep(
      _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
      observation: Span<Float>
    ) {
      replay?.didStep(step, action: action, disturbance: disturbance, observation: observation)
    }
  }

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
    watcher.replay = self
    environment.observe(environment: 0, with: watcher)
    rewind()
  }

  deinit { environment.observe(environment: 0, with: nil) }

  /// Whether there is no further step, in the recording or in the re-simulation.
  public var isAtEnd: Bool { hasEnded || step >= recording.stepCount }

  /// Goes back to the start.
  public func rewind() {
    (step, reward, totalReward) = (0, 0, 0)
    (hasEnded, difference) = (false, nil)
    for j in action.indices { action[j] = 0 }
    for j in disturbance.indices { disturbance[j] = 0 }
    recorded = nil
    isStarting = true
    environment.reset(environment: 0, seed: recording.header.seed)
  }

  /// Takes the next step.
  ///
  /// - Returns: Whether there was one.
  @discardableResult public func next() throws(FileError) -> Bool {
    guard !isAtEnd else { return false }
    let recorded = try recording.step(step + 1)
    self.recorded = recorded
    (action, disturbance) = (recorded.action, recorded.disturbance)
    for j in action.indices { actions[0, j] = action[j] }
    if let disturbances = environment.disturbances {
      for j in disturbance.indices { disturbances[0, j] = disturbance[j] }
    }
    environment.step(actions: actions, in: 0..<1)
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

  private func didReset(_ start: EpisodeStart, observation: Span<Float>) {
    // The vector's own reset after an episode's end shows the next episode.
    guard isStarting else { return }
    isStarting = false
    self.observation = array(observation)
    let header = recording.header
    let hash = RecordingHash.initial(
      state: start.stateHash, seed: start.seed, parameters: start.parameters.map(\.value))
    var comparison = Comparison(step: 0)
    comparison.observations(header.initialObservation, self.observation, header)
    comparison.hashes(header.initialHash, hash, of: "state, seed and parameters")
    difference = comparison.difference
    show()
  }

  private func didStep(
    _ simulated: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
    observation: Span<Float>
  ) {
    guard let recorded else { return }
    step += 1
    reward = simulated.reward
    totalReward += Double(reward)
    hasEnded = simulated.terminated || simulated.truncated
    self.observation = array(observation)
    if difference == nil {
      let hash = RecordingHash.step(
        state: simulated.stateHash, action: action, disturbance: disturbance)
      var comparison = Comparison(step: step)
      comparison.flags("terminated", recorded.terminated, simulated.terminated)
      comparison.flags("truncated", recorded.truncated, simulated.truncated)
      comparison.floats("reward", recorded.reward, simulated.reward)
      comparison.observations(recorded.observation, self.observation, recording.header)
      comparison.hashes(recorded.hash, hash, of: "state, action and disturbance")
      difference = comparison.difference
    }
    show()
  }

  private func show() {
    if !isPassing || hasEnded { onState?(self) }
  }
}
