import Foundation
import Synchronization

/// The link of a worker process to the process that started it: the standard input.
///
/// The parent writes a byte to ask for a checkpoint and an end.  When the parent has ended, however
/// that came, the input ends too, and the worker ends at once, as after `kill -9`.
enum WorkerLink {
  /// The byte that asks for an end.
  static let stop = UInt8(ascii: "s")
  private static let received = Atomic<Bool>(false)

  /// Whether the parent has asked for an end.
  static var isStopping: Bool { received.load(ordering: .relaxed) }

  /// Watches the input in a thread of its own.
  static func watch() {
    // A terminal sends these to all its processes; the parent decides.
    for number in [SIGINT, SIGHUP] { signal(number, SIG_IGN) }
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count == 1 {
          if byte == stop { received.store(true, ordering: .relaxed) }
        } else if count == 0 || errno != EINTR {
          _exit(ExitStatus.interrupted.rawValue)
        }
      }
    }
  }
}
