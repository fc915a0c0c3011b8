internal import COpenBLAS

/// Decompositions of dense matrices in double precision, by OpenBLAS's LAPACK.
///
/// They allocate memory and are meant for measurements and tests, not for learning.
public enum LAPACK {
  /// Returns the singular values of a matrix, largest first.
  ///
  /// - Parameters:
  ///   - values: The `rows · columns` elements, row by row.
  ///   - rows: Number of rows.
  ///   - columns: Number of columns.
  /// - Returns: `min(rows, columns)` singular values; all of them are NaN if an element is not
  ///   finite or the iteration does not converge.
  public static func singularValues(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    precondition(
      rows >= 0 && columns >= 0 && values.count == rows * columns,
      "\(values.count) numbers for \(rows) × \(columns)")
    precondition(OpenBLAS.isSingleThreaded, "OpenBLAS refused to run on one thread")
    let count = min(rows, columns)
    guard count > 0 else { return [] }
    guard values.allSatisfy(\.isFinite) else { return [Double](repeating: .nan, count: count) }
    // Row-major storage is that of the transpose by columns; its singular values are the same.
    var (job, m, n) = (CChar(UInt8(ascii: "N")), blasint(columns), blasint(rows))
    var (a, singular) = (values, [Double](repeating: 0, count: count))
    var integers = [blasint](repeating: 0, count: 8 * count)
    var (leading, one, alsoOne) = (m, blasint(1), blasint(1))
    var (left, right, query) = (0.0, 0.0, 0.0)
    var (size, info) = (blasint(-1), blasint(0))
    dgesdd_(
      &job, &m, &n, &a, &leading, &singular, &left, &one, &right, &alsoOne, &query, &size,
      &integers, &info, 1)
    size = blasint(query)
    var work = [Double](repeating: 0, count: Int(size))
    dgesdd_(
      &job, &m, &n, &a, &leading, &singular, &left, &one, &right, &alsoOne, &work, &size,
      &integers, &info, 1)
    return info == 0 ? singular : [Double](repeating: .nan, count: count)
  }

  /// Returns the eigenvalues, largest first, and the eigenvectors of a symmetric matrix.
  ///
  /// - Parameters:
  ///   - values: The `size · size` elements, of which one triangle is read.
  ///   - size: Number of rows and columns.
  /// - Returns: The eigenvalues, each with an eigenvector of length 1; nil if an element is not
  ///   finite or the iteration does not converge.
  public static func symmetricEigenvectors(
    _ values: [Double], size: Int
  ) -> (values: [Double], vectors: [[Double]])? {
    precondition(values.count == size * size, "\(values.count) numbers for \(size) × \(size)")
    precondition(OpenBLAS.isSingleThreaded, "OpenBLAS refused to run on one thread")
    guard size > 0 else { return ([], []) }
    guard values.allSatisfy(\.isFinite) else { return nil }
    var (job, triangle) = (CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")))
    var (n, leading, info, a) = (blasint(size), blasint(size), blasint(0), values)
    var eigenvalues = [Double](repeating: 0, count: size)
    var (length, query) = (blasint(-1), 0.0)
    dsyev_(&job, &triangle, &n, &a, &leading, &eigenvalues, &query, &length, &info, 1, 1)
    length = blasint(query)
    var work = [Double](repeating: 0, count: Int(length))
    dsyev_(&job, &triangle, &n, &a, &leading, &eigenvalues, &work, &length, &info, 1, 1)
    guard info == 0 else { return nil }
    // LAPACK's values are ascending, and its vectors are columns, stored one after another.
    let vectors = (0..<size).map { Array(a[$0 * size..<($0 + 1) * size]) }
    return (eigenvalues.reversed(), vectors.reversed())
  }

  /// Returns the solution X of `A X = B`.
  ///
  /// - Parameters:
  ///   - a: A square matrix A, [n × n].
  ///   - b: The right sides B, [n × m].
  /// - Returns: The solution, [n × m]; nil if A is singular or an element is not finite.
  public static func solve(_ a: DoubleMatrix, _ b: DoubleMatrix) -> DoubleMatrix? {
    precondition(a.rows == a.columns && a.rows == b.rows, "\(a.rows) × \(a.columns), \(b.rows)")
    precondition(OpenBLAS.isSingleThreaded, "OpenBLAS refused to run on one thread")
    guard (a.elements + b.elements).allSatisfy(\.isFinite) else { return nil }
    // LAPACK reads by columns.
    var (matrix, right) = (a.transposed.elements, b.transposed.elements)
    var (size, sides, info) = (blasint(a.rows), blasint(b.columns), blasint(0))
    var (leading, alsoLeading) = (size, size)
    var pivots = [blasint](repeating: 0, count: a.rows)
    dgesv_(&size, &sides, &matrix, &leading, &pivots, &right, &alsoLeading, &info)
    guard info == 0 else { return nil }
    return DoubleMatrix(rows: b.columns, columns: b.rows, right).transposed
  }

  /// Returns whether the decompositions of a symmetric matrix fit together: `A v = λ v` for every
  /// eigenvalue, and the singular values are the magnitudes of the eigenvalues.
  package static func decomposesCorrectly() -> Bool {
    let size = 64
    var random = RandomStream(seed: 1, name: "self-test")
    var values = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0...i {
        let number = Double(random.integer(below: 31)) - 15
        (values[i * size + j], values[j * size + i]) = (number, number)
      }
    }
    guard let eigen = symmetricEigenvectors(values, size: size) else { return false }
    let isEigen = zip(eigen.values, eigen.vectors).allSatisfy { value, vector in
      (0..<size).allSatisfy { i in
        let product = (0..<size).reduce(0.0) { $0 + values[i * size + $1] * vector[$1] }
        return abs(product - value * vector[i]) < 1e-9
      }
    }
    let magnitudes = eigen.values.map(abs).sorted(by: >)
    let singular = singularValues(values, rows: size, columns: size)
    return isEigen && zip(singular, magnitudes).allSatisfy { abs($0 - $1) < 1e-9 }
  }
}
