import Experiments
import Storage
import Training

/// The stress tests of several runs' policies over one grid, as text and JSON.
struct StressGroup: Encodable {
  /// A measure over the runs.
  struct Measure: Encodable {
    /// Interquartile mean.
    var iqm: Double
    /// Its 95 % interval; nil with fewer than three runs.
    var interval: [Double]?

    enum CodingKeys: String, CodingKey {
      case iqm
      case interval = "interval-95"
    }

    init(_ values: [Double]) {
      let scores = RunScores(values)
      iqm = scores.interquartileMean
      interval = scores.interval(of: \.interquartileMean).map { [$0.lowerBound, $0.upperBound] }
    }
  }

  private static var columns: [(name: String, value: (StressReport) -> Double)] {
    [
      ("nominal", \.nominal.mean), ("mean", \.mean), ("worst", \.worst.mean),
      ("cvar-10", \.conditionalValueAtRisk),
    ]
  }

  let group: String
  private var reports: [(name: String, report: StressReport)] = []

  init(_ group: String) { self.group = group }

  /// Whether there is nothing to show.
  var isEmpty: Bool { reports.isEmpty }

  /// Adds the test of a run in a folder.
  mutating func add(_ report: StressReport, of folder: String) {
    reports.append((FileSystem.split(folder).name, report))
  }

  private enum CodingKeys: CodingKey { case group, runs, measures }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(group, forKey: .group)
    try container.encode(reports.count, forKey: .runs)
    let measures = Self.columns.map { column in
      (column.name, Measure(reports.map { column.value($0.report) }))
    }
    try container.encode(
      Dictionary(measures, uniquingKeysWith: { $1 }), forKey: .measures)
  }

  /// Table with a row for each run, and interquartile means over runs.
  var text: String {
    func plain(_ value: Double) -> String { decimals(value, 2) }
    var rows = [["run", "nominal", "mean of cells", "worst cell", "worst tenth of cells"]]
    for (name, report) in reports {
      rows.append([name] + Self.columns.map { plain($0.value(report)) })
    }
    let measures = Self.columns.map { column in Measure(reports.map { column.value($0.report) }) }
    rows.append(["IQM"] + measures.map { plain($0.iqm) })
    if measures.contains(where: { $0.interval != nil }) {
      rows.append(
        ["95 % interval over runs"]
          + measures.map { measure in
            measure.interval.map { "\(plain($0[0])) to \(plain($0[1]))" } ?? "-"
          })
    }
    return table(rows)
  }
}
