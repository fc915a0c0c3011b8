internal import Charts
internal import Training

/// The time that groups spent in environments, policy and updates.
struct TimeSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    let rows = groups.compactMap { group -> ShareChart.Row? in
      let whole = group.runs.compactMap(\.seconds).reduce(0, +)
      guard whole > 0 else { return nil }
      let phases = (0..<3).map { phase in group.runs.reduce(0) { $0 + $1.phases[phase] } / whole }
      let rest = max(0, 1 - phases.reduce(0, +))
      let steps = group.runs.compactMap { $0.times.last?.steps }.reduce(0, +)
      let speed = NumberText.decimal((steps / whole).rounded(), places: 0)
      return ShareChart.Row(
        group.name, phases + [rest],
        note: "\(NumberText.duration(whole / Double(group.runs.count))) per run, \(speed) steps/s")
    }
    guard !rows.isEmpty else { return nil }
    let chart = ShareChart(
      label: "Shares of the time spent in each phase",
      parts: ["environments", "policy", "updates", "evaluation, logs"], rows)
    return SectionView(
      id: "time", title: "Time", lead: "",
      figures: [
        FigureView("Share of time per phase", note: "over all runs of a group", chart.markup)
      ])
  }
}
