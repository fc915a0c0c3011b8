import Dispatch
import Foundation
import Synchronization

/// Notices Ctrl-C and the system's request to end.
///
/// The first asks the run to finish its iteration and write a checkpoint; the second ends the
/// process at once.
final class StopSignal {
  private static let received = Atomic<Bool>(false)
  private static let signals = [SIGINT, SIGTERM]
  private let sources: [any DispatchSourceSignal]

  /// Whether the run should stop.
  var isRaised: Bool { Self.received.load(ordering: .relaxed) }

  /// Starts to listen, for as long as this object lives.
  ///
  /// - Parameter notice: Shown at the first signal.
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
    // What follows may be interrupted at once again.
    for number in Self.signals { signal(number, SIG_DFL) }
  }
}
