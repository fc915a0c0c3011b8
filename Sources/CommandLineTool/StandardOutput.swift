import Foundation
import Synchronization

/// Standard output, which can fail without losing the work of a verb.
///
/// After the first failure nothing more is written, and the verb goes on.  If the reader has gone,
/// as in `| head -1`, that is no error; any other failure ends the process with code 74 when the
/// verb is done, unless the verb itself ends with another one.
enum StandardOutput {
  /// Number of the error that has ended writing; 0 for none.
  private static let error = Atomic<Int32>(0)

  /// Whether nothing more can be written, so that a verb that only prints may end.
  static var isClosed: Bool { error.load(ordering: .relaxed) != 0 }

  /// Whether writing has failed for another reason than that the reader has gone.
  static var hasFailed: Bool { isClosed && error.load(ordering: .relaxed) != EPIPE }

  /// Writes text, unbuffered, so that other programs can follow.
  static func write(_ text: String) {
    guard !isClosed else { return }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count)
      }
      if count >= 0 {
        bytes = bytes.dropFirst(count)
      } else if errno == EAGAIN {
        // Another program has made the pipe or terminal non-blocking.
        var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        poll(&descriptor, 1, -1)
      } else if errno != EINTR {
        let number = errno
        error.store(number, ordering: .relaxed)
        if number != EPIPE {
          let reason = String(cString: strerror(number)).lowercased()
          complain("standard output can't be written: \(reason)")
        }
        return
      }
    }
  }
}

/// Writes a line to standard output.
func writeLine(_ line: String) { StandardOutput.write(line + "\n") }

/// Writes to standard output.
func writeOutput(_ text: String) { StandardOutput.write(text) }
