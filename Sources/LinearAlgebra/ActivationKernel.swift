internal import CKernels

/// The activation functions that the kernels implement.
package enum ActivationKernel: Int32, Sendable, CaseIterable {
  case identity = 0
  case tanh = 1
  case relu = 2
  case elu = 3
  case silu = 4
}

extension Matrix {
  /// Sets the matrix to an activation of another matrix of the same shape.
  package func setToActivation(_ activation: ActivationKernel, of sums: Matrix) {
    precondition(rows == sums.rows && columns == sums.columns)
    ck_activate(rows * stride, activation.rawValue, sums.base, base)
  }

  /// Sets the matrix to the transpose of another, including its padding.
  package func setToTranspose(of source: Matrix) {
    precondition(
      source.rows == columns && source.columns == rows,
      "the transpose of \(source.rows) × \(source.columns) into \(rows) × \(columns)")
    ck_transpose(source.rows, source.columns, source.base, source.stride, base, stride)
  }
}
