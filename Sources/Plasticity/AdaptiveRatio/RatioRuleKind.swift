/// A kind of rule for the replay ratio, with its settings.
public struct RatioRuleKind: Sendable {
  /// A numeric setting.
  public typealias Setting = InterventionKind.Setting

  /// A setting whose value is a word.
  public struct Choice: Sendable {
    /// Name of the setting.
    public let name: String
    /// Default value; nil if required.
    public let standard: String?
    /// Allowed values; nil if the value names a probe.
    public let allowed: [String]?
    /// Description of the setting in one phrase.
    public let summary: String
  }

  /// Name of the rule, as written on the command line.
  public let name: String
  /// Description of the rule in one phrase.
  public let summary: String
  /// Publication the rule comes from.
  public let source: String
  /// Numeric settings; a default of NaN means that the setting is required or derived from another.
  public let settings: [Setting]
  /// Settings whose values are words.
  public let choices: [Choice]
  /// Names of the required numeric settings.
  let required: Set<String>
  /// Number of full-length episodes between two checks, unless `every` is given in steps.
  let episodesBetweenChecks: Int
  let make: @Sendable (_ numbers: [String: Double], _ words: [String: String]) -> any RatioRule

  /// Returns the rule of this name; nil if there is none.
  public static func find(_ name: String) -> RatioRuleKind? { all.first { $0.name == name } }

  /// All rules.
  public static let all = [stabilization, controller]

  private static func bounds(low: Double, high: Double) -> [Setting] {
    [
      Setting("low", low, 1e-6...1e6, "lowest ratio"),
      Setting("high", high, 1e-6...1e6, "highest ratio"),
    ]
  }

  private static func timing(every: String, window: Double) -> [Setting] {
    [
      Setting(
        "every", .nan, 1...1e15, isWhole: true, "environment steps between two checks; \(every)"),
      Setting("window", window, 1...100_000, isWhole: true, "minibatches averaged at a check"),
    ]
  }

  private static let stabilization = RatioRuleKind(
    name: "stabilization",
    summary: "switches once from low to high when the probe settles: |φ_k − φ_{k−1}| ≤ threshold",
    source: "Ma et al. 2024, arXiv:2310.07418",
    settings: bounds(low: 0.5, high: 2) + [
      Setting("threshold", 1e-3, 0...1e9, "largest change of a settled probe"),
      Setting("relative", 0, 0...1, "the same as a fraction of φ; the larger of the two applies"),
    ] + timing(every: "50 full episodes by default", window: 250),
    choices: [
      Choice(
        name: "probe", standard: "active-units", allowed: nil,
        summary: "φ, named as in --probes")
    ], required: [], episodesBetweenChecks: 50
  ) { numbers, _ in
    StabilizationRule(
      low: numbers["low"] ?? 1, high: numbers["high"] ?? 1, threshold: numbers["threshold"] ?? 0,
      relative: numbers["relative"] ?? 0)
  }

  private static let controller = RatioRuleKind(
    name: "controller",
    summary: "ln ρ ← clamp(ln ρ ± g clamp((φ − τ)/|τ|, −1, 1), ln low, ln high)",
    source: "integral control of the ratio's logarithm",
    settings: bounds(low: 0.5, high: 4) + [
      Setting("target", .nan, -1e9...1e9, "τ, the probe's target; required"),
      Setting("gain", 0.1, 1e-6...10, "g, the largest change of ln ρ at a check"),
      Setting("start", .nan, 1e-6...1e6, "initial ratio; low by default"),
    ] + timing(every: "one full episode by default", window: 8),
    choices: [
      Choice(name: "probe", standard: nil, allowed: nil, summary: "φ, named as in --probes"),
      Choice(
        name: "above", standard: RatioController.Direction.lower.rawValue,
        allowed: RatioController.Direction.allCases.map(\.rawValue),
        summary: "direction of the ratio while φ is above τ"),
    ], required: ["target"], episodesBetweenChecks: 1
  ) { numbers, words in
    let (low, high) = (numbers["low"] ?? 1, numbers["high"] ?? 1)
    return RatioController(
      start: numbers["start"] ?? low, bounds: low...high, target: numbers["target"] ?? 0,
      gain: numbers["gain"] ?? 0,
      above: words["above"].flatMap { RatioController.Direction(rawValue: $0) } ?? .lower)
  }
}
