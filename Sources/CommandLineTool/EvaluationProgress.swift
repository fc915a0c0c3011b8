import Foundation
import Synchronization
import Training

/// A live line on standard error that counts finished episodes, if standard error is a terminal.
final class EvaluationProgress: Sendable {
  private let mode: ActionMode
  private let episodes: Int
  private let state = Mutex((finished: 0, shown: Date.now))
  /// Seconds between two changes of the line.
  private static let interval = 0.2

  /// Shows the line.
  init(mode: ActionMode, episodes: Int) {
    (self.mode, self.episodes) = (mode, episodes)
    show(0)
  }

  /// Counts an episode; called on any thread.
  func count() {
    state.withLock { state in
      state.finished += 1
      guard -state.shown.timeIntervalSinceNow > Self.interval else { return }
      state.shown = .now
      show(state.finished)
    }
  }

  /// Clears the line.
  func finish() { LiveLine.show("") }

  private func show(_ finished: Int) {
    LiveLine.show("\(mode.rawValue): \(grouped(finished)) of \(grouped(episodes)) episodes")
  }
}
