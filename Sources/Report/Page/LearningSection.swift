internal import Charts
internal import Foundation
internal import Storage
internal import Training

/// Learning curves of each environment's groups, over steps and over time.
struct LearningSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    let environments = groups.byEnvironment
    guard !environments.isEmpty else { return nil }
    return SectionView(
      id: "learning", title: "Learning curves", lead: Self.lead(groups),
      figures: environments.flatMap { environment, members in
        let place = environments.count > 1 ? ", \(environment)" : ""
        return [
          evaluations(members, overTime: false, place), evaluations(members, overTime: true, place),
          training(members, place),
        ].compactMap(\.self)
      })
  }

  /// Explains what the curves and their intervals are.
  static func lead(_ groups: [ReportedGroup]) -> String {
    let most = groups.map(\.runs.count).max() ?? 0
    if most == 1 { return "Each curve is one run: it says nothing about other seeds." }
    let few = groups.contains { $0.runs.count < RunScores.fewestRunsOfAnInterval }
    return "Thick: interquartile mean over seeds; thin: the seeds; shaded: 95 % interval of the "
      + "mean, by the stratified bootstrap"
      + (few ? ", if there are at least \(RunScores.fewestRunsOfAnInterval) runs." : ".")
  }

  private func evaluations(
    _ members: [(index: Int, group: ReportedGroup)], overTime: Bool, _ place: String
  ) -> FigureView? {
    let series = members.map { index, group in
      let samples = group.runs.map { Curves.evaluations($0, overTime: overTime) }
      let points = Curves.sum(samples) { sample, interval, count in
        Self.note(group.name, sample, interval, count, overTime: overTime)
      }
      return LineChart.Series(
        members.count > 1 ? group.name : "", color: index, points,
        strands: group.runs.count > 1 ? samples.map(Curves.strand) : [])
    }
    guard series.contains(where: { !$0.points.isEmpty }) else { return nil }
    let name = overTime ? "Evaluations against time" : "Evaluations against steps"
    var chart = LineChart(
      label: "\(name)\(place): \(members.map(\.group.name).joined(separator: ", "))",
      horizontal: overTime ? "time since the start" : "environment steps", series)
    chart.horizontalKind = overTime ? .seconds : .count
    chart.reference = members[0].group.runs[0].solvedReturn.map { ($0, "solved") }
    return FigureView(
      name + place, note: "mean return of an evaluation's episodes", chart.markup,
      classes: overTime ? "over-time" : "over-steps",
      numbers: overTime ? nil : numbers(members, series))
  }

  private static func note(
    _ name: String, _ sample: Curves.Sample, _ interval: Interval?, _ count: Int, overTime: Bool
  ) -> String {
    let place =
      overTime
      ? NumberText.duration(sample.x) : "\(NumberText.decimal(sample.steps, places: 0)) steps"
    let range = interval.map { " (\(SummaryTable.range($0)))" } ?? ""
    return "\(name), \(place): \(SummaryTable.score(sample.y))\(range), "
      + "\(count) run\(count == 1 ? "" : "s")"
  }

  /// The numbers behind the curves.
  private func numbers(
    _ members: [(index: Int, group: ReportedGroup)], _ series: [LineChart.Series]
  ) -> TableView {
    let steps = Set(series.flatMap { $0.points.map(\.x) }).sorted()
    let values = series.map { curve in
      Dictionary(curve.points.map { ($0.x, $0) }, uniquingKeysWith: { first, _ in first })
    }
    return TableView(
      caption: "Interquartile means and 95 % intervals of the evaluations", corner: "steps",
      columns: members.map(\.group.name),
      rows: steps.map { step in
        TableView.Row(
          name: NumberText.decimal(step, places: 0),
          cells: values.map { curve in
            guard let point = curve[step] else { return TableView.Cell(text: "–") }
            let range = point.interval.map {
              " (\(SummaryTable.score($0.lowerBound)) to \(SummaryTable.score($0.upperBound)))"
            }
            return TableView.Cell(text: SummaryTable.score(point.y) + (range ?? ""))
          })
      }, folded: "Numbers")
  }

  private func training(
    _ members: [(index: Int, group: ReportedGroup)], _ place: String
  ) -> FigureView? {
    let series = members.compactMap { index, group -> LineChart.Series? in
      let runs = group.runs.map { run in
        (run.metrics.numbers("steps") ?? [], run.metrics.numbers("episode-return") ?? [])
      }
      let points = Curves.sum(Curves.metric(runs)) { _, _, _ in nil }
      guard !points.isEmpty else { return nil }
      return LineChart.Series(members.count > 1 ? group.name : "", color: index, points)
    }
    guard !series.isEmpty else { return nil }
    var chart = LineChart(
      label: "Training returns against steps\(place)", horizontal: "environment steps", series)
    chart.horizontalKind = .count
    return FigureView(
      "Training returns against steps\(place)",
      note: "return of the episodes that the agent learns from", chart.markup, classes: "training")
  }
}

extension [ReportedGroup] {
  /// The groups of each environment with their indices, in the order in which they first appear.
  var byEnvironment: [(environment: String, members: [(index: Int, group: ReportedGroup)])] {
    var result: [(environment: String, members: [(index: Int, group: ReportedGroup)])] = []
    for (index, group) in enumerated() {
      if let place = result.firstIndex(where: { $0.environment == group.environment }) {
        result[place].members.append((index, group))
      } else {
        result.append((group.environment, [(index, group)]))
      }
    }
    return result
  }
}
