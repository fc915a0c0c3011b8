/// Mean and variance of a stream of vectors, merged batch by batch in double precision.
///
/// - Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
///   sample variances", 1979.
public struct RunningMoments: Codable, Sendable, Equatable {
  /// Number of rows seen; not whole if it began with a small weight for the initial guess.
  public private(set) var count: Double
  /// The mean of each component.
  public private(set) var mean: [Double]
  /// The sum of squared deviations from the mean of each component.
  public private(set) var squaredDeviations: [Double]

  /// Number of components.
  public var width: Int { mean.count }

  /// The population variance of each component; one before anything was seen.
  public var variance: [Double] { (0..<width).map(variance(of:)) }

  /// Starts from mean 0 and variance 1, which weigh as much as `initialCount` rows.
  ///
  /// Stable-Baselines3 begins with 1e-4.
  public init(width: Int, initialCount: Double = 0) {
    precondition(width > 0 && initialCount >= 0, "\(width) components, count \(initialCount)")
    count = initialCount
    mean = Array(repeating: 0, count: width)
    squaredDeviations = Array(repeating: initialCount, count: width)
  }

  /// Restores what a checkpoint holds.
  public init(count: Double, mean: [Double], variance: [Double]) {
    precondition(mean.count == variance.count && count >= 0, "\(mean.count), \(variance.count)")
    self.count = count
    self.mean = mean
    squaredDeviations = variance.map { $0 * count }
  }

  /// The population variance of one component; one before anything was seen.
  public func variance(of component: Int) -> Double {
    count > 0 ? squaredDeviations[component] / count : 1
  }

  /// Takes in the first `rows` rows of a matrix, all at once.
  public mutating func update(_ matrix: Matrix, rows: Int) {
    precondition(
      matrix.columns == width && rows >= 0 && rows <= matrix.rows,
      "\(rows) rows of \(matrix.rows) × \(matrix.columns) for \(width) components")
    update(matrix.base, rows: rows, stride: matrix.stride)
  }

  /// Takes in the first `count` elements of a vector as samples of the only component.
  public mutating func update(_ vector: Vector, count: Int) {
    precondition(width == 1 && count >= 0 && count <= vector.count, "\(count) of \(vector.count)")
    update(vector.base, rows: count, stride: 1)
  }

  private mutating func update(_ base: UnsafePointer<Float>, rows: Int, stride: Int) {
    guard rows > 0 else { return }
    let (width, before, added) = (self.width, count, Double(rows))
    let total = before + added
    mean.withUnsafeMutableBufferPointer { mean in
      squaredDeviations.withUnsafeMutableBufferPointer { squaredDeviations in
        for j in 0..<width {
          var sum = 0.0
          for i in 0..<rows { sum += Double(base[i * stride + j]) }
          let batchMean = sum / added
          var batchDeviations = 0.0
          for i in 0..<rows {
            let deviation = Double(base[i * stride + j]) - batchMean
            batchDeviations += deviation * deviation
          }
          let difference = batchMean - mean[j]
          mean[j] += difference * added / total
          squaredDeviations[j] += batchDeviations + difference * difference * before * added / total
        }
      }
    }
    count = total
  }
}
