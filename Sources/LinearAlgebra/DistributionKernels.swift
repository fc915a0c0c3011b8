internal import CKernels

/// Diagonal Gaussians over rows of actions.
package enum GaussianKernels {
  /// Writes the log-density of each row of actions.
  package static func logProbabilities(
    of actions: Matrix, mean: Matrix, logStd: Matrix, rows: Int, into result: Vector
  ) {
    check(actions, mean, logStd, rows, result.count)
    ck_gaussian_log_probability(
      rows, actions.columns, actions.base, actions.stride, mean.base, mean.stride, logStd.base,
      result.base)
  }

  /// Sets the gradient with respect to the mean and adds to the gradient with respect to the
  /// logarithm of the standard deviation.
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

/// Categorical distributions over rows of logits.
package enum CategoricalKernels {
  /// Writes the log-probability of each row's choice.
  package static func logProbabilities(
    of actions: Matrix, logits: Matrix, rows: Int, into result: Vector
  ) {
    check(logits, rows, result, actions)
    ck_categorical_log_probability(
      rows, logits.columns, actions.base, actions.stride, logits.base, logits.stride, result.base)
  }

  /// Writes the entropy of each row's distribution, in nats.
  package static func entropies(logits: Matrix, rows: Int, into result: Vector) {
    check(logits, rows, result, nil)
    ck_categorical_entropy(rows, logits.columns, logits.base, logits.stride, result.base)
  }

  /// Sets the gradient with respect to the logits.
  package static func backward(
    weights: Vector, entropyWeight: Float, actions: Matrix, logits: Matrix, rows: Int,
    logitGradient: Matrix
  ) {
    check(logits, rows, weights, actions)
    precondition(rows <= logitGradient.rows && logits.columns == logitGradient.columns)
    ck_categorical_backward(
      rows, logits.columns, weights.base, entropyWeight, actions.base, actions.stride, logits.base,
      logits.stride, logitGradient.base, logitGradient.stride)
  }

  private static func check(_ logits: Matrix, _ rows: Int, _ perRow: Vector, _ actions: Matrix?) {
    precondition(
      rows >= 0 && rows <= logits.rows && logits.columns > 0 && rows <= perRow.count
        && rows <= actions?.rows ?? rows && actions?.columns ?? 1 == 1,
      "\(rows) rows of logits \(logits.rows) × \(logits.columns)")
    guard let actions else { return }
    for i in 0..<rows {
      let choice = actions[i, 0]
      precondition(
        choice >= 0 && choice < Float(logits.columns), "choice \(choice) of \(logits.columns)")
    }
  }
}
