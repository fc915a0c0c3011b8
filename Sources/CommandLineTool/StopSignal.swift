import Dispatch
import Foundation
import Synchronization

/// A flag that is raised by Ctrl-C (SIGINT) or the system's request to end (SIGTERM).
///
/// The first signal raises the flag, so that the run can finish its iteration and write a
/// checkpoint; the second ends the process at once.
final class StopSignal {
  private static let received = Atomic<Bool>(false)
  private static let signals = [SIGINT, SIGTERM]
  private let sources: [any DispatchSourceSignal]

  /// Whether the run should stop.
  var isRaised: Bool { Self.received.load(ordering: .relaxed) }

  /// Handles the signals until this object is deinitialised.
  ///
  /// - Parameter notice: Line for standard error at the first signal.
  init(notice: String) {
    sources = Self.signals.map { number in
      // The source sees the signal only when the default action is off.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if Self.received.exchange(true, ordering: .relaxed) { _exit(130) }
        writeError(notice)
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
    // From here on, one signal ends the process again.
    for number in Self.signals { signal(number, SIG_DFL) }
  }
}
