public import LinearAlgebra
public import NeuralNetworks

/// Norms of weights, features, gradients and steps, summed in double precision.
public enum Norms {
  /// Sums over the elements of matrices, without padding.
  public struct Sums: Sendable, Equatable {
    /// Number of elements.
    public private(set) var count = 0
    /// Sum of magnitudes, Σ|x|.
    public private(set) var l1 = 0.0
    /// Sum of squares, Σx².
    public private(set) var squares = 0.0
    /// Number of elements with |x| at most the tolerance.
    public private(set) var zeros = 0

    /// Creates sums over no elements.
    public init() {}

    /// Euclidean (Frobenius) norm.
    public var l2: Double { squares.squareRoot() }
    /// Mean of |x|; NaN if there are no elements.
    public var meanMagnitude: Double { l1 / Double(count) }
    /// Fraction of elements with |x| at most the tolerance; NaN if there are no elements.
    public var zeroFraction: Double { Double(zeros) / Double(count) }

    /// Adds the elements of a matrix; those with |x| at most the tolerance count as zeros.
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

  /// Magnitude up to which an element of a gradient counts as zero.
  public static let zeroTolerance: Float = 1e-8

  /// Returns the sums over the elements of several matrices.
  public static func sums(_ matrices: [Matrix], tolerance: Float = 0) -> Sums {
    var sums = Sums()
    for matrix in matrices { sums.add(matrix, tolerance: tolerance) }
    return sums
  }

  /// Returns the mean Euclidean length of the first `rows` rows of features.
  ///
  /// - Source: Moalla et al. 2024, arXiv:2405.00662, where it grows before PPO's features collapse.
  public static func feature(_ features: Matrix, rows: Int) -> Double {
    var sum = 0.0
    for i in 0..<rows {
      var squares = 0.0
      for j in 0..<features.columns { squares += Double(features[i, j]) * Double(features[i, j]) }
      sum += squares.squareRoot()
    }
    return sum / Double(rows)
  }

  /// Returns the length of the optimiser's last step of weights relative to their norm, `α ‖Δ‖ / ‖W‖`.
  ///
  /// Weight decay is left out: it changes the length of W but not its direction.
  ///
  /// - Source: Lyle et al. 2024, arXiv:2407.01800.
  /// - Parameters:
  ///   - weight: The weights W after the step.
  ///   - firstMoment: First moment of W, of the same shape.
  ///   - secondMoment: Second moment of W, of the same shape.
  ///   - optimizer: The optimiser that made the step.
  /// - Returns: The relative length; NaN before the first step or if W is zero.
  public static func effectiveLearningRate(
    weight: Matrix, firstMoment: Matrix, secondMoment: Matrix, optimizer: Optimizer
  ) -> Double {
    guard optimizer.stepCount > 0 else { return .nan }
    var (step, length) = (0.0, 0.0)
    for i in 0..<weight.rows {
      for j in 0..<weight.columns {
        let change = optimizer.lastMovement(
          firstMoment: firstMoment[i, j], secondMoment: secondMoment[i, j])
        step += change * change
        length += Double(weight[i, j]) * Double(weight[i, j])
      }
    }
    return length > 0 ? Double(optimizer.learningRate) * (step / length).squareRoot() : .nan
  }
}
