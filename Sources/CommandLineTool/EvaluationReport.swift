import Experiments
import Robustness
import Foundation
import RLCore
import Training

/// Results of one mode, as JSON.
struct EvaluationReport: Encodable {
  var policy: String
  var environment: String
  var steps: Int?
  var mode: String
  /// Wrappers of the environment; nil if there were none.
  var wrap: String?
  /// Parameters that each episode drew; nil if none.
  var randomize: String?
  /// Perturbations; nil if there were none.
  var perturb: String?
  /// Run of the adversary that acted; nil if none did.
  var adversary: String?
  var episodes: Int
  var mean: Double
  var meanInterval: [Double]?
  var standardDeviation: Double?
  var minimum: Double
  var lowQuantile: Double?
  var median: Double
  var meanLength: Double
  var solvedReturn: Double?
  var solvedRate: Double?
  var successRate: Double?
  var successInterval: [Double]?
  /// Shares of the ways in which episodes ended, of those that the environment has or that occurred.
  var ends: [String: Double]
  var notFinite: Int
  /// Verdicts of the gates; nil if there are none.
  var gates: [Verdict]?
  /// Recordings of failing episodes; nil if they were not asked for.
  var failures: [RecordingReport]?
  var seeds: [UInt64]
  var returns: [Double]
  var lengths: [Int]
  var episodeEnds: [String]

  init(
    _ result: EvaluationResult, of source: StoredPolicy, verdicts: [Verdict],
    failures: [RecordingReport]?
  ) {
    let (all, specification) = (result.episodes, source.environment.specification)
    func bounds(_ interval: Interval) -> [Double] { [interval.lowerBound, interval.upperBound] }
    policy = source.path
    environment = source.environment.identifier
    steps = source.steps
    mode = result.mode.rawValue
    wrap = source.wrappers.text
    let randomization = source.conditions.randomization
    adversary = source.opponentPath
    randomize = randomization.isEmpty ? nil : "\(randomization)"
    let perturbations = source.conditions.perturbations
    perturb = perturbations.isEmpty ? nil : "\(perturbations)"
    episodes = all.count
    mean = result.mean
    meanInterval = result.meanInterval.map(bounds)
    // One episode says nothing of how episodes differ.
    standardDeviation = all.count > 1 ? result.standardDeviation : nil
    minimum = Statistics.quantile(0, of: result.returns)
    lowQuantile = all.count > 1 ? Statistics.quantile(0.05, of: result.returns) : nil
    median = Statistics.quantile(0.5, of: result.returns)
    meanLength = result.meanLength
    solvedReturn = specification.solvedReturn
    solvedRate = specification.solvedReturn.map { solved in
      result.share { $0.episodeReturn >= solved }
    }
    successRate = result.successRate
    successInterval = result.successInterval.map(bounds)
    let possible = specification.ends.map { EpisodeEnd.task($0.meaning) } + [.timeLimit]
    ends = [:]
    for end in Set(possible + all.map(\.end)) {
      ends[end.description] = result.share { $0.end == end }
    }
    notFinite = result.returns.count { !$0.isFinite }
    gates = verdicts.isEmpty ? nil : verdicts
    self.failures = failures
    seeds = all.map(\.seed)
    returns = result.returns
    lengths = all.map(\.length)
    episodeEnds = all.map(\.end.description)
  }

  enum CodingKeys: String, CodingKey {
    case policy, environment, steps, mode, wrap, randomize, perturb, adversary, episodes, mean
    case minimum, median, ends, gates, failures
    case seeds, returns, lengths
    case meanInterval = "mean-interval-95"
    case standardDeviation = "std"
    case lowQuantile = "quantile-5"
    case meanLength = "mean-length"
    case solvedReturn = "solved-return"
    case solvedRate = "solved-rate"
    case successRate = "success-rate"
    case successInterval = "success-interval-95"
    case notFinite = "not-finite"
    case episodeEnds = "episode-ends"
  }

  /// Column of the table, without its heading; empty cells are those that the environment lacks.
  fileprivate func cells(ends names: [String]) -> [String] {
    func interval(_ bounds: [Double]?, _ text: (Double) -> String) -> String {
      bounds.map { "\(text($0[0])) to \(text($0[1]))" } ?? "-"
    }
    func percent(_ share: Double) -> String { "\(decimals(100 * share, 1)) %" }
    func plain(_ value: Double) -> String { decimals(value, 2) }
    var cells = [plain(mean), interval(meanInterval, plain)]
    cells.append(standardDeviation.map(plain) ?? "-")
    cells += [plain(minimum), lowQuantile.map(plain) ?? "-", plain(median)]
    cells.append(decimals(meanLength, 1))
    cells.append(solvedRate.map(percent) ?? "")
    cells.append(successRate.map(percent) ?? "")
    cells.append(successRate == nil ? "" : interval(successInterval, percent))
    for name in names { cells.append(percent(ends[name] ?? 0)) }
    return cells
  }
}

/// Results of all modes, as text, JSON and JUnit's XML.
struct EvaluationSummary: Encodable {
  var policy: String
  var environment: String
  var steps: Int?
  var firstSeed: UInt64
  var modes: [EvaluationReport] = []
  /// Ways in which the environment's episodes end, in the order of its specification.
  private let ends: [String]

  init(_ source: StoredPolicy, firstSeed: UInt64) {
    policy = source.path
    environment = source.environment.identifier
    steps = source.steps
    self.firstSeed = firstSeed
    let task = source.environment.specification.ends.map(\.meaning.rawValue)
    ends = task.isEmpty ? [] : task + [EpisodeEnd.timeLimit.description]
  }

  private enum CodingKeys: String, CodingKey {
    case policy, environment, steps, modes, passes
    case firstSeed = "first-seed"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(policy, forKey: .policy)
    try container.encode(environment, forKey: .environment)
    try container.encodeIfPresent(steps, forKey: .steps)
    try container.encode(firstSeed, forKey: .firstSeed)
    try container.encode(modes, forKey: .modes)
    try container.encode(passes, forKey: .passes)
  }

  // MARK: Verdict

  /// Whether all results are finite and all gates pass.
  var passes: Bool { problems.isEmpty && notFinite.isEmpty }

  /// Sentences on gates that do not pass.
  var problems: [String] {
    modes.flatMap { $0.gates ?? [] }.filter { !$0.passes }.map(\.sentence)
  }

  private var notFinite: [String] {
    modes.filter { $0.notFinite > 0 }.map {
      "\($0.notFinite) of \($0.episodes) \($0.mode) episodes"
    }
  }

  /// A sentence on results that are not finite; empty if all are.
  var notFiniteSentences: [String] {
    notFinite.isEmpty ? [] : [Self.notFiniteSentence(notFinite.joined(separator: " and "))]
  }

  private static func notFiniteSentence(_ episodes: String) -> String {
    "actions or returns are not finite in \(episodes)"
  }

  /// Throws if results are not finite or a gate does not pass.
  func check() throws {
    if let sentence = notFiniteSentences.first { throw NotFiniteFailure(sentence) }
    guard problems.isEmpty else { throw CheckFailure(problems.joined(separator: ", and ")) }
  }

  // MARK: Text

  /// Table with a row for each measure and a column for each mode, and the recorded failures.
  var text: String {
    let unfinished = modes.contains { $0.ends[EpisodeEnd.leftUnfinished.description] != nil }
    let ends = ends + (unfinished ? [EpisodeEnd.leftUnfinished.description] : [])
    let solved = modes.first?.solvedReturn.map { number($0) } ?? ""
    var labels = [
      "", "mean return", "95 % interval over episodes of this policy", "standard deviation",
      "minimum", "5 % quantile", "median", "length", "solved, a return of at least \(solved)",
      "success", "95 % interval of the success rate",
    ]
    labels += ends
    let columns = modes.map { [$0.mode] + $0.cells(ends: ends) }
    let rows = labels.indices.map { row in [labels[row]] + columns.map { $0[row] } }
    var parts = [table(rows.filter { $0[1] != "" })]
    let failures = modes.compactMap(\.failures).flatMap(\.self)
    if !failures.isEmpty {
      parts.append(
        "failing episodes\n"
          + table([["seed", "steps", "return", "end", "bytes", "file"]] + failures.map(\.row)))
    } else if modes.contains(where: { $0.failures != nil }) {
      parts.append("no failing episodes to record")
    }
    return parts.joined(separator: "\n")
  }

  // MARK: JUnit

  /// Test report with a test for each gate and mode, and one for finite results.
  var junit: String {
    var report = JUnitReport("evaluate \(policy)")
    add(to: &report)
    return report.text
  }

  /// Adds the tests to a report.
  func add(to report: inout JUnitReport, under prefix: String = "") {
    for mode in modes {
      let lost = mode.notFinite > 0 ? "\(mode.notFinite) of \(mode.episodes) episodes" : nil
      report.add(
        lost.map(Self.notFiniteSentence), mode.gates ?? [],
        to: "\(prefix)\(environment).\(mode.mode)")
    }
  }
}
