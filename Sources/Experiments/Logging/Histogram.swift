/// How many of some numbers lie in each of some intervals.
package struct Histogram: Equatable {
  /// Number of intervals of equal width; one if all numbers are equal.
  package static let intervals = 30

  package let minimum: Double
  package let maximum: Double
  package let count: Int
  package let sum: Double
  package let sumOfSquares: Double
  /// Upper ends of the intervals, the last at the maximum.
  package let limits: [Double]
  /// Numbers in the intervals.
  package let counts: [Double]

  /// Counts numbers; those that are not finite are left out, and nil results if none is finite.
  package init?(_ values: [Float]) {
    let finite = values.lazy.filter(\.isFinite).map(Double.init)
    guard let low = finite.min(), let high = finite.max() else { return nil }
    (minimum, maximum) = (low, high)
    let intervals = high > low ? Self.intervals : 1
    let width = (high - low) / Double(intervals)
    var counts = [Double](repeating: 0, count: intervals)
    var (count, sum, squares) = (0, 0.0, 0.0)
    for value in finite {
      let place = high > low ? Int((value - low) / width) : 0
      counts[min(intervals - 1, place)] += 1
      count += 1
      sum += value
      squares += value * value
    }
    (self.count, self.sum, sumOfSquares, self.counts) = (count, sum, squares, counts)
    limits = (1...intervals).map { $0 == intervals ? high : low + Double($0) * width }
  }
}
