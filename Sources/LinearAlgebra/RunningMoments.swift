/// Running mean and variance of a stream of vectors, updated by batches in double precision.
///
/// - Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
///   sample variances", 1979.
public final class RunningMoments {
  /// Number of rows seen, plus the weight of the initial guess.
  public private(set) var count: Double
  /// Mean of each component.
  public private(set) var mean: [Double]
  /// Population variance of each component.
  public private(set) var variance: [Double]

  /// Number of components.
  public var width: Int { mean.count }

  /// Creates moments with mean 0 and variance 1.
  ///
  /// - Parameters:
  ///   - width: Number of components.
  ///   - initialCount: Weight of these initial values, in rows; 1e-4 in Stable-Baselines3.
  public init(width: Int, initialCount: Double = 1e-4) {
    precondition(width > 0 && initialCount >= 0, "\(width) components, count \(initialCount)")
    count = initialCount
    mean = Array(repeating: 0, count: width)
    variance = Array(repeating: 1, count: width)
  }

  /// Restores moments from a checkpoint, bit for bit.
  public func restore(mean: [Double], variance: [Double], count: Double) {
    precondition(
      mean.count == width && variance.count == width && count >= 0,
      "\(mean.count) means and \(variance.count) variances for \(width) components")
    self.mean = mean
    self.variance = variance
    self.count = count
  }

  /// Updates the moments with the first `rows` rows of a matrix as one batch.
  public func update(_ matrix: Matrix, rows: Int) {
    precondition(
      matrix.columns == width && rows >= 0 && rows <= matrix.rows,
      "\(rows) rows of \(matrix.rows) × \(matrix.columns) for \(width) components")
    guard rows > 0 else { return }
    let (base, stride, width) = (matrix.base, matrix.stride, self.width)
    let (before, added) = (count, Double(rows))
    let total = before + added
    mean.withUnsafeMutableBufferPointer { mean in
      variance.withUnsafeMutableBufferPointer { variance in
        for j in 0..<width {
          var sum = 0.0
          for i in 0..<rows { sum += Double(base[i * stride + j]) }
          let batchMean = sum / added
          var squares = 0.0
          for i in 0..<rows {
            let deviation = Double(base[i * stride + j]) - batchMean
            squares += deviation * deviation
          }
          let difference = batchMean - mean[j]
          mean[j] += difference * added / total
          squares += variance[j] * before + difference * difference * before * added / total
          variance[j] = squares / total
        }
      }
    }
    count = total
  }
}
