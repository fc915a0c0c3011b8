/// Signed numbers on a command line.
///
/// The argument parser takes `-2000` for a bundle of short options, so that `--min-return -2000` would
/// lack its value.
public enum SignedNumbers {
  /// Returns the words of a command line in which a signed number is part of the option before it,
  /// as in `--min-return=-2000`; words after `--` stay as they are.
  public static func joined(_ words: [String]) -> [String] {
    var joined: [String] = []
    for (index, word) in words.enumerated() {
      guard word != "--" else { return joined + words[index...] }
      if let option = joined.last, takesValue(option), isSignedNumber(word) {
        joined[joined.count - 1] = "\(option)=\(word)"
      } else {
        joined.append(word)
      }
    }
    return joined
  }

  /// Whether a word is an option whose value may be the next word.
  private static func takesValue(_ word: String) -> Bool {
    word.hasPrefix("-") && word.contains { $0 != "-" } && !word.contains("=")
      && !isSignedNumber(word)
  }

  /// Whether a word is a number with a minus, or a text that begins as one.
  private static func isSignedNumber(_ word: String) -> Bool {
    word.lowercased().prefixMatch(of: /-(\.?[0-9]|\.?inf|nan)/) != nil
  }
}
