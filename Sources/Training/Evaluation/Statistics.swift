internal import Foundation
internal import LinearAlgebra

/// An interval that contains an unknown number with a known confidence.
public struct Interval: Sendable, Equatable {
  /// Lower end.
  public let lowerBound: Double
  /// Upper end.
  public let upperBound: Double

  /// Creates an interval.
  public init(lowerBound: Double, upperBound: Double) {
    self.lowerBound = lowerBound
    self.upperBound = upperBound
  }
}

/// Statistics of samples of returns.
public enum Statistics {
  /// Number of resamples behind ``meanInterval(_:)``.
  public static let resamples = 2000
  /// 97.5 % quantile of the standard normal distribution, for intervals of 95 %.
  private static let normalEdge = 1.959_963_984_540_054

  /// Returns a quantile of a sample, linearly interpolated between its two neighbours.
  ///
  /// - Parameters:
  ///   - fraction: Fraction of the values below the quantile, in 0...1.
  ///   - values: The sample, in any order.
  /// - Returns: The quantile; NaN if there are no values or one is NaN.
  /// - Source: Hyndman and Fan 1996, definition 7, NumPy's default.
  public static func quantile(_ fraction: Double, of values: [Double]) -> Double {
    guard !values.isEmpty, !values.contains(where: \.isNaN) else { return .nan }
    return quantile(fraction, ofSorted: values.sorted())
  }

  /// Returns a quantile of values in ascending order, of which there is at least one.
  static func quantile(_ fraction: Double, ofSorted values: [Double]) -> Double {
    let place = fraction * Double(values.count - 1)
    let below = Int(place)
    guard below + 1 < values.count, values[below] != values[below + 1] else { return values[below] }
    return values[below] + (place - Double(below)) * (values[below + 1] - values[below])
  }

  /// Returns the 95 % interval of a mean, by the bias-corrected and accelerated bootstrap.
  ///
  /// There are ``resamples`` resamples from a fixed random stream, so equal samples have equal
  /// intervals.
  ///
  /// - Parameter values: The sample.
  /// - Returns: The interval; nil if there are fewer than two values or one is not finite.
  /// - Source: Efron 1987, "Better Bootstrap Confidence Intervals".
  public static func meanInterval(_ values: [Double]) -> Interval? {
    guard values.count > 1, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var (squares, cubes, spread) = (0.0, 0.0, 0.0)
    for value in values {
      let deviation = value - mean
      squares += deviation * deviation
      cubes += deviation * deviation * deviation
      spread = max(spread, abs(deviation))
    }
    guard squares > 0 else { return Interval(lowerBound: mean, upperBound: mean) }
    var stream = RandomStream(seed: 0, name: "bootstrap")
    let means = (0..<resamples).map { _ in
      var sum = 0.0
      for _ in values.indices {
        sum += values[Int(stream.integer(below: UInt32(values.count)))]
      }
      return sum / count
    }.sorted()
    // Sums in another order differ in their last bits, and then ties must count half all the same.
    let rounding = 1e-12 * (spread + abs(mean))
    let below = means.count { $0 < mean - rounding }
    let ties = means.count { abs($0 - mean) <= rounding }
    let bias = normalQuantile((Double(below) + Double(ties) / 2) / Double(resamples))
    let acceleration = cubes / (6 * squares * squares.squareRoot())
    func bound(_ edge: Double) -> Double {
      let shifted = bias + edge
      let fraction = normalFraction(below: bias + shifted / (1 - acceleration * shifted))
      return quantile(fraction, ofSorted: means)
    }
    return Interval(lowerBound: bound(-normalEdge), upperBound: bound(normalEdge))
  }

  /// Returns the 95 % interval of a probability by Wilson's score.
  ///
  /// Unlike the normal approximation, it is neither empty nor beyond 0...1 if all trials or none
  /// succeeded.
  ///
  /// - Parameters:
  ///   - successes: Number of successes, in 0...`trials`.
  ///   - trials: Number of trials.
  /// - Returns: The interval; nil if there are fewer than two trials.
  /// - Source: Wilson 1927; recommended by Brown, Cai and DasGupta 2001, "Interval Estimation for a
  ///   Binomial Proportion".
  public static func probabilityInterval(successes: Int, trials: Int) -> Interval? {
    precondition((0...max(0, trials)).contains(successes), "\(successes) of \(trials)")
    guard trials > 1 else { return nil }
    let (count, share) = (Double(trials), Double(successes) / Double(trials))
    let square = normalEdge * normalEdge
    let center = share + square / (2 * count)
    let variance = share * (1 - share) / count + square / (4 * count * count)
    let reach = normalEdge * variance.squareRoot()
    let scale = 1 + square / count
    return Interval(
      lowerBound: successes == 0 ? 0 : (center - reach) / scale,
      upperBound: successes == trials ? 1 : (center + reach) / scale)
  }

  /// Returns the fraction of the standard normal distribution below a number.
  package static func normalFraction(below number: Double) -> Double {
    erfc(-number / 2.0.squareRoot()) / 2
  }

  /// Returns the number below which a fraction of the standard normal distribution lies, in -8...8.
  package static func normalQuantile(_ fraction: Double) -> Double {
    var (low, high) = (-8.0, 8.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if normalFraction(below: middle) < fraction { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
