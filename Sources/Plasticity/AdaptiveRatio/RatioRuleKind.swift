/// One rule for the replay ratio, with its settings.
public struct RatioRuleKind: Sendable {
  /// A number that can be set.
  public typealias Setting = InterventionKind.Setting

  /// A word that can be set.
  public struct Choice: Sendable {
    /// Its name.
    public let name: String
    /// Its value where none is given; nil where one has to be.
    public let standard: String?
    /// What it may be; nil for a probe.
    public let allowed: [String]?
    /// One phrase.
    public let summary: String
  }

  /// As it is asked for.
  public let name: String
  /// One phrase.
  public let summary: String
  /// Where it comes from.
  public let source: String
  /// Its numbers; a default of NaN says that there is none, or that another setting makes it.
  public let settings: [Setting]
  /// Its words.
  public let choices: [Choice]
  /// Numbers that have to be given.
  let required: Set<String>
  /// Episodes of full length between two checks, where no steps are given.
  let episodesBetweenChecks: Int
  let make: @Sendable (_ numbers: [String: Double], _ words: [String: String]) -> any RatioRule

  /// The rule of this name.
  public static func find(_ name: String) -> RatioRuleKind? { all.first { $0.name == name } }

  /// Every rule there is.
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
      Setting("window", window, 1...100_000, isWhole: true, "minibatches a check averages over"),
    ]
  }

  private static let stabilization = RatioRuleKind(
    name: "stabilization",
    summary: "from low to high, once, when the probe has come to rest: |φ_k − φ_{k−1}| ≤ threshold",
    source: "Ma et al. 2024, arXiv:2310.07418",
    settings: bounds(low: 0.5, high: 2) + [
      Setting("threshold", 1e-3, 0...1e9, "greatest change of a probe at rest"),
      Setting("relative", 0, 0...1, "the same as a fraction of φ; the greater of the two counts"),
    ] + timing(every: "50 full episodes by default", window: 250),
    choices: [
      Choice(
        name: "probe", standard: "active-units", allowed: nil, summary: "φ, as --probes has it")
    ], required: [], episodesBetweenChecks: 50
  ) { numbers, _ in
    StabilizationRule(
      low: numbers["low"] ?? 1, high: numbers["high"] ?? 1, threshold: numbers["threshold"] ?? 0,
      relative: numbers["relative"] ?? 0)
  }

  private static let controller = RatioRuleKind(
    name: "controller",
    summary: "ln ρ ← clamp(ln ρ ± g clamp((φ − τ)/|τ|, −1, 1), ln low, ln high)",
    source: "integral control of the logarithm",
    settings: bounds(low: 0.5, high: 4) + [
      Setting("target", .nan, -1e9...1e9, "τ; must be given"),
      Setting("gain", 0.1, 1e-6...10, "g: greatest change of ln ρ at a check"),
      Setting("start", .nan, 1e-6...1e6, "ratio at the start; low by default"),
    ] + timing(every: "a full episode by default", window: 8),
    choices: [
      Choice(name: "probe", standard: nil, allowed: nil, summary: "φ, as --probes has it"),
      Choice(
        name: "above", standard: RatioController.Direction.lower.rawValue,
        allowed: RatioController.Direction.allCases.map(\.rawValue),
        summary: "what happens to the ratio while φ is above τ"),
    ], required: ["target"], episodesBetweenChecks: 1
  ) { numbers, words in
    let (low, high) = (numbers["low"] ?? 1, numbers["high"] ?? 1)
    return RatioController(
      start: numbers["start"] ?? low, bounds: low...high, target: numbers["target"] ?? 0,
      gain: numbers["gain"] ?? 0,
      above: words["above"].flatMap { RatioController.Direction(rawValue: $0) } ?? .lower)
  }
}
