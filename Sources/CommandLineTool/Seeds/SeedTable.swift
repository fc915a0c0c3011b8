import Experiments
import Foundation
import RLCore
import Training

/// The results of a group of seeds, as a table and as JSON; all from the runs' files.
struct SeedTable: Encodable {
  /// The row of one seed.
  struct Row: Encodable {
    var seed: UInt64
    var run: String
    var state: String
    var steps: Int?
    var seconds: Double
    var best: Double?
    var last: Double?
    var final: Double?

    init(_ results: RunResults) {
      (seed, run, state) = (results.seed, results.folder.path, results.state.rawValue)
      (steps, seconds) = (results.last?.steps, results.seconds)
      (best, last) = (results.best?.mean, results.last?.mean)
      final = results.final?.mean
    }
  }

  /// A statistic over seeds.
  struct Summary: Encodable {
    /// Interquartile mean.
    var iqm: Double
    /// Its 95 % interval; nil with fewer than three seeds.
    var interval: [Double]?

    enum CodingKeys: String, CodingKey {
      case iqm
      case interval = "interval-95"
    }

    /// Returns the statistic of scores; nil if a run has none.
    init?(_ scores: [Double?]) {
      let known = scores.compactMap(\.self)
      guard !known.isEmpty, known.count == scores.count else { return nil }
      let scores = RunScores(known)
      iqm = scores.interquartileMean
      interval = scores.interval(of: \.interquartileMean).map { [$0.lowerBound, $0.upperBound] }
    }
  }

  var event = "seeds"
  var group: String
  var environment: String
  var agent: String
  var seeds: [Row]
  var best: Summary?
  var last: Summary?
  var final: Summary?
  var solvedReturn: Double?
  /// Number of seeds whose final mean return, or last one without it, reaches the solved return.
  var solvedSeeds: Int?

  enum CodingKeys: String, CodingKey {
    case event, group, environment, agent, seeds, best, last, final
    case solvedReturn = "solved-return"
    case solvedSeeds = "solved-seeds"
  }

  /// Makes the table of runs in one environment, of which there is at least one.
  init?(_ results: RunGroup) {
    guard let first = results.runs.first else { return nil }
    group = results.name
    (environment, agent) = (first.run.environment.identifier, first.run.agent.identifier)
    seeds = results.runs.map(Row.init)
    (best, last) = (Summary(seeds.map(\.best)), Summary(seeds.map(\.last)))
    final = Summary(seeds.map(\.final))
    solvedReturn = first.run.environment.specification.solvedReturn
    let scores = seeds.compactMap { hasFinals ? $0.final : $0.last }
    solvedSeeds = solvedReturn.map { solved in scores.count { $0 >= solved } }
  }

  private var hasFinals: Bool { final != nil }

  /// The table of the terminal.
  var text: String {
    func plain(_ value: Double?) -> String { value.map { decimals($0, 1) } ?? "-" }
    let columns = hasFinals ? ["best", "last", "final"] : ["best", "last"]
    var rows = [["seed"] + columns + ["steps", "seconds"]]
    for row in seeds {
      rows.append(
        ["\(row.seed)", plain(row.best), plain(row.last)] + (hasFinals ? [plain(row.final)] : [])
          + [row.steps.map(grouped) ?? "-", decimals(row.seconds, 1)]
          + (row.state == "finished" ? [] : [row.state]))
    }
    let summaries = [best, last] + (hasFinals ? [final] : [])
    rows.append(["IQM"] + summaries.map { plain($0?.iqm) })
    if summaries.contains(where: { $0?.interval != nil }) {
      rows.append(
        ["95 % interval"]
          + summaries.map { summary in
            summary?.interval.map { "\(plain($0[0])) to \(plain($0[1]))" } ?? "-"
          })
    }
    var text = table(rows)
    if seeds.count < RunScores.fewestRunsOfAnInterval {
      text += "\n\(counted(seeds.count, "seed")): too few for an interval"
    }
    if let solvedReturn, let solvedSeeds {
      text +=
        "\nsolved, a \(hasFinals ? "final" : "last") mean return of at least "
        + "\(number(solvedReturn)): \(solvedSeeds) of \(counted(seeds.count, "seed"))"
    }
    return text
  }
}
