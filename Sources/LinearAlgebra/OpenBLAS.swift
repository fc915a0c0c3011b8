internal import COpenBLAS

/// The system's OpenBLAS, used for wide layers and as a reference in tests.
///
/// It chooses its kernels when it is loaded, by the CPU or the environment variable
/// `OPENBLAS_CORETYPE`, and its results may depend on row position and batch size; report
/// ``coreName`` beside every measured figure.
public enum OpenBLAS {
  /// Name of the kernels that OpenBLAS has chosen, for example `Haswell`.
  public static var coreName: String {
    guard let name = openblas_get_corename() else { return "unknown" }
    return String(cString: name)
  }

  /// Build configuration of OpenBLAS, including its version.
  public static var configuration: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text)
  }

  // One thread per product keeps results independent of the machine; threads work above it.
  static let isSingleThreaded: Bool = {
    openblas_set_num_threads(1)
    return openblas_get_num_threads() == 1
  }()

  /// Computes `c = alpha · op(a) · op(b) + beta · c` on row-major memory, with one thread.
  static func multiply(
    rows: Int, columns: Int, inner: Int, alpha: Float = 1, _ a: UnsafePointer<Float>,
    stride aStride: Int, transposed aTransposed: Bool = false, _ b: UnsafePointer<Float>,
    stride bStride: Int, transposed bTransposed: Bool = false, beta: Float,
    into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    precondition(isSingleThreaded, "OpenBLAS refused to run on one thread")
    cblas_sgemm(
      CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans,
      bTransposed ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), blasint(inner),
      alpha, a, blasint(aStride), b, blasint(bStride), beta, c, blasint(cStride))
  }
}

extension Matrix {
  /// Sets the matrix to the product of two other matrices, computed by OpenBLAS.
  ///
  /// - Parameters:
  ///   - left: Left factor, [rows × k], or [k × rows] if `leftTransposed`.
  ///   - leftTransposed: Whether to multiply by the transpose of `left`.
  ///   - right: Right factor, [k × columns], or [columns × k] if `rightTransposed`.
  ///   - rightTransposed: Whether to multiply by the transpose of `right`.
  public func setToProduct(
    _ left: Matrix, leftTransposed: Bool = false, _ right: Matrix,
    rightTransposed: Bool = false
  ) {
    let inner = leftTransposed ? left.rows : left.columns
    precondition(
      rows == (leftTransposed ? left.columns : left.rows)
        && inner == (rightTransposed ? right.columns : right.rows)
        && columns == (rightTransposed ? right.rows : right.columns),
      "a product of \(left.rows) × \(left.columns) and \(right.rows) × \(right.columns)")
    OpenBLAS.multiply(
      rows: rows, columns: columns, inner: inner, left.base, stride: left.stride,
      transposed: leftTransposed, right.base, stride: right.stride, transposed: rightTransposed,
      beta: 0, into: base, stride: stride)
  }
}
