internal import Charts
internal import Experiments
internal import Foundation
internal import Training

/// Curves over the seeds of a group.
enum Curves {
  /// Number of resamples behind the interval of each point.
  private static let resamples = 1000
  /// Greatest number of points of a curve of iterations.
  static let mostPoints = 100

  /// A number of a run at a number of steps.
  struct Sample {
    var steps: Double
    var x: Double
    var y: Double
  }

  /// Sums up curves of several runs: the interquartile mean at every number of steps that at least
  /// half of them have reached, with its interval if there are enough.
  ///
  /// Where x is not the number of steps, it is averaged over the runs.
  static func sum(
    _ runs: [[Sample]], note: (Sample, Interval?, Int) -> String?
  ) -> [LineChart.Point] {
    var groups: [Double: [Sample]] = [:]
    for run in runs {
      for sample in run where sample.y.isFinite && sample.x.isFinite {
        groups[sample.steps, default: []].append(sample)
      }
    }
    return groups.sorted { $0.key < $1.key }.compactMap { steps, samples in
      guard samples.count * 2 >= runs.count else { return nil }
      let scores = RunScores(samples.map(\.y))
      let middle = Sample(
        steps: steps, x: Statistics.mean(samples.map(\.x)), y: scores.interquartileMean)
      let interval = scores.interval(of: \.interquartileMean, resamples: resamples)
      return LineChart.Point(
        x: middle.x, y: middle.y, interval: interval.map { $0.lowerBound...$0.upperBound },
        note: note(middle, interval, samples.count))
    }
  }

  /// Evaluations of a run over steps, or over seconds.
  static func evaluations(_ run: ReportedRun, overTime: Bool) -> [Sample] {
    run.results.evaluations.map { evaluation in
      let steps = Double(evaluation.steps)
      return Sample(
        steps: steps, x: overTime ? run.seconds(at: steps) ?? .nan : steps, y: evaluation.mean)
    }
  }

  /// Metrics of a group's runs over steps, each averaged over equal parts of the whole range.
  ///
  /// - Parameter runs: Steps and values of each run's iterations.
  /// - Returns: At most ``mostPoints`` samples per run, at the same numbers of steps for all.
  static func metric(_ runs: [(steps: [Double], values: [Double])]) -> [[Sample]] {
    let last = runs.flatMap(\.steps).filter(\.isFinite).max() ?? 0
    let rows = runs.map { run in zip(run.steps, run.values).filter { $0.isFinite && $1.isFinite } }
    let parts = min(mostPoints, rows.map(\.count).max() ?? 0)
    guard last > 0, parts > 1 else {
      return rows.map { $0.map { Sample(steps: $0.0, x: $0.0, y: $0.1) } }
    }
    return rows.map { rows in
      var sums = [(count: Double, sum: Double)](repeating: (0, 0), count: parts)
      for (step, value) in rows {
        let part = (step / last * Double(parts)).rounded(.up).clamped(to: 1...Double(parts))
        sums[Int(part) - 1].count += 1
        sums[Int(part) - 1].sum += value
      }
      return sums.enumerated().compactMap { part, sum in
        guard sum.count > 0 else { return nil }
        let x = (Double(part) + 0.5) / Double(parts) * last
        return Sample(steps: x, x: x, y: sum.sum / sum.count)
      }
    }
  }

  /// Returns samples as the thin line of one run.
  static func strand(_ samples: [Sample]) -> [LineChart.Point] {
    samples.map { LineChart.Point(x: $0.x, y: $0.y) }
  }
}
