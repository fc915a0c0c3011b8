import Experiments
import Foundation
import RLCore
import Robustness
import Training

/// Results of a policy against opponents, as JSON and text.
struct AttackReport: Encodable {
  /// Returns against one opponent.
  struct Row: Encodable {
    var name: String
    var mean: Double
    var standardDeviation: Double
    var minimum: Double
    var notFinite: Int

    enum CodingKeys: String, CodingKey {
      case name, mean, minimum
      case standardDeviation = "std"
      case notFinite = "not-finite"
    }

    init(_ name: String, _ result: EvaluationResult) {
      self.name = name
      (mean, standardDeviation) = (result.mean, result.standardDeviation)
      minimum = Statistics.quantile(0, of: result.returns)
      notFinite = result.returns.count { !$0.isFinite }
    }
  }

  /// The largest survived impulse.
  struct Impulse: Encodable {
    struct Trial: Encodable {
      var magnitude: Double
      var survival: Double
    }

    var steps: Int
    var share: Double
    var magnitude: Double?
    var trials: [Trial]

    init(_ search: ImpulseSearch, steps: Int, share: Double) {
      (self.steps, self.share, magnitude) = (steps, share, search.magnitude)
      trials = search.trials.map { Trial(magnitude: $0.magnitude, survival: $0.survival) }
    }
  }

  /// The certificate of the smoothed policy.
  struct Certificate: Encodable {
    struct Bound: Encodable {
      var budget: Double
      var mean: Double
    }

    var noise: Double
    var floor: Double
    var episodes: Int
    /// Mean return of the smoothed policy without an attack.
    var mean: Double
    var confidence: Double
    var bounds: [Bound]

    /// Budgets, as multiples of the noise.
    private static let budgets = [0, 0.25, 0.5, 1, 1.5, 2, 3]

    init(_ certificate: SmoothingCertificate, _ result: EvaluationResult) {
      (noise, floor) = (certificate.noise, certificate.floor)
      (episodes, mean) = (result.episodes.count, result.mean)
      confidence = 1 - SmoothingCertificate.failureProbability
      bounds = Self.budgets.map {
        // Rounded to twelve digits, so that 1.5 · 0.1 is 0.15.
        let budget = ($0 * certificate.noise * 1e12).rounded() / 1e12
        return Bound(budget: budget, mean: certificate.meanReturn(budget: budget))
      }
    }
  }

  var policy: String
  var environment: String
  var steps: Int?
  var episodes: Int
  var firstSeed: UInt64
  var nominal: Row
  var attacks: [Row] = []
  var adversaries: [Row] = []
  var impulse: Impulse?
  var certificate: Certificate?
  var gates: [Verdict] = []

  enum CodingKeys: String, CodingKey {
    case policy, environment, steps, episodes, nominal, attacks, adversaries, impulse, certificate
    case gates
    case firstSeed = "first-seed"
  }

  init(_ policy: StoredPolicy, nominal: EvaluationResult, firstSeed: UInt64) {
    self.policy = policy.path
    environment = policy.environment.identifier
    steps = policy.steps
    (episodes, self.firstSeed) = (nominal.episodes.count, firstSeed)
    self.nominal = Row("none", nominal)
  }

  /// Judges the results by the gates that the options set.
  mutating func judge(_ options: AttackOptions) {
    func least(_ rows: [Row]) -> Double {
      rows.contains { $0.mean.isNaN } ? .nan : rows.map(\.mean).min() ?? .nan
    }
    let measures = [
      ("min-attack", options.minAttack, least(attacks), "lowest mean return under an attack"),
      (
        "min-adversary", options.minAdversary, least(adversaries),
        "lowest mean return against an adversary"
      ),
      ("min-impulse", options.minImpulse, impulse?.magnitude ?? 0, "largest survived impulse"),
    ]
    for (name, threshold, value, words) in measures {
      guard let threshold else { continue }
      gates.append(
        Verdict(
          name, threshold: threshold, value: value, words: words, isShare: name == "min-impulse"))
    }
  }

  /// Sentence on results that are not finite; nil if all are.
  var notFiniteSentence: String? {
    let lost = ([nominal] + attacks + adversaries).reduce(0) { $0 + $1.notFinite }
    return lost > 0 ? "actions or returns are not finite in \(counted(lost, "episode"))" : nil
  }

  // MARK: Text

  /// The results for the terminal.
  var text: String {
    let steps = steps.map { ", step \(grouped($0))" } ?? ""
    var rows = [["opponent", "mean return", "std", "minimum"]]
    for row in [nominal] + attacks + adversaries {
      rows.append(
        [row.name] + [row.mean, row.standardDeviation, row.minimum].map { decimals($0, 2) })
    }
    var parts = [
      "\(policy)\(steps), \(environment): \(counted(episodes, "episode")) each\n",
      table(rows.map(\.self)),
    ]
    if let impulse { parts.append("\n\(Self.text(impulse))") }
    if let certificate { parts.append("\n\(Self.text(certificate))") }
    return parts.joined(separator: "\n")
  }

  private static func text(_ impulse: Impulse) -> String {
    let what =
      "impulse of \(counted(impulse.steps, "step")) that "
      + "\(decimals(100 * impulse.share, 0)) % of the episodes survive"
    guard let magnitude = impulse.magnitude else {
      return "no \(what): without a push \(decimals(100 * impulse.trials[0].survival, 0)) % do"
    }
    return "largest \(what): \(decimals(magnitude, 3)) of the bound"
      + (magnitude == 1 ? ", the largest possible" : "")
  }

  private static func text(_ certificate: Certificate) -> String {
    let rows =
      [["budget", "mean return at least"]]
      + certificate.bounds.map { [number($0.budget), decimals($0.mean, 2)] }
    return "certificate of the policy smoothed by \(number(certificate.noise)): mean return "
      + "\(decimals(certificate.mean, 2)) in \(counted(certificate.episodes, "episode")); with "
      + "confidence \(number(certificate.confidence))\n\(table(rows))"
  }
}
