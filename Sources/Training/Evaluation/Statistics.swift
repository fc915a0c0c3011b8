internal import LinearAlgebra

/// Statistics of small samples of returns.
public enum Statistics {
  /// Returns the mean of the middle half, without the ⌊n/4⌋ values at each end; NaN if there are no
  /// values or one is NaN.
  ///
  /// - Source: Agarwal et al. 2021, arXiv:2108.13264 (rliable).
  public static func interquartileMean(_ values: [Double]) -> Double {
    guard !values.isEmpty, !values.contains(where: \.isNaN) else { return .nan }
    let dropped = values.count / 4
    let middle = values.sorted().dropFirst(dropped).dropLast(dropped)
    return middle.reduce(0, +) / Double(middle.count)
  }

  /// Returns a statistic with its 95 % percentile bootstrap interval.
  ///
  /// - Parameters:
  ///   - values: The sample.
  ///   - repetitions: The number of resamples; their random stream is fixed, so equal samples yield
  ///     equal intervals.
  ///   - statistic: The statistic to estimate.
  /// - Returns: The statistic of the sample and its interval; with fewer than two values, or if one
  ///   is not finite, both ends are the statistic itself, which may be NaN.
  public static func bootstrap(
    _ values: [Double], repetitions: Int = 2000, statistic: ([Double]) -> Double
  ) -> (estimate: Double, interval: (lowerBound: Double, upperBound: Double)) {
    let estimate = statistic(values)
    guard values.count > 1, values.allSatisfy(\.isFinite) else {
      return (estimate, (estimate, estimate))
    }
    var stream = RandomStream(seed: 0, name: "bootstrap")
    var resample = values
    let estimates = (0..<repetitions).map { _ in
      for i in resample.indices {
        resample[i] = values[Int(stream.integer(below: UInt32(values.count)))]
      }
      return statistic(resample)
    }.sorted()
    let edge = Int((0.025 * Double(repetitions)).rounded())
    return (estimate, (estimates[edge], estimates[repetitions - 1 - edge]))
  }
}
