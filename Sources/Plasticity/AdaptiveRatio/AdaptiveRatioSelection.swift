public import Training

/// A rule for the replay ratio with its settings, written `RULE[:KEY=VALUE,…]`.
public struct AdaptiveRatioSelection: Sendable {
  let text: String
  let kind: RatioRuleKind
  /// Numeric settings that were given or have a default, by name.
  let numbers: [String: Double]
  let words: [String: String]
  let probe: ProbeValueSelection

  /// Parses a rule and its settings.
  ///
  /// - Parameter text: The rule, written `RULE[:KEY=VALUE,…]`.
  /// - Throws: `ConfigurationError` if the rule, a setting or the probe does not exist, or if a
  ///   value is missing or out of range.
  public init(_ text: String) throws(ConfigurationError) {
    self.text = text
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(halves[0])
    guard !name.contains("@") else {
      throw ConfigurationError(
        "'\(text)' (adaptive-ratio): a network belongs to the probe, as in "
          + "\(name.prefix { $0 != "@" }):probe=feature-norm@critic.0")
    }
    guard let kind = RatioRuleKind.find(name) else {
      throw .unknown(
        "rule of adaptive-ratio", name, allowed: RatioRuleKind.all.map(\.name), origin: text)
    }
    self.kind = kind
    var numbers: [String: Double] = [:]
    for setting in kind.settings where !setting.standard.isNaN {
      numbers[setting.name] = setting.standard
    }
    var words: [String: String] = [:]
    for choice in kind.choices { words[choice.name] = choice.standard }
    for assignment in halves.count > 1 ? halves[1].split(separator: ",") : [] {
      let parts = assignment.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let (name, value) = (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
      if let setting = kind.settings.first(where: { $0.name == name }) {
        numbers[name] = try setting.value(value, of: kind.name, origin: text)
      } else if let choice = kind.choices.first(where: { $0.name == name }) {
        if let allowed = choice.allowed, !allowed.contains(value) {
          throw .unknown("value of \(kind.name)'s \(name)", value, allowed: allowed, origin: text)
        }
        words[name] = value
      } else {
        throw .unknown(
          "setting of \(kind.name)", name,
          allowed: kind.choices.map(\.name) + kind.settings.map(\.name), origin: text)
      }
    }
    for choice in kind.choices where words[choice.name] == nil {
      throw ConfigurationError(
        "\(kind.name) needs \(choice.name)=…, one of "
          + "\((choice.allowed ?? ProbeValueSelection.allowed).joined(separator: ", ")) (\(text))")
    }
    for name in kind.required.sorted() where numbers[name] == nil {
      throw ConfigurationError("\(kind.name) needs \(name)=NUMBER (\(text))")
    }
    let (low, high) = (numbers["low"] ?? 1, numbers["high"] ?? 1)
    guard low <= high else {
      throw ConfigurationError(
        "\(kind.name): low must be at most high, and \(low) is above \(high) (\(text))")
    }
    if let start = numbers["start"], !(low...high).contains(start) {
      throw ConfigurationError(
        "\(kind.name): start must lie in low...high, \(low)...\(high), and is \(start) (\(text))")
    }
    probe = try ProbeValueSelection(words["probe"] ?? "", origin: text)
    (self.numbers, self.words) = (numbers, words)
  }

  /// Returns the number of environment steps between two checks.
  ///
  /// - Parameter episodeSteps: Steps in a full episode.
  /// - Returns: The setting `every`, or by default the steps of the rule's number of full episodes.
  func every(episodeSteps: Int) -> Int {
    numbers["every"].map { Int($0) } ?? kind.episodesBetweenChecks * episodeSteps
  }
}
