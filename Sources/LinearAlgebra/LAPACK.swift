internal import COpenBLAS

/// Decompositions of dense matrices in double precision, by the LAPACK inside OpenBLAS.
///
/// For measurements and tests, not for what is learnt: they allocate.
public enum LAPACK {
  /// The singular values of a matrix, largest first; NaN throughout where one of its numbers is not
  /// finite or the iteration did not converge.
  ///
  /// - Parameters:
  ///   - values: Row by row, `rows · columns` numbers.
  ///   - rows: Number of rows.
  ///   - columns: Number of columns.
  /// - Returns: As many as the smaller of the two extents.
  public static func singularValues(_ values: [Double], rows: Int, columns: Int) -> [Double] {
    precondition(
      rows >= 0 && columns >= 0 && values.count == rows * columns,
      "\(values.count) numbers for \(rows) × \(columns)")
    precondition(OpenBLAS.isSingleThreaded, "OpenBLAS refused to run on one thread")
    let count = min(rows, columns)
    guard count > 0 else { return [] }
    guard values.allSatisfy(\.isFinite) else { return [Double](repeating: .nan, count: count) }
    // Row by row is column by column of the transpose, whose singular values are the same.
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

  /// Eigenvalues, largest first, and eigenvectors of a symmetric matrix.
  ///
  /// - Parameters:
  ///   - values: Row by row, `size · size` finite numbers, of which one triangle is read.
  ///   - size: Rows and columns.
  /// - Returns: One vector of length 1 for each value; nil where the iteration did not converge.
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
    // Ascending, one vector per column, and columns lie one behind the other.
    let vectors = (0..<size).map { Array(a[$0 * size..<($0 + 1) * size]) }
    return (eigenvalues.reversed(), vectors.reversed())
  }
}
