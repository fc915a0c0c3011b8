internal import Charts
internal import Training

/// Statistics of groups on the same environment against each other.
struct ComparisonSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    let rivals = groups.byEnvironment.map { environment, members in
      (environment, members.filter { !$0.group.scores(groups.score).isEmpty })
    }.filter { $0.1.count > 1 }
    guard !rivals.isEmpty else { return nil }
    return SectionView(
      id: "comparison", title: "Comparison",
      lead:
        "The score of a run is the mean return of its \(groups.scoreName). Intervals are of 95 %, by "
        + "the stratified bootstrap over runs.",
      figures: rivals.flatMap { environment, members in
        let place = rivals.count > 1 ? ", \(environment)" : ""
        return [
          aggregate("Interquartile mean", members, \.interquartileMean, place),
          aggregate("Mean", members, \.mean, place),
          aggregate("Median", members, \.median, place), gap(members, place),
          improvement(members, place), profile(members, place),
        ].compactMap(\.self)
      })
  }

  private func aggregate(
    _ name: String, _ members: [(index: Int, group: ReportedGroup)],
    _ statistic: (RunScores) -> Double, _ place: String
  ) -> FigureView {
    let rows = members.map { index, group in
      let scores = RunScores(group.scores(groups.score))
      let interval = scores.interval(of: statistic)
      let range = interval.map { " (\(SummaryTable.range($0)))" } ?? ""
      return IntervalChart.Row(
        group.name, color: index, value: statistic(scores),
        interval: interval.map { $0.lowerBound...$0.upperBound },
        note: SummaryTable.score(statistic(scores)) + range)
    }
    let chart = IntervalChart(label: "\(name) of the scores\(place)", axis: "score", rows)
    return FigureView(name + place, note: "of the runs' scores", chart.markup)
  }

  /// The share of runs whose score is above each value.
  private func profile(
    _ members: [(index: Int, group: ReportedGroup)], _ place: String
  ) -> FigureView {
    let scores = members.flatMap { $0.group.scores(groups.score) }
    let (low, high) = (scores.min() ?? 0, scores.max() ?? 1)
    let margin = max((high - low) * 0.02, abs(high) * 0.01, 0.01)
    let thresholds = (0...60).map {
      low - margin + (high - low + 2 * margin) * Double($0) / 60
    }
    let series = members.map { index, group in
      let scores = RunScores(group.scores(groups.score))
      let intervals = scores.performanceProfileIntervals(at: thresholds)
      let shares = scores.performanceProfile(at: thresholds)
      let points = thresholds.indices.map { place in
        LineChart.Point(
          x: thresholds[place], y: shares[place],
          interval: intervals.map { $0[place].lowerBound...$0[place].upperBound })
      }
      return LineChart.Series(group.name, color: index, points, isStaircase: true)
    }
    var chart = LineChart(
      label: "Performance profiles\(place)", horizontal: "score", series)
    (chart.verticalKind, chart.including) = (.share, [0, 1])
    return FigureView(
      "Performance profile" + place, note: "share of runs with a higher score", chart.markup,
      classes: "profile")
  }

  /// By how much scores fail to reach the return that counts as solved.
  private func gap(
    _ members: [(index: Int, group: ReportedGroup)], _ place: String
  ) -> FigureView? {
    guard let target = members[0].group.runs[0].solvedReturn else { return nil }
    let name = "Optimality gap below \(NumberText.short(target))"
    return aggregate(name, members, { $0.optimalityGap(target: target) }, place)
  }

  private func improvement(
    _ members: [(index: Int, group: ReportedGroup)], _ place: String
  ) -> FigureView {
    let pairs = members.indices.flatMap { first in
      members.indices.filter { $0 > first }.map { (members[first], members[$0]) }
    }
    let rows = pairs.map { first, second in
      let (mine, others) = (
        RunScores(first.group.scores(groups.score)), RunScores(second.group.scores(groups.score))
      )
      let value = mine.probabilityOfImprovement(over: others)
      let interval = mine.probabilityOfImprovementInterval(over: others)
      let range = interval.map {
        " (\(NumberText.decimal($0.lowerBound, places: 2)) to "
          + "\(NumberText.decimal($0.upperBound, places: 2)))"
      }
      return IntervalChart.Row(
        "\(first.group.name) > \(second.group.name)", color: first.index, value: value,
        interval: interval.map { $0.lowerBound...$0.upperBound },
        note: NumberText.decimal(value, places: 2) + (range ?? ""))
    }
    var chart = IntervalChart(
      label: "Probability of improvement\(place)", axis: "probability", rows)
    (chart.including, chart.reference) = ([0, 1], 0.5)
    return FigureView(
      "Probability of improvement" + place,
      note: "that a run of the first scores higher than one of the second", chart.markup)
  }
}
