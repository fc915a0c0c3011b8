internal import RLCore
internal import Training

/// The episodes of a policy under one choice of parameters and perturbations.
public struct StressCell: Sendable, Equatable {
  /// Values of the axes; empty for the nominal cell.
  public let values: [Double]
  /// Undiscounted returns by the raw reward, in order of seeds; NaN if an action was not finite.
  public let returns: [Double]
  /// Lengths of the episodes, in steps.
  public let lengths: [Int]
  /// Number of successful episodes; nil if the environment does not define success.
  public let successes: Int?
  /// Number of episodes that the task ended with a failure.
  public let failures: Int

  /// Creates a cell.
  public init(
    values: [Double], returns: [Double], lengths: [Int], successes: Int?, failures: Int
  ) {
    (self.values, self.returns, self.lengths) = (values, returns, lengths)
    (self.successes, self.failures) = (successes, failures)
  }

  /// Number of episodes.
  public var episodes: Int { returns.count }
  /// Mean return; NaN if an action was not finite.
  public var mean: Double { returns.reduce(0, +) / Double(episodes) }
  /// Population standard deviation of the returns.
  public var standardDeviation: Double {
    let mean = mean
    let squares = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(episodes)).squareRoot()
  }
  /// Mean length of the episodes, in steps.
  public var meanLength: Double { Double(lengths.reduce(0, +)) / Double(episodes) }
  /// Share of successful episodes; nil if the environment does not define success.
  public var successRate: Double? { successes.map { Double($0) / Double(episodes) } }
  /// Share of episodes that the task ended with a failure.
  public var failureRate: Double { Double(failures) / Double(episodes) }

  /// Returns a quantile of the returns, as `Statistics.quantile` defines it.
  public func quantile(_ fraction: Double) -> Double {
    Statistics.quantile(fraction, of: returns)
  }
}

/// The cells of a stress test.
public struct StressResult: Sendable, Equatable {
  /// The cell with the parameters and perturbations that were set, those of the axes nominal.
  public let nominal: StressCell
  /// Cells in the order of the grid.
  public let cells: [StressCell]

  /// Creates a result.
  public init(nominal: StressCell, cells: [StressCell]) {
    (self.nominal, self.cells) = (nominal, cells)
  }

  private var means: [Double] { cells.map(\.mean) }

  /// Mean over the cells of their mean returns.
  public var mean: Double { means.reduce(0, +) / Double(cells.count) }

  /// Index of the cell with the lowest mean return, the first of several; a cell whose returns are
  /// not finite is the worst.
  public var worst: Int {
    var worst = 0
    for (i, mean) in means.enumerated() {
      let lowest = cells[worst].mean
      if !lowest.isNaN, mean.isNaN || mean < lowest { worst = i }
    }
    return worst
  }

  /// Lowest mean return of a cell.
  public var worstMean: Double { cells[worst].mean }

  /// Returns a quantile over the cells of their mean returns, as `Statistics.quantile` defines it.
  public func quantile(_ fraction: Double) -> Double { Statistics.quantile(fraction, of: means) }

  /// Mean return in the worst tenth of the cells.
  public var conditionalValueAtRisk: Double {
    Statistics.conditionalValueAtRisk(0.1, of: means)
  }

  /// Number of episodes in which an action was not finite, the nominal ones included.
  public var notFinite: Int {
    ([nominal] + cells).reduce(0) { $0 + $1.returns.count { !$0.isFinite } }
  }
}
