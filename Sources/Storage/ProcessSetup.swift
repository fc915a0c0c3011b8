internal import Foundation

/// What a program does before anything else, so that no stream or limit can ruin its files.
package enum ProcessSetup {
  /// Opens standard streams that are closed, and turns two signals into errors of writing.
  ///
  /// If standard output was closed (`>&-`), the next file that is opened would take its place, and
  /// receive what the program prints.  A pipe whose reader has gone and a file that has reached its
  /// limit would end the process with SIGPIPE and SIGXFSZ, and lose its work.
  package static func run() {
    for descriptor in STDIN_FILENO...STDERR_FILENO
    where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number is used, which is this one.
      _ = unsafe open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
  }
}
