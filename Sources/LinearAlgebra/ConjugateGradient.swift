/// The method of conjugate gradients: solves `A x = b` for a symmetric, positive definite matrix A
/// that is known only by its products with vectors.
///
/// - Source: Hestenes and Stiefel 1952, *Methods of Conjugate Gradients for Solving Linear Systems*.
public final class ConjugateGradient {
  /// The solution x of the last call.
  public let solution: Vector
  /// Squared length of the residual `b − A x` of the last call, divided by that of b; 0 if b is 0.
  public private(set) var relativeResidual = 0.0
  private let residual: Vector
  private let search: Vector
  private let product: Vector

  /// Allocates memory for systems of the given size.
  public init(dimension: Int) {
    solution = Vector(count: dimension)
    residual = Vector(count: dimension)
    search = Vector(count: dimension)
    product = Vector(count: dimension)
  }

  /// Solves a system approximately, starting from zero, and sets ``solution``.
  ///
  /// The iteration also ends where rounding or A itself leaves a direction without positive
  /// curvature; the solution is then the last one.
  ///
  /// - Parameters:
  ///   - right: The right side b.
  ///   - iterations: The maximum number of products with A.
  ///   - tolerance: The ratio of the squared lengths of residual and b below which to stop.
  ///   - multiply: Writes the product of A and its first argument to its second.
  /// - Returns: The number of steps taken.
  @discardableResult
  public func solve(
    _ right: Vector, iterations: Int, tolerance: Double, multiply: (Vector, Vector) -> Void
  ) -> Int {
    solution.fill(0)
    residual.copy(from: right)
    search.copy(from: right)
    let whole = dot(right, right)
    var squares = whole
    var steps = 0
    while steps < iterations && squares > tolerance * whole {
      multiply(search, product)
      let curvature = dot(search, product)
      guard curvature > 0 && curvature.isFinite else { break }
      let length = squares / curvature
      solution.add(Float(length), search)
      residual.add(Float(-length), product)
      let next = dot(residual, residual)
      let share = Float(next / squares)
      for i in 0..<search.count { search[i] = residual[i] + share * search[i] }
      squares = next
      steps += 1
    }
    relativeResidual = whole > 0 ? squares / whole : 0
    return steps
  }
}
