import Experiments
import Foundation
import Robustness
import Synchronization

/// A live line on standard error with the finished cells and the time that is left, or, if standard
/// error is no terminal, one line with the estimate.
final class StressProgressLine: Sendable {
  private struct State {
    var shown = Date.distantPast
    var hasEstimated = false
    var refused: Double?
  }

  private let mayTakeDays: Bool
  private let state = Mutex(State())
  /// Seconds between two changes of the line.
  private static let interval = 0.2
  /// Seconds from which on the estimate is good enough, and after which a test is no longer refused.
  private static let trial = 2.0...60.0
  private static let day = 86_400.0

  init(mayTakeDays: Bool) { self.mayTakeDays = mayTakeDays }

  /// The estimate for which the test was refused; nil if it was not.
  var refused: Double? { state.withLock(\.refused) }

  /// Says what is there already.
  func begin(_ folder: StressFolder, _ test: StressTest) {
    let (finished, cells) = (folder.finishedCells, test.grid.count + 1)
    guard finished > 0 else { return }
    complain(
      finished < cells
        ? "continuing with \(grouped(finished)) of \(grouped(cells)) cells in \(folder.path)"
        : "all cells are in \(folder.path) already; remove it to run them again")
    if folder.isOfOtherBuild {
      complain("cells in \(folder.path) are of another build: results may not be bit-identical")
    }
  }

  /// Shows progress, and returns whether to go on.
  func show(_ progress: StressProgress) -> Bool {
    state.withLock { state in
      if progress.seconds >= Self.trial.lowerBound, let left = progress.secondsLeft {
        let isTrial = !state.hasEstimated || progress.seconds <= Self.trial.upperBound
        if isTrial, !mayTakeDays, progress.seconds + left > Self.day {
          state.refused = progress.seconds + left
          return false
        }
        if !state.hasEstimated, !LiveLine.isShown, left > 10 {
          complain("\(grouped(progress.cells)) cells, about \(duration(left)) left")
        }
        state.hasEstimated = true
      }
      guard LiveLine.isShown, -state.shown.timeIntervalSinceNow > Self.interval else { return true }
      state.shown = .now
      let left = state.hasEstimated ? progress.secondsLeft.map { ", \(duration($0)) left" } : nil
      LiveLine.show(
        "\(grouped(progress.finishedCells)) of \(grouped(progress.cells)) cells, "
          + "\(counted(progress.finishedEpisodes, "episode"))\(left ?? "")")
      return true
    }
  }
}
