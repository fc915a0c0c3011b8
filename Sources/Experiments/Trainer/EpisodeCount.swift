internal import Synchronization

/// A count of an evaluation's finished episodes, which tells an observer of each.
final class EpisodeCount: Sendable {
  private let finished = Mutex(0)
  private let episodes: Int
  // Called only under the lock, while the thread that owns the observer waits for the evaluation.
  private nonisolated(unsafe) let observer: (any TrainingObserver)?

  init(of episodes: Int, for observer: (any TrainingObserver)?) {
    self.episodes = episodes
    unsafe self.observer = observer
  }

  /// Counts an episode, on any thread.
  func add() {
    finished.withLock { finished in
      finished += 1
      unsafe observer?.didEvaluateEpisode(finished, of: episodes)
    }
  }
}
