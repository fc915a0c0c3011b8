/// The state feedback `u = -K x` that minimises `Σ xᵀ Q x + uᵀ R u` for `x' = A x + B u`.
///
/// - Source: Chu, Fan, Lin and Wang 2004, "Structure-preserving algorithms for periodic discrete-time
///   algebraic Riccati equations": doubling, which squares the closed loop at each iteration.
public struct LinearQuadraticRegulator: Sendable, Equatable {
  /// Gain K, [m × n].
  public let gain: DoubleMatrix
  /// Solution P of the Riccati equation, [n × n]: the cost from a state x is `xᵀ P x`.
  public let cost: DoubleMatrix

  /// Solves the discrete algebraic Riccati equation; nil if the iteration does not converge, for
  /// instance because the state can't be stabilised.
  ///
  /// - Parameters:
  ///   - a: Matrix A, [n × n].
  ///   - b: Matrix B, [n × m].
  ///   - stateCost: Weights of the state on the diagonal of Q, [n], none negative.
  ///   - actionCost: Weights of the action on the diagonal of R, [m], all positive.
  public init?(a: DoubleMatrix, b: DoubleMatrix, stateCost: [Double], actionCost: [Double]) {
    precondition(stateCost.count == a.rows && actionCost.count == b.columns, "shapes differ")
    let identity = DoubleMatrix(diagonal: Array(repeating: 1, count: a.rows))
    let inverse = DoubleMatrix(diagonal: actionCost.map { 1 / $0 })
    var (closed, control) = (a, b * inverse * b.transposed)
    var cost = DoubleMatrix(diagonal: stateCost)
    var hasConverged = false
    for _ in 0..<Self.mostDoublings where !hasConverged {
      guard let solved = LAPACK.solve(identity + control * cost, closed),
        let controlled = LAPACK.solve(identity + control * cost, control)
      else { return nil }
      let growth = closed.transposed * cost * solved
      control = control + closed * controlled * closed.transposed
      closed = closed * solved
      cost = cost + growth
      let largest = cost.elements.reduce(0) { max($0, abs($1)) }
      let change = growth.elements.reduce(0) { max($0, abs($1)) }
      guard largest.isFinite else { return nil }
      hasConverged = change <= Self.tolerance * largest
    }
    guard hasConverged else { return nil }
    let weighted = DoubleMatrix(diagonal: actionCost) + b.transposed * cost * b
    guard let gain = LAPACK.solve(weighted, b.transposed * cost * a) else { return nil }
    (self.gain, self.cost) = (gain, cost)
  }

  /// Forty doublings look 2⁴⁰ steps ahead.
  private static let mostDoublings = 40
  private static let tolerance = 1e-14

  /// Returns the action for a state, [n].
  public func action(_ state: [Double]) -> [Double] {
    (gain * DoubleMatrix(rows: state.count, columns: 1, state)).elements.map { -$0 }
  }
}
