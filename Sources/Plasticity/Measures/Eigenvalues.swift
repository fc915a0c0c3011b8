internal import LinearAlgebra

/// Eigenvalues and eigenvectors of a symmetric matrix given only by its products with vectors.
public enum Eigenvalues {
  /// Number of products after which the largest eigenvalue of a loss's Hessian has settled.
  public static let steps = 20

  /// Returns the largest eigenvalue, with its sign, by the Lanczos method.
  ///
  /// It is found whatever lies at the other end of the spectrum, unlike with power iteration, which
  /// follows the eigenvalue of the greatest magnitude.
  ///
  /// - Parameters:
  ///   - start: A nonzero direction, drawn at random.
  ///   - steps: Maximum number of products.
  ///   - product: Multiplies the matrix by a vector.
  /// - Returns: The eigenvalue; NaN if a product is not finite.
  public static func largest(
    start: [Double], steps: Int = Eigenvalues.steps, product: ([Double]) -> [Double]
  ) -> Double {
    leading(1, steps: steps, start: start, product: product).values.first ?? .nan
  }

  /// Returns the largest eigenvalues and their eigenvectors, by the Lanczos method with full
  /// reorthogonalisation, done twice for each new direction.
  ///
  /// - Source: Lanczos 1950; Golub and Van Loan 2013, section 10.1.
  /// - Parameters:
  ///   - count: Number of eigenvectors to find.
  ///   - steps: Maximum number of products; about three times `count` are enough to converge.
  ///   - start: A nonzero direction, drawn at random.
  ///   - product: Multiplies the matrix by a vector.
  /// - Returns: Eigenvalues, largest first, and eigenvectors of length 1; fewer than `count` if the
  ///   iteration ends early, and none if a product is not finite.
  public static func leading(
    _ count: Int, steps: Int, start: [Double], product: ([Double]) -> [Double]
  ) -> (values: [Double], vectors: [[Double]]) {
    var direction = start
    normalize(&direction)
    var basis = [direction]
    var (diagonal, offDiagonal): ([Double], [Double]) = ([], [])
    while diagonal.count < min(steps, start.count) {
      var next = product(basis[basis.count - 1])
      diagonal.append(dot(next, basis[basis.count - 1]))
      for _ in 0..<2 {
        for other in basis { subtract(other, times: dot(next, other), from: &next) }
      }
      let length = normalize(&next)
      guard length.isFinite else { return ([], []) }
      // Only rounding is left: the matrix maps the span of the directions so far into itself.
      guard length > 1e-10 * (diagonal.map(abs).max() ?? 0) else { break }
      offDiagonal.append(length)
      basis.append(next)
    }
    let size = diagonal.count
    var tridiagonal = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      tridiagonal[i * size + i] = diagonal[i]
      guard i + 1 < size else { continue }
      tridiagonal[i * size + i + 1] = offDiagonal[i]
      tridiagonal[(i + 1) * size + i] = offDiagonal[i]
    }
    guard let eigen = LAPACK.symmetricEigenvectors(tridiagonal, size: size) else { return ([], []) }
    let vectors = eigen.vectors.prefix(count).map { weights in
      var vector = [Double](repeating: 0, count: start.count)
      for (weight, direction) in zip(weights, basis) {
        subtract(direction, times: -weight, from: &vector)
      }
      return vector
    }
    return (Array(eigen.values.prefix(count)), vectors)
  }

  /// Returns the share of a vector's squared length that lies in a subspace, `‖Pg‖² / ‖g‖²`.
  ///
  /// - Source: Gur-Ari et al. 2018, arXiv:1812.04754; Schneider et al. 2024, arXiv:2401.06604.
  /// - Parameters:
  ///   - vector: The vector g.
  ///   - basis: An orthonormal basis of the subspace.
  /// - Returns: A number in 0...1; NaN for a vector of zeros.
  public static func fraction(of vector: [Double], in basis: [[Double]]) -> Double {
    let inside = basis.reduce(0.0) { sum, direction in
      let part = dot(vector, direction)
      return sum + part * part
    }
    return inside / dot(vector, vector)
  }

  /// Returns the dot product, summed in eight lanes because a single sum takes four times as long.
  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    precondition(a.count == b.count)
    var lanes = SIMD8<Double>.zero
    var i = 0
    while i + 8 <= a.count {
      let x = SIMD8(a[i], a[i + 1], a[i + 2], a[i + 3], a[i + 4], a[i + 5], a[i + 6], a[i + 7])
      let y = SIMD8(b[i], b[i + 1], b[i + 2], b[i + 3], b[i + 4], b[i + 5], b[i + 6], b[i + 7])
      lanes += x * y
      i += 8
    }
    var sum = lanes.sum()
    while i < a.count {
      sum += a[i] * b[i]
      i += 1
    }
    return sum
  }

  private static func subtract(_ a: [Double], times factor: Double, from b: inout [Double]) {
    for i in a.indices { b[i] -= factor * a[i] }
  }

  /// Scales a vector to length 1 and returns its previous length; leaves a vector of zeros alone.
  @discardableResult private static func normalize(_ vector: inout [Double]) -> Double {
    let length = dot(vector, vector).squareRoot()
    guard length > 0 else { return length }
    for i in vector.indices { vector[i] /= length }
    return length
  }
}
