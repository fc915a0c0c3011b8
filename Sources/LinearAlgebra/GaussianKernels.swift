internal import CKernels

/// Diagonal Gaussians over rows of actions.
package enum GaussianKernels {
  /// Writes the logarithm of the density of each action row.
  package static func logProbabilities(
    of actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int, into result: Vector
  ) {
    check(actions, mean, logStd, rows, result.count)
    ck_gaussian_log_probability(
      rows, actions.columns, actions.base, actions.stride, mean.base, mean.stride, logStd.base,
      result.base)
  }

  /// Sets the gradient by the mean and adds to that by the logarithm of the deviation.
  package static func backward(
    weights: Vector, actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int,
    meanGradient: Matrix, logStdGradient: Matrix
  ) {
    check(actions, mean, logStd, rows, weights.count)
    precondition(
      meanGradient.columns == actions.columns && rows <= meanGradient.rows
        && logStdGradient.columns == actions.columns)
    ck_gaussian_backward(
      rows, actions.columns, weights.base, actions.base, actions.stride, mean.base, mean.stride,
      logStd.base, meanGradient.base, meanGradient.stride, logStdGradient.base)
  }

  private static func check(
    _ actions: Matrix, _ mean: Matrix, _ logStd: Matrix, _ rows: Int, _ count: Int
  ) {
    precondition(
      rows >= 0 && rows <= actions.rows && rows <= mean.rows && rows <= count
        && actions.columns == mean.columns && actions.columns == logStd.columns,
      "\(rows) rows of actions \(actions.rows) × \(actions.columns), mean \(mean.rows) × "
        + "\(mean.columns), log deviation 1 × \(logStd.columns)")
  }
}
