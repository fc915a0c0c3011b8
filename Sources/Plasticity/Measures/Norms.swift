public import LinearAlgebra
public import NeuralNetworks

/// Sizes of weights, features, gradients and steps, summed in double precision.
public enum Norms {
  /// Sums over the elements of matrices, padding left out.
  public struct Sums: Sendable, Equatable {
    /// Number of elements.
    public private(set) var count = 0
    /// Σ|x|.
    public private(set) var l1 = 0.0
    /// Σx².
    public private(set) var squares = 0.0
    /// Elements with |x| of at most a tolerance.
    public private(set) var zeros = 0

    /// Sums over nothing.
    public init() {}

    /// The Euclidean (Frobenius) norm.
    public var l2: Double { squares.squareRoot() }
    /// Mean of |x|; NaN over nothing.
    public var meanMagnitude: Double { l1 / Double(count) }
    /// Fraction of elements within the tolerance of zero; NaN over nothing.
    public var zeroFraction: Double { Double(zeros) / Double(count) }

    /// Adds the elements of a matrix.
    public mutating func add(_ matrix: Matrix, tolerance: Float = 0) {
      count += matrix.rows * matrix.columns
      for i in 0..<matrix.rows {
        for j in 0..<matrix.columns {
          let value = Double(matrix[i, j])
          l1 += abs(value)
          squares += value * value
          if abs(matrix[i, j]) <= tolerance { zeros += 1 }
        }
      }
    }
  }

  /// Gradients of at most this size count as zero.
  public static let zeroTolerance: Float = 1e-8

  /// Sums over some matrices.
  public static func sums(_ matrices: [Matrix], tolerance: Float = 0) -> Sums {
    var sums = Sums()
    for matrix in matrices { sums.add(matrix, tolerance: tolerance) }
    return sums
  }

  /// Mean over the batch of the Euclidean length of a feature row.
  ///
  /// - Source: Moalla et al. 2024, arXiv:2405.00662: it grows before PPO's features collapse.
  public static func feature(_ features: Matrix, rows: Int) -> Double {
    var sum = 0.0
    for i in 0..<rows {
      var squares = 0.0
      for j in 0..<features.columns { squares += Double(features[i, j]) * Double(features[i, j]) }
      sum += squares.squareRoot()
    }
    return sum / Double(rows)
  }

  /// `α ‖Δ‖ / ‖W‖`: how far Adam's last step moved a weight matrix, relative to its norm.
  ///
  /// Weight decay is left out: it changes the length of W and not its direction.
  ///
  /// - Source: Lyle et al. 2024, arXiv:2407.01800.
  /// - Parameters:
  ///   - weight: W, after the step.
  ///   - firstMoment: Of the same shape.
  ///   - secondMoment: Of the same shape.
  ///   - optimizer: Whose they are.
  /// - Returns: NaN before the first step or where W is zero.
  public static func effectiveLearningRate(
    weight: Matrix, firstMoment: Matrix, secondMoment: Matrix, optimizer: Adam
  ) -> Double {
    guard optimizer.stepCount > 0 else { return .nan }
    let (settings, time) = (optimizer.configuration, Double(optimizer.stepCount))
    let correction1 = 1 - ScalarMaths.pow(Double(settings.beta1), time)
    let correction2 = 1 - ScalarMaths.pow(Double(settings.beta2), time)
    var (step, length) = (0.0, 0.0)
    for i in 0..<weight.rows {
      for j in 0..<weight.columns {
        let mean = Double(firstMoment[i, j]) / correction1
        let root = (Double(secondMoment[i, j]) / correction2).squareRoot()
        let change = mean / (root + Double(settings.epsilon))
        step += change * change
        length += Double(weight[i, j]) * Double(weight[i, j])
      }
    }
    return length > 0 ? Double(optimizer.learningRate) * (step / length).squareRoot() : .nan
  }
}
