extension StringProtocol where SubSequence == Substring {
  /// The lines of a text, without their ends `\n` or `\r\n`; empty lines are left out.
  ///
  /// To Swift, `\r\n` is a single character, so that splitting at the character `\n` would not
  /// separate lines that end so.
  package var lines: [Substring] { allLines.filter { !$0.isEmpty } }

  /// The lines of a text, with empty ones.
  package var allLines: [Substring] {
    self[startIndex...].utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
      Substring($0.last == 0x0D ? $0.dropLast() : $0)
    }
  }
}
