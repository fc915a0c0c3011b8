internal import COpenBLAS

/// The system's OpenBLAS, whose LAPACK decomposes matrices for probes; a reference for the suite's
/// kernels in tests.
///
/// It chooses its kernels when it is loaded, by the CPU or the environment variable
/// `OPENBLAS_CORETYPE`.  Networks do not use it: on a processor that it does not know, it falls
/// back to its oldest kernels, and results would depend on its version.
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

  /// What is wrong with the kernels that OpenBLAS has chosen, in one line with the remedy; nil if
  /// nothing is.
  public static let warning: String? = warning(
    core: coreName, hasAVX2: KernelBackend.isAvailable("v3"),
    isCorrect: multipliesCorrectly() && LAPACK.decomposesCorrectly())

  /// Returns the warning for given kernels.
  ///
  /// - Parameters:
  ///   - core: Name of the kernels.
  ///   - hasAVX2: Whether the processor has AVX2 and fused multiply-add.
  ///   - isCorrect: Whether the kernels have passed their test.
  /// - Returns: The warning; nil if there is nothing to say.
  package static func warning(core: String, hasAVX2: Bool, isCorrect: Bool) -> String? {
    if !isCorrect {
      return "OpenBLAS computes wrongly with its \(core) kernels, so ranks and curvature among the "
        + "probes are in doubt; install a newer OpenBLAS or unset OPENBLAS_CORETYPE"
    }
    guard hasAVX2, coresWithoutAVX2.contains(core.lowercased()) else { return nil }
    return
      "OpenBLAS runs its \(core) kernels, made for processors without AVX2, so probes of ranks "
      + "and curvature are slow (networks don't use it); a newer OpenBLAS may know this processor"
  }

  /// Names of OpenBLAS's kernels for x86-64 that use neither AVX2 nor fused multiply-add; the
  /// fallback for unknown processors is `Prescott`.
  private static let coresWithoutAVX2: Set<String> = [
    "unknown", "generic", "katmai", "coppermine", "northwood", "prescott", "banias", "atom",
    "core2", "penryn", "dunnington", "nehalem", "athlon", "opteron", "opteron_sse3", "barcelona",
    "nano", "bobcat", "sandybridge", "bulldozer", "piledriver", "steamroller",
  ]

  /// Returns whether products are those of the suite's kernels.
  ///
  /// - Parameter product: A closure that sets the last matrix to the product of the others, the
  ///   first of them transposed if told so; OpenBLAS by default.
  /// - Returns: Whether every element is the same.
  package static func multipliesCorrectly(
    product: (_ left: Matrix, _ leftTransposed: Bool, _ right: Matrix, _ result: Matrix) -> Void = {
      left, leftTransposed, right, result in
      result.setToProduct(left, leftTransposed: leftTransposed, right)
    }
  ) -> Bool {
    // Odd sizes pass through the main loops of every set of kernels and through their ends, and sums
    // of whole numbers this small are exact in any order.
    let (rows, inner, columns) = (101, 389, 203)
    let (left, right) = (wholeNumbers(rows, inner), wholeNumbers(inner, columns))
    let transposed = Matrix(rows: inner, columns: rows)
    transposed.setToTranspose(of: left)
    let expected = Matrix(rows: rows, columns: columns)
    expected.setToKernelProduct(left, right)
    return [false, true].allSatisfy { isTransposed in
      let result = Matrix(rows: rows, columns: columns)
      product(isTransposed ? transposed : left, isTransposed, right, result)
      return (0..<rows).allSatisfy { result.row($0).elementsEqual(expected.row($0)) }
    }
  }

  private static func wholeNumbers(_ rows: Int, _ columns: Int) -> Matrix {
    var random = RandomStream(seed: 1, name: "self-test", index: columns)
    let matrix = Matrix(rows: rows, columns: columns)
    for i in 0..<rows {
      for j in 0..<columns { matrix[i, j] = Float(random.integer(below: 31)) - 15 }
    }
    return matrix
  }
}

extension Matrix {
  /// Sets the matrix to the product of two other matrices, computed by OpenBLAS with one thread.
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
    precondition(OpenBLAS.isSingleThreaded, "OpenBLAS refused to run on one thread")
    cblas_sgemm(
      CblasRowMajor, leftTransposed ? CblasTrans : CblasNoTrans,
      rightTransposed ? CblasTrans : CblasNoTrans, blasint(rows), blasint(columns), blasint(inner),
      1, left.base, blasint(left.stride), right.base, blasint(right.stride), 0, base,
      blasint(stride))
  }
}
