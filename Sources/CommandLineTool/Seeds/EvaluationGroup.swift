import Experiments
import Storage
import Training

/// The evaluations of several runs' policies, as text, JSON and JUnit's XML.
struct EvaluationGroup: Encodable {
  /// The statistics of one mode over the runs' mean returns.
  struct Mode: Encodable {
    var group: String
    var mode: String
    var runs: Int
    /// Interquartile mean of the runs' mean returns.
    var iqm: Double
    /// Its 95 % interval; nil with fewer than three runs.
    var interval: [Double]?

    enum CodingKeys: String, CodingKey {
      case group, mode, runs, iqm
      case interval = "interval-95"
    }
  }

  let group: String
  /// The evaluations of the runs.
  private(set) var runs: [EvaluationSummary] = []
  /// Names of the runs' folders.
  private var names: [String] = []

  init(_ group: String) { self.group = group }

  private enum CodingKeys: CodingKey { case group, runs, modes, passes }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(group, forKey: .group)
    try container.encode(runs, forKey: .runs)
    try container.encode(modes, forKey: .modes)
    try container.encode(runs.allSatisfy(\.passes), forKey: .passes)
  }

  /// Adds the evaluation of a run in a folder.
  mutating func add(_ evaluation: EvaluationSummary, of folder: String) {
    runs.append(evaluation)
    names.append(FileSystem.split(folder).name)
  }

  /// Statistics of each mode; empty if the runs have several environments, whose returns can't be
  /// averaged.
  var modes: [Mode] {
    guard Set(runs.map(\.environment)).count == 1 else { return [] }
    return (runs.first?.modes.map(\.mode) ?? []).map { mode in
      let scores = RunScores(runs.flatMap(\.modes).filter { $0.mode == mode }.map(\.mean))
      return Mode(
        group: group, mode: mode, runs: runs.count, iqm: scores.interquartileMean,
        interval: scores.interval(of: \.interquartileMean).map { [$0.lowerBound, $0.upperBound] })
    }
  }

  // MARK: Verdict

  /// Throws if results are not finite or a gate does not pass.
  func check() throws {
    let lost = sentences(\.notFiniteSentences)
    guard lost.isEmpty else { throw NotFiniteFailure(lost.joined(separator: ", and ")) }
    let problems = sentences(\.problems)
    guard problems.isEmpty else { throw CheckFailure(problems.joined(separator: ", and ")) }
  }

  private func sentences(_ sentences: (EvaluationSummary) -> [String]) -> [String] {
    zip(names, runs).flatMap { name, run in sentences(run).map { "\(name): \($0)" } }
  }

  // MARK: Text

  /// Table with a row for each run and mode, and the statistics over runs.
  var text: String {
    func plain(_ value: Double) -> String { decimals(value, 2) }
    var rows = [
      ["run", "actions", "mean return", "std", "minimum", "median", "length", "success"]
    ]
    for (name, run) in zip(names, runs) {
      for mode in run.modes {
        rows.append([
          name, mode.mode, plain(mode.mean), mode.standardDeviation.map(plain) ?? "-",
          plain(mode.minimum), plain(mode.median), decimals(mode.meanLength, 1),
          mode.successRate.map { "\(decimals(100 * $0, 1)) %" } ?? "-",
        ])
      }
    }
    let statistics = modes.map { mode in
      let interval = mode.interval.map {
        ", 95 % interval \(plain($0[0])) to \(plain($0[1])) over runs"
      }
      return "\(mode.mode): IQM of \(counted(mode.runs, "run")) \(plain(mode.iqm))"
        + (interval ?? "; too few for an interval")
    }
    return ([table(rows)] + statistics).joined(separator: "\n")
  }

  // MARK: JUnit

  /// Test report with the tests of all runs.
  var junit: String {
    var report = JUnitReport("evaluate \(group)")
    for (name, run) in zip(names, runs) { run.add(to: &report, under: "\(name).") }
    return report.text
  }
}
