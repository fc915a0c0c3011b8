internal import Charts
internal import Experiments
internal import Storage
internal import Training

/// Returns per task of runs whose physical parameters change.
struct DriftSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    let figures = groups.flatMap { group -> [FigureView] in
      let runs = group.runs.compactMap { run in run.drift.map { (run, $0) } }
      guard let longest = runs.map(\.1).max(by: { $0.rows.count < $1.rows.count }),
        !longest.rows.isEmpty
      else { return [] }
      let tasks = longest.rows.count
      let cells = runs.flatMap { _, table in
        let returns = table.numbers("late-mean-return") ?? []
        return (0..<tasks).map { $0 < returns.count ? returns[$0] : .nan }
      }
      let chart = HeatMapChart(
        label: "Return per task of \(group.name)",
        columns: .init("task", (0..<tasks).map(String.init)),
        rows: .init("", runs.map { "seed \($0.0.results.seed)" }), cells: cells,
        unit: "mean return")
      return [
        FigureView(
          "Return per task, \(group.name)", note: "mean over the task's later episodes",
          chart.markup, classes: tasks > 30 ? "wide" : "")
      ] + parameters(longest, group)
    }
    guard !figures.isEmpty else { return nil }
    return SectionView(
      id: "drift", title: "Changing tasks",
      lead: "Physical parameters change from task to task; an agent that stays plastic keeps its "
        + "returns.", figures: figures)
  }

  private func parameters(_ table: LogTable, _ group: ReportedGroup) -> [FigureView] {
    let fixed = [
      "task", "first-step", "last-step", "episodes", "mean-return", "late-episodes",
      "late-mean-return",
    ]
    return table.names.filter { !fixed.contains($0) }.compactMap { name in
      guard let values = table.numbers(name), let last = values.last else { return nil }
      // The last task has a width too.
      let points = (values + [last]).enumerated().map {
        LineChart.Point(x: Double($0.offset), y: $0.element)
      }
      let chart = LineChart(
        label: "\(name) per task", horizontal: "task",
        [LineChart.Series("", color: 0, points, isStaircase: true)])
      return FigureView(
        "\(name) per task, \(group.name)", note: "value of the physical parameter", chart.markup)
    }
  }
}
