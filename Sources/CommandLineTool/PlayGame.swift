import LinearAlgebra
package import RLCore
package import Recording
package import Rendering
package import Storage

/// Episodes of one environment that a person drives, and their recordings.
///
/// Every attempt at an episode is recorded from its first step.  An attempt that the person cuts
/// short is a complete recording too, except that its last step is marked neither as terminated nor
/// as truncated.
package final class PlayGame: EpisodeObserver {
  /// The result of a completed episode.
  package struct Result: Sendable, Equatable {
    /// Undiscounted sum of rewards.
    package let episodeReturn: Double
    /// Number of steps.
    package let length: Int
    /// How the episode ended.
    package let end: EpisodeEnd
  }

  /// Scene of the current state, or of the last state if the episode has ended.
  package var scene: Scene { environment.scene(of: 0) }
  /// Overlay with the figures of the state that ``scene`` shows.
  package private(set) var overlay: Overlay
  /// Result of the episode; nil while it runs.
  package private(set) var result: Result?
  private let environment: any BatchedEnvironment
  private let recorder: FileRecorder?
  private let actions: Matrix
  private let firstSeed: UInt64
  private var episode: UInt64 = 0
  private var start: (EpisodeStart, observation: [Float])?

  /// Prepares the first episode.
  ///
  /// - Parameters:
  ///   - environment: A vector of one environment, whose parameters are set.
  ///   - seed: Seed of the first episode; each later episode uses the next seed.
  ///   - recorder: Recorder of the episodes; nil to record none.
  package init(
    _ environment: any BatchedEnvironment, seed: UInt64, recorder: FileRecorder? = nil
  ) {
    precondition(environment.count == 1, "\(environment.count) environments for one person")
    self.environment = environment
    self.recorder = recorder
    firstSeed = seed
    let specification = environment.specification
    actions = Matrix(rows: 1, columns: specification.actionWidth)
    environment.takesDisturbances = true
    environment.resetsEndedEpisodes = false
    overlay = Overlay(
      title: specification.identifier, actor: "manual", seed: seed, step: 0,
      steps: specification.episodeSteps, time: 0)
    environment.observe(environment: 0, with: self)
    begin()
  }

  /// Restarts the current episode.
  package func restart() { begin() }

  /// Starts the next episode.
  package func next() {
    episode += 1
    begin()
  }

  private func begin() {
    let specification = environment.specification
    environment.reset(environment: 0, seed: firstSeed &+ episode)
    result = nil
    overlay = Overlay(
      title: specification.identifier, actor: "manual", seed: firstSeed &+ episode, step: 0,
      steps: specification.episodeSteps, time: 0)
  }

  /// Takes a step, unless the episode has ended.
  ///
  /// - Parameters:
  ///   - action: Action [A].
  ///   - push: Disturbance [D].
  /// - Throws: `FileError` if the recording can't be written.
  package func step(action: [Float], push: [Float]) throws(FileError) {
    guard result == nil else { return }
    for j in action.indices { actions[0, j] = action[j] }
    for j in push.indices { environment.disturbances?[0, j] = push[j] }
    environment.step(actions: actions, in: 0..<1)
    describe(action, push)
    try recorder?.check()
    // A complete episode is on the disk before its result is shown.
    if result != nil { try recorder?.finish() }
  }

  /// Finishes the recording of an episode that was cut short.
  package func finish() throws(FileError) { try recorder?.finish() }

  /// Keeps the start for later: an episode without steps should neither create nor replace a file.
  package func didReset(_ start: EpisodeStart, observation: Span<Float>) {
    self.start = (start, observation.indices.map { observation[$0] })
  }

  package func didStep(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) {
    if let (start, first) = start {
      recorder?.didReset(start, observation: first.span)
      self.start = nil
    }
    recorder?.didStep(
      step, action: action, disturbance: disturbance, observation: observation)
  }

  private func describe(_ action: [Float], _ push: [Float]) {
    let (specification, batch) = (environment.specification, environment.batch)
    overlay.step += 1
    overlay.time = Double(overlay.step) * specification.timeStep
    overlay.reward = Double(batch.rewards[0])
    overlay.episodeReturn += Double(batch.rewards[0])
    overlay.action = .init(action, of: specification)
    overlay.disturbances = .init(push, of: environment.disturbanceComponents)
    guard let end = batch.end(of: 0) else { return }
    overlay.remarks = [Overlay.Remark(end)]
    result = Result(episodeReturn: overlay.episodeReturn, length: overlay.step, end: end)
  }
}
