internal import Charts
internal import Storage

/// Results of stress tests.
struct StressSection {
  private let tests: [ReportedStress]

  init(_ tests: [ReportedStress]) { self.tests = tests }

  var view: SectionView? {
    guard !tests.isEmpty else { return nil }
    return SectionView(
      id: "stress", title: "Stress tests",
      lead: "Every cell has the same episodes, which training never saw.",
      figures: tests.compactMap(figure), tables: [table])
  }

  private func figure(_ test: ReportedStress) -> FigureView? {
    let title = "\(test.environment), \(Self.policy(test))"
    let note = "mean return over \(test.episodes) episodes per cell"
    switch test.axes.count {
    case 1:
      let axis = test.axes[0]
      let points = test.cells.compactMap { cell in
        cell.values[axis.name].map {
          LineChart.Point(
            x: $0, y: cell.mean,
            interval: cell.lowDecile <= cell.highDecile ? cell.lowDecile...cell.highDecile : nil)
        }
      }.sorted { $0.x < $1.x }
      let chart = LineChart(
        label: "Return against \(axis.name)", horizontal: Self.name(axis),
        [LineChart.Series("", color: 0, points)])
      return FigureView(
        title, note: "\(note); shaded: 10 % to 90 % of the episodes", chart.markup)
    case 2:
      let (down, across) = (test.axes[0], test.axes[1])
      // A file may promise more cells than it has.
      guard test.cells.count == down.values.count * across.values.count else { return nil }
      var means: [[Double?]: Double] = [:]
      for cell in test.cells {
        means[[cell.values[down.name], cell.values[across.name]]] = cell.mean
      }
      let cells = down.values.reversed().flatMap { row in
        across.values.map { means[[row, $0]] ?? .nan }
      }
      let chart = HeatMapChart(
        label: "Mean return over \(down.name) and \(across.name)",
        columns: .init(Self.name(across), across.values.map { NumberText.short($0) }),
        rows: .init(
          Self.name(down),
          down.values.reversed().map { NumberText.short($0) }), cells: cells,
        unit: "mean return")
      return FigureView(title, note: note, chart.markup)
    default: return nil
    }
  }

  /// The policy without the parts of its path that every policy has.
  private static func policy(_ test: ReportedStress) -> String {
    let end = "/policy.safetensors"
    return test.policy.hasSuffix(end) ? String(test.policy.dropLast(end.count)) : test.policy
  }

  private static func name(_ axis: ReportedStress.Axis) -> String {
    axis.unit == "1" ? axis.name : "\(axis.name), \(axis.unit)"
  }

  private var table: TableView {
    TableView(
      caption: "Results of the stress tests", corner: "policy",
      columns: ["nominal", "mean of cells", "worst tenth", "worst cell", "at"],
      rows: tests.map { test in
        let worst = test.worst.values.sorted { $0.key < $1.key }.map {
          "\($0.key) \(NumberText.short($0.value))"
        }
        let numbers = [
          test.nominal.mean, test.mean, test.conditionalValueAtRisk, test.worst.mean,
        ].map { TableView.Cell(text: SummaryTable.score($0)) }
        return TableView.Row(
          name: Self.policy(test),
          cells: numbers + [
            TableView.Cell(text: worst.joined(separator: ", "), isNumber: false)
          ])
      })
  }
}
