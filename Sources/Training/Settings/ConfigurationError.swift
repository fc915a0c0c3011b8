/// An error in settings or arguments, described to the user in one sentence with the remedy.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Description of the error in one sentence.
  public let description: String

  /// Creates an error with the given description.
  public init(_ description: String) { self.description = description }

  /// Creates an error for an unknown name that suggests the nearest allowed name and lists all.
  ///
  /// - Parameters:
  ///   - kind: The kind of thing that is named, such as "environment".
  ///   - name: The unknown name.
  ///   - allowed: The allowed names.
  ///   - origin: The place where the name was written; nil if it is not known.
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

/// A search for the allowed name that a misspelt name was probably meant to be.
public enum NearestName {
  /// Returns the closest of several names; nil if even that one is too different.
  public static func find(_ name: String, among names: [String]) -> String? {
    let scored = names.map { (distance: distance(name.lowercased(), $0.lowercased()), name: $0) }
    guard let best = scored.min(by: { $0.distance < $1.distance }),
      best.distance <= max(2, name.count / 2)
    else { return nil }
    return best.name
  }

  /// Returns the minimum number of insertions, deletions, replacements and swaps of neighbours that
  /// turn one name into another.
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
