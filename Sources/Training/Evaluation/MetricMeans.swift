/// The means of metrics over the minibatches or updates of an iteration.
public struct MetricMeans {
  private var sums: [Double]
  private var counts: [Double]

  /// Creates means of the given number of metrics, without values.
  public init(count: Int) {
    sums = Array(repeating: 0, count: count)
    counts = sums
  }

  /// Adds one value for each metric; NaN for metrics without a value.
  public mutating func add(_ values: [Double]) {
    precondition(values.count == sums.count, "\(values.count) values of \(sums.count) metrics")
    for (i, value) in values.enumerated() where !value.isNaN {
      sums[i] += value
      counts[i] += 1
    }
  }

  /// Mean of each metric; NaN if it has no value.
  public var values: [Double] { zip(sums, counts).map { $0 / $1 } }
}
