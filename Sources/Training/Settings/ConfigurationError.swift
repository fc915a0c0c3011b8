/// A setting that can't be used: the user's mistake, told in one sentence with the remedy.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// Carries a sentence.
  public init(_ description: String) { self.description = description }

  /// Refuses a name, telling the nearest of those there are, and all of them.
  ///
  /// - Parameters:
  ///   - kind: What the name names, for example "environment".
  ///   - name: What was written.
  ///   - allowed: The names there are.
  ///   - origin: Where it was written.
  /// - Returns: The error to throw.
  public static func unknown(
    _ kind: String, _ name: String, allowed: [String], origin: String? = nil
  ) -> ConfigurationError {
    let place = origin.map { " (\($0))" } ?? ""
    let hint = NearestName.find(name, among: allowed).map { "; did you mean '\($0)'?" } ?? "."
    let list = allowed.isEmpty ? "" : " Allowed: \(allowed.joined(separator: ", "))."
    return ConfigurationError("unknown \(kind) '\(name)'\(place)\(hint)\(list)")
  }
}

/// Finds what a misspelt name may have meant.
public enum NearestName {
  /// The closest of some names, unless even that one is far.
  public static func find(_ name: String, among names: [String]) -> String? {
    let scored = names.map { (distance: distance(name.lowercased(), $0.lowercased()), name: $0) }
    guard let best = scored.min(by: { $0.distance < $1.distance }),
      best.distance <= max(2, name.count / 2)
    else { return nil }
    return best.name
  }

  /// The number of insertions, deletions, replacements and swaps of neighbours between two names.
  ///
  /// - Source: Damerau 1964, in the restricted form (optimal string alignment).
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
      var current = [i + 1]
      for j in b.indices {
        var best = min(previous[j + 1], current[j]) + 1
        best = min(best, previous[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, beforePrevious[j - 1] + 1)
        }
        current.append(best)
      }
      (beforePrevious, previous) = (previous, current)
    }
    return previous[b.count]
  }
}
