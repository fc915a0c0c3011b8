internal import Charts
internal import Experiments
internal import Foundation
internal import Training

/// The table at the top: a row per group.
struct SummaryTable {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: TableView {
    TableView(
      caption: "Results of each group of runs", corner: "runs",
      columns: [
        "seeds", "\(groups.scoreName), IQM", "95 % interval", "best evaluation, IQM", "solved",
        "steps",
        "time per run",
      ],
      rows: groups.map(row))
  }

  private func row(_ group: ReportedGroup) -> TableView.Row {
    let (scores, best) = (group.scores(groups.score), group.scores(.best))
    let interval = scores.isEmpty ? nil : RunScores(scores).interval(of: \.interquartileMean)
    let steps = group.runs.compactMap(\.steps)
    let seconds = group.runs.compactMap(\.seconds)
    let cells: [String?] = [
      "\(group.runs.count)", middle(scores), interval.map { Self.range($0) }, middle(best),
      solved(group, scores), steps.max().map { NumberText.decimal($0, places: 0) },
      seconds.isEmpty ? nil : NumberText.duration(Statistics.mean(seconds)),
    ]
    return TableView.Row(name: group.name, cells: cells.map { TableView.Cell(text: $0 ?? "–") })
  }

  private func middle(_ scores: [Double]) -> String? {
    scores.isEmpty ? nil : Self.score(Statistics.interquartileMean(scores))
  }

  /// The share of runs whose score reaches the return that counts as solved.
  private func solved(_ group: ReportedGroup, _ scores: [Double]) -> String? {
    guard let goal = group.runs[0].solvedReturn, !scores.isEmpty else { return nil }
    return "\(scores.count { $0 >= goal }) of \(scores.count)"
  }

  /// Returns a return as text.
  static func score(_ value: Double) -> String {
    NumberText.decimal(value, places: abs(value) < 10 ? 2 : 1)
  }

  /// Returns an interval of returns as text.
  static func range(_ interval: Interval) -> String {
    "\(score(interval.lowerBound)) to \(score(interval.upperBound))"
  }
}
