/// Means of metrics over the minibatches or updates of an iteration.
public struct MetricMeans {
  private var sums: [Double]
  private var counts: [Double]

  /// Starts with nothing added.
  public init(count: Int) {
    sums = Array(repeating: 0, count: count)
    counts = sums
  }

  /// Adds one value of each metric; NaN for a metric without one.
  public mutating func add(_ values: [Double]) {
    precondition(values.count == sums.count, "\(values.count) values of \(sums.count) metrics")
    for (i, value) in values.enumerated() where !value.isNaN {
      sums[i] += value
      counts[i] += 1
    }
  }

  /// The mean of each metric; NaN without a value.
  public var values: [Double] { zip(sums, counts).map { $0 / $1 } }
}
