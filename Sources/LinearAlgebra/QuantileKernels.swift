internal import CKernels

/// Quantile regression over rows of predicted quantiles.
package enum QuantileKernels {
  /// Computes the quantile Huber loss and its gradient with respect to the predicted quantiles.
  ///
  /// The loss is the mean over rows, quantiles and targets of `|τ − 1{y < θ}| huber(y − θ)`, where
  /// quantile k of K has τ = (k + ½) / K.
  ///
  /// - Parameters:
  ///   - values: Predicted quantiles θ, [≥ rows × K].
  ///   - targets: Targets y, [≥ rows × J].
  ///   - rows: Number of rows.
  ///   - gradient: Receives the gradient, [≥ rows × K].
  /// - Returns: The loss.
  package static func loss(
    of values: Matrix, targets: Matrix, rows: Int, gradient: Matrix
  ) -> Float {
    precondition(
      rows >= 1 && rows <= values.rows && rows <= targets.rows && rows <= gradient.rows
        && gradient.columns == values.columns,
      "\(rows) rows of \(values.rows) × \(values.columns) values, \(targets.rows) × "
        + "\(targets.columns) targets")
    return ck_quantile_loss(
      rows, values.columns, targets.columns, values.base, values.stride, targets.base,
      targets.stride, gradient.base, gradient.stride)
  }

  /// Writes the smallest elements of each row, ascending, as many as the result has columns.
  ///
  /// A row that contains NaN results in NaN only.  The order of the source is undefined afterwards.
  package static func sortRows(_ source: Matrix, rows: Int, into result: Matrix) {
    precondition(
      rows >= 0 && rows <= source.rows && rows <= result.rows && result.columns <= source.columns,
      "the least \(result.columns) of \(source.columns) in \(rows) rows")
    ck_sort_rows(
      rows, source.columns, result.columns, source.base, source.stride, result.base, result.stride)
  }
}
