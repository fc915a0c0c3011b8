internal import Charts
internal import Experiments
internal import Training

/// Returns of the episodes behind the runs' scores, a row per run.
struct DistributionSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    let environments = groups.byEnvironment
    let figures = environments.compactMap { environment, members -> FigureView? in
      let rows = members.flatMap { index, group in
        group.runs.compactMap { run -> DotChart.Row? in
          guard let last = groups.evaluation(of: run) else { return nil }
          let name = group.runs.count > 1 ? "\(group.name) \(run.results.seed)" : group.name
          return DotChart.Row(
            members.count > 1 ? name : group.runs.count > 1 ? "seed \(run.results.seed)" : name,
            color: index, last.returns,
            quartiles: (
              Statistics.quantile(0.25, of: last.returns),
              Statistics.quantile(0.5, of: last.returns),
              Statistics.quantile(0.75, of: last.returns)
            ))
        }
      }
      guard !rows.isEmpty else { return nil }
      let chart = DotChart(
        label: "Returns of the \(groups.scoreName)'s episodes on \(environment)",
        axis: "return of an episode", rows)
      return FigureView(
        environments.count > 1
          ? environment : groups.scoreName.prefix(1).uppercased() + groups.scoreName.dropFirst(),
        note: "a dot per episode; bar: middle half; line: median", chart.markup)
    }
    let profiles = environments.compactMap { profile($1, of: environments.count > 1 ? $0 : nil) }
    guard !figures.isEmpty else { return nil }
    return SectionView(
      id: "evaluations", title: "Evaluations",
      lead: "All evaluations of a run are of the same episodes, which training never sees.",
      figures: figures + profiles)
  }

  /// The share of episodes whose return is above each value.
  private func profile(
    _ members: [(index: Int, group: ReportedGroup)], of environment: String?
  ) -> FigureView? {
    let series = members.compactMap { index, group -> LineChart.Series? in
      let scores = group.runs.compactMap { groups.evaluation(of: $0)?.returns }
      guard !scores.isEmpty else { return nil }
      return Self.profile(
        scores, members.flatMap { $0.group.runs.compactMap { groups.evaluation(of: $0)?.returns } },
        name: members.count > 1 ? group.name : "", color: index)
    }
    guard !series.isEmpty else { return nil }
    var chart = LineChart(
      label: "Share of episodes above a return", horizontal: "return", series)
    chart.verticalKind = .share
    chart.including = [0, 1]
    return FigureView(
      ["Episodes above a return", environment].compactMap(\.self).joined(separator: ", "),
      note: "share of the \(groups.scoreName)'s episodes with a higher return", chart.markup,
      classes: "profile")
  }

  /// Returns a profile at up to 60 thresholds, with intervals over runs.
  private static func profile(
    _ runs: [[Double]], _ all: [[Double]], name: String, color: Int
  ) -> LineChart.Series {
    let values = all.flatMap(\.self).filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let margin = max((high - low) * 0.02, abs(high) * 0.01, 0.01)
    let count = 60
    let thresholds = (0...count).map {
      low - margin + (high - low + 2 * margin) * Double($0) / Double(count)
    }
    func shares(_ returns: [Double]) -> [Double] {
      thresholds.map { threshold in
        Double(returns.count { $0 > threshold }) / Double(returns.count)
      }
    }
    let perRun = runs.map(shares)
    let points = thresholds.indices.map { index in
      let scores = RunScores(perRun.map { $0[index] })
      let interval = scores.interval(of: \.mean, resamples: 500)
      return LineChart.Point(
        x: thresholds[index], y: scores.mean,
        interval: interval.map { $0.lowerBound...$0.upperBound })
    }
    return LineChart.Series(name, color: color, points, isStaircase: true)
  }
}
