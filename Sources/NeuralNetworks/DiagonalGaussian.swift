public import LinearAlgebra

/// Normal distributions with independent components: mean [B × A], logarithm of the deviation
/// [1 × A], actions [B × A].
public enum DiagonalGaussian {
  /// log 2π.
  static let logTwoPi: Float = 1.837_877_1

  /// Writes the log-density of each row of actions, in nats.
  public static func logProbabilities(
    of actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int, into result: Vector
  ) {
    GaussianKernels.logProbabilities(
      of: actions, mean: mean, logStd: logStd, rows: rows, into: result)
  }

  /// The entropy, in nats: `Σ logσ + A/2 (1 + log 2π)`; its derivative by each logσ is one.
  public static func entropy(logStd: Matrix) -> Float {
    var sum = 0.5 * Float(logStd.columns) * (1 + logTwoPi)
    for j in 0..<logStd.columns { sum += logStd[0, j] }
    return sum
  }

  /// Computes the gradients of `Σ weights[i] · log π(actions[i])`.
  ///
  /// - Parameters:
  ///   - weights: The derivative of the loss by each row's log-probability.
  ///   - actions: [B × A].
  ///   - mean: [B × A].
  ///   - logStd: [1 × A].
  ///   - rows: How many rows to use.
  ///   - meanGradient: Is set, [B × A].
  ///   - logStdGradient: Is added to, [1 × A].
  public static func backward(
    weights: Vector, actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int,
    meanGradient: Matrix, logStdGradient: Matrix
  ) {
    GaussianKernels.backward(
      weights: weights, actions: actions, mean: mean, logStd: logStd, rows: rows,
      meanGradient: meanGradient, logStdGradient: logStdGradient)
  }

  /// Writes KL(p ‖ q) of each row, in nats; pass new and old in the order wanted.
  ///
  /// - Parameters:
  ///   - mean: The mean of p, [B × A].
  ///   - logStd: The log-deviation of p, [1 × A].
  ///   - otherMean: The mean of q, [B × A].
  ///   - otherLogStd: The log-deviation of q, [1 × A].
  ///   - rows: How many rows to use.
  ///   - result: Receives one number per row.
  public static func divergences(
    mean: Matrix, logStd: Matrix, from otherMean: Matrix, _ otherLogStd: Matrix, rows: Int,
    into result: Vector
  ) {
    precondition(
      rows <= mean.rows && rows <= otherMean.rows && rows <= result.count
        && mean.columns == otherMean.columns && mean.columns == logStd.columns
        && mean.columns == otherLogStd.columns)
    for i in 0..<rows {
      var sum: Float = 0
      for j in 0..<mean.columns {
        let inverse = ScalarMaths.exp(-otherLogStd[0, j])
        let ratio = ScalarMaths.exp(logStd[0, j] - otherLogStd[0, j])
        let distance = (mean[i, j] - otherMean[i, j]) * inverse
        sum +=
          otherLogStd[0, j] - logStd[0, j] + 0.5 * (ratio * ratio + distance * distance - 1)
      }
      result[i] = sum
    }
  }

  /// Adds the gradients of `Σ weights[i] · KL(p ‖ q)` of row i by the mean and log-deviation of p.
  ///
  /// - Parameters:
  ///   - weights: The derivative of the loss by each row's divergence.
  ///   - mean: The mean of p, [B × A].
  ///   - logStd: The log-deviation of p, [1 × A].
  ///   - otherMean: The mean of q, [B × A].
  ///   - otherLogStd: The log-deviation of q, [1 × A].
  ///   - rows: How many rows to use.
  ///   - meanGradient: Is added to, [B × A].
  ///   - logStdGradient: Is added to, [1 × A].
  public static func addDivergenceGradient(
    weights: Vector, mean: Matrix, logStd: Matrix, from otherMean: Matrix, _ otherLogStd: Matrix,
    rows: Int, meanGradient: Matrix, logStdGradient: Matrix
  ) {
    for i in 0..<rows {
      for j in 0..<mean.columns {
        let inverse = ScalarMaths.exp(-otherLogStd[0, j])
        let ratio = ScalarMaths.exp(logStd[0, j] - otherLogStd[0, j])
        meanGradient[i, j] += weights[i] * (mean[i, j] - otherMean[i, j]) * inverse * inverse
        logStdGradient[0, j] += weights[i] * (ratio * ratio - 1)
      }
    }
  }
}

/// Schulman's k3 estimate of KL(old ‖ new) from one action: `ratio − 1 − log ratio`, never negative.
///
/// - Source: J. Schulman, "Approximating KL divergence", 2020.
public func approximateDivergence(logRatio: Float) -> Float {
  ScalarMaths.expm1(logRatio) - logRatio
}
