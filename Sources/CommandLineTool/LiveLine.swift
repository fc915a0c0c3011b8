import Foundation

/// A line on standard error that is replaced again and again, if standard error is a terminal.
enum LiveLine {
  /// Whether the line is shown.
  static let isShown = isatty(STDERR_FILENO) == 1

  /// Shows a text in place of the last one; nothing if it is empty.
  static func show(_ text: String) {
    guard isShown else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K\(text)".utf8))
  }
}
