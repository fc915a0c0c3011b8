import Dispatch
import Foundation
import Synchronization

/// A flag that is raised by Ctrl-C (SIGINT), the system's request to end (SIGTERM), or the end of
/// the terminal (SIGHUP), unless that is ignored as under `nohup`.
///
/// The first signal raises the flag, so that the run can finish its iteration and write a
/// checkpoint; the second ends the process at once, except for SIGHUP, which a terminal that is
/// closed sends more than once.
final class StopSignal {
  private static let received = Atomic<Bool>(false)
  private let signals: [Int32]
  private let sources: [any DispatchSourceSignal]

  /// Whether the run should stop.
  var isRaised: Bool { Self.received.load(ordering: .relaxed) }

  /// Handles the signals until this object is deinitialised.
  ///
  /// - Parameters:
  ///   - notice: Line for standard error at the first signal; nil for none.
  ///   - numbers: Numbers of the signals.
  init(notice: String?, numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP]) {
    signals = numbers.filter { $0 != SIGHUP || !Self.isIgnored($0) }
    sources = signals.map { number in
      // The source sees the signal only when the default action is off.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        guard Self.received.exchange(true, ordering: .relaxed) else {
          if let notice { writeError(notice) }
          return
        }
        if number != SIGHUP { _exit(130) }
      }
      source.resume()
      return source
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  deinit {
    for source in sources { source.cancel() }
    // From here on, one signal ends the process again.
    for number in signals { signal(number, SIG_DFL) }
  }
}
