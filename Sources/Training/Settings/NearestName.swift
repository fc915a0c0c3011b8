/// A search for the allowed name that a misspelt name, or a name from another suite, was probably
/// meant to be.
public enum NearestName {
  /// Maximum length of a name that is compared, in bytes: comparing takes time in its product with
  /// the other name's.
  private static let mostBytes = 256

  /// Returns the name that was probably meant; nil if none is close enough.
  public static func find(_ name: String, among names: [String]) -> String? {
    candidates(name, among: names).first
  }

  /// Returns the names that were probably meant; more than one only if another suite's single name
  /// stands for all of them.
  ///
  /// A name that ``PeerNames`` knows is never compared by its letters: `n_steps` of
  /// Stable-Baselines3 resembles `steps`, which is something else.  A text that is longer than any
  /// name is no name.
  public static func candidates(_ name: String, among names: [String]) -> [String] {
    guard name.utf8.count <= mostBytes else { return [] }
    if let known = PeerNames.find(name) { return known.filter(names.contains) }
    if let near = misspelling(name, among: names) { return [near] }
    return beginning(name, among: names).map { [$0] } ?? []
  }

  /// Returns a question that suggests the names that were probably meant; nil if there are none.
  ///
  /// - Parameters:
  ///   - name: The unknown name.
  ///   - names: The allowed names.
  ///   - write: A closure that returns an allowed name as the user should write it.
  /// - Returns: The question, such as "did you mean 'walker'?".
  public static func question(
    _ name: String, among names: [String], as write: (String) -> String = { $0 }
  ) -> String? {
    let quoted = candidates(name, among: names).map { "'\(write($0))'" }
    guard let last = quoted.last else { return nil }
    let others = quoted.dropLast().joined(separator: ", ")
    return "did you mean \(others.isEmpty ? "" : "\(others) or ")\(last)?"
  }

  /// Returns the name with the fewest misspellings: at most one in four letters.
  private static func misspelling(_ name: String, among names: [String]) -> String? {
    let (typed, most) = (spelling(name), max(1, min(4, (name.count + 3) / 4)))
    let scored = names.compactMap { name -> (distance: Int, name: String)? in
      let other = spelling(name)
      // Another number is another thing, not a misspelling: beta2 is not beta1.
      guard typed == other || digitless(typed) != digitless(other) else { return nil }
      return (distance(typed, other), name)
    }
    guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= most else {
      return nil
    }
    return best.name
  }

  /// Returns the only name that begins like this, or the one with which all others begin.
  private static func beginning(_ name: String, among names: [String]) -> String? {
    let matches = names.filter { spelling($0).hasPrefix(spelling(name)) }
    guard name.count >= 3, let shortest = matches.min(by: { $0.count < $1.count }),
      matches.allSatisfy({ $0.hasPrefix(shortest) })
    else { return nil }
    return shortest
  }

  /// Returns a name without the differences between the suites' styles.
  static func spelling(_ name: String) -> String {
    String(name.lowercased().map { $0 == "_" ? "-" : $0 })
  }

  private static func digitless(_ name: String) -> String { name.filter { !$0.isNumber } }

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
