internal import Charts
internal import Plasticity
internal import Storage
internal import Training

/// The measurements of the probes, a small chart for each.
struct PlasticitySection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  /// A measured value of a network: over all of it, or averaged over its layers.
  private struct Measure: Hashable {
    var network: String
    var name: String
  }

  var view: SectionView? {
    let measures = measures
    guard !measures.isEmpty else { return nil }
    let probed = groups.enumerated().filter { $0.element.runs.contains { Self.isProbed($0) } }
    // Of one group, networks share a chart; of several, groups do.
    let sharesNetworks = probed.count == 1
    let networks = Self.unique(measures.map(\.network))
    var figures: [FigureView] = []
    for name in Self.unique(measures.map(\.name)) {
      let members = measures.filter { $0.name == name }
      for chart in sharesNetworks ? [members] : members.map({ [$0] }) {
        let series = chart.flatMap { measure in
          probed.compactMap { index, group -> LineChart.Series? in
            let points = points(measure, group)
            guard points.contains(where: { $0.y.isFinite }) else { return nil }
            let color = sharesNetworks ? networks.firstIndex(of: measure.network) ?? 0 : index
            return LineChart.Series(
              sharesNetworks ? measure.network : group.name, color: color, points)
          }
        }
        guard !series.isEmpty else { continue }
        let title = sharesNetworks ? name : "\(chart[0].network): \(name)"
        var picture = LineChart(label: "\(title) over training", horizontal: nil, series)
        (picture.size, picture.horizontalKind) = (.small, .count)
        let probe = Probe.all.first { $0.columns.contains(name) }
        figures.append(
          FigureView(title, note: probe?.summary ?? "", picture.markup, classes: "small"))
      }
    }
    guard !figures.isEmpty else { return nil }
    return SectionView(
      id: "plasticity", title: "Plasticity",
      lead: "Probes of the networks against environment steps. A probe that has no value for a "
        + "whole network is averaged over its layers.", classes: "small-multiples", figures: figures
    )
  }

  private static func isProbed(_ run: ReportedRun) -> Bool {
    run.metrics.names.contains { $0.hasPrefix("probes/") }
  }

  /// Measures of all groups, in the order of their columns.
  private var measures: [Measure] {
    Self.unique(
      groups.flatMap(\.runs).flatMap(\.metrics.names).compactMap { column in
        let words = column.split(separator: "/")
        guard words.count >= 3, words[0] == "probes" else { return nil }
        return Measure(network: String(words[1]), name: String(words[words.count - 1]))
      })
  }

  private func points(_ measure: Measure, _ group: ReportedGroup) -> [LineChart.Point] {
    let runs = group.runs.map { run in
      (steps: run.metrics.numbers("steps") ?? [], values: values(measure, run))
    }
    return Curves.sum(Curves.metric(runs)) { _, _, _ in nil }
  }

  private func values(_ measure: Measure, _ run: ReportedRun) -> [Double] {
    let whole = "probes/\(measure.network)/\(measure.name)"
    if let values = run.metrics.numbers(whole) { return values }
    let layers = run.metrics.names.filter {
      $0.hasPrefix("probes/\(measure.network)/") && $0.hasSuffix("/\(measure.name)")
    }.compactMap { run.metrics.numbers($0) }
    return run.metrics.rows.indices.map { row in
      Statistics.mean(layers.map { $0[row] }.filter(\.isFinite))
    }
  }

  private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
    var seen = Set<Value>()
    return values.filter { seen.insert($0).inserted }
  }
}
