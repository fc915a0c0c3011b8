internal import LinearAlgebra

extension RunScores {
  /// Least number of runs of a task for which intervals are given.
  public static let fewestRunsOfAnInterval = 3
  /// Number of resamples behind an interval, unless another is asked for.
  public static let resamples = 50_000
  /// Number of resamples behind each interval of a performance profile.
  public static let profileResamples = 2000

  /// Returns the 95 % interval of a statistic, by the stratified percentile bootstrap: runs are
  /// drawn with replacement within each task.
  ///
  /// - Parameters:
  ///   - statistic: A closure that returns the statistic of scores.
  ///   - resamples: Number of resamples.
  /// - Returns: The interval; nil if a task has fewer than ``fewestRunsOfAnInterval`` runs or a
  ///   score is not finite.
  public func interval(
    of statistic: (RunScores) -> Double, resamples: Int = Self.resamples
  ) -> Interval? {
    intervals(of: { [statistic($0)] }, resamples: resamples)?.first
  }

  /// Returns the 95 % intervals of several statistics of the same resamples.
  public func intervals(
    of statistics: (RunScores) -> [Double], resamples: Int = Self.resamples
  ) -> [Interval]? {
    guard allowsIntervals else { return nil }
    var stream = Self.stream
    var draw = self
    return Self.intervals(resamples) {
      draw.resample(self, using: &stream)
      return statistics(draw)
    }
  }

  /// Returns the 95 % interval of ``probabilityOfImprovement(over:)``; both methods' runs are drawn,
  /// independently.
  public func probabilityOfImprovementInterval(
    over other: RunScores, resamples: Int = Self.resamples
  ) -> Interval? {
    guard allowsIntervals, other.allowsIntervals else { return nil }
    var stream = Self.stream
    var (mine, others) = (self, other)
    return Self.intervals(resamples) {
      mine.resample(self, using: &stream)
      others.resample(other, using: &stream)
      return [mine.probabilityOfImprovement(over: others)]
    }.first
  }

  /// Returns the 95 % interval of each point of ``performanceProfile(at:)``.
  public func performanceProfileIntervals(
    at thresholds: [Double], resamples: Int = Self.profileResamples
  ) -> [Interval]? {
    intervals(of: { $0.performanceProfile(at: thresholds) }, resamples: resamples)
  }

  private static var stream: RandomStream { RandomStream(seed: 0, name: "stratified-bootstrap") }

  private var allowsIntervals: Bool {
    fewestRuns >= Self.fewestRunsOfAnInterval
      && tasks.allSatisfy { $0.allSatisfy(\.isFinite) }
  }

  /// Returns the intervals between the 2.5 % and 97.5 % quantiles of what a closure returns.
  private static func intervals(_ resamples: Int, of draw: () -> [Double]) -> [Interval] {
    precondition(resamples > 0, "\(resamples) resamples")
    var samples: [[Double]] = []
    for _ in 0..<resamples {
      for (i, value) in draw().enumerated() {
        if i == samples.count {
          samples.append([])
          samples[i].reserveCapacity(resamples)
        }
        samples[i].append(value)
      }
    }
    return samples.map { values in
      let sorted = values.sorted()
      return Interval(
        lowerBound: Statistics.quantile(0.025, ofSorted: sorted),
        upperBound: Statistics.quantile(0.975, ofSorted: sorted))
    }
  }
}
