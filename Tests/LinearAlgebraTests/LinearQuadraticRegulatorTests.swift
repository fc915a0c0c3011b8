import LinearAlgebra
import Testing

@Suite struct LinearQuadraticRegulatorTests {
  /// The pole on a cart of CartPole-v1's masses, linearised upright, for steps of `seconds`.
  private func cartPole(_ seconds: Double) -> (a: DoubleMatrix, b: DoubleMatrix) {
    let (cart, pole, halfLength, gravity) = (1.0, 0.1, 0.5, 9.8)
    let inertia = halfLength * (4.0 / 3 - pole / (cart + pole))
    let (fall, turn) = (gravity / inertia, -1 / ((cart + pole) * inertia))
    let lever = pole * halfLength / (cart + pole)
    var a = DoubleMatrix(diagonal: [1, 1, 1, 1])
    a[0, 1] = seconds
    a[1, 2] = -lever * fall * seconds
    a[2, 3] = seconds
    a[3, 2] = fall * seconds
    let push = 1 / (cart + pole) - lever * turn
    return (a, DoubleMatrix(rows: 4, columns: 1, [0, push * seconds, 0, turn * seconds]))
  }

  /// A design of a regulator and its gains by SciPy 1.17's `solve_discrete_are`.
  struct Design: Sendable {
    var seconds: Double
    var stateCost: [Double]
    var actionCost: Double
    var gains: [Double]

    static let all = [
      Design(
        seconds: 1.0 / 50, stateCost: [1, 1, 1, 1], actionCost: 0.1,
        gains: [-2.78974875, -5.24884431, -44.98615057, -11.86937562]),
      Design(
        seconds: 1.0 / 15, stateCost: [1, 1, 1, 1], actionCost: 0.1,
        gains: [-2.12408066, -4.20081201, -39.7088458, -10.40765703]),
      Design(
        seconds: 1.0 / 50, stateCost: [1, 0.1, 0.1, 0.1], actionCost: 0.1,
        gains: [-2.85116757, -4.12218505, -38.18201001, -9.80952575]),
      Design(
        seconds: 1.0 / 50, stateCost: [1, 0.1, 1, 0.1], actionCost: 0.05,
        gains: [-4.00200612, -5.34201967, -43.23601369, -11.11504228]),
    ]
  }

  @Test(arguments: Design.all) func gainsAreThoseOfSciPy(design: Design) throws {
    let (a, b) = cartPole(design.seconds)
    let regulator = try #require(
      LinearQuadraticRegulator(
        a: a, b: b, stateCost: design.stateCost, actionCost: [design.actionCost]))
    for (gain, expected) in zip(regulator.gain.elements, design.gains) {
      #expect(abs(gain / expected - 1) < 1e-7)
    }
  }

  /// The cost that is paid along the closed loop is that of the Riccati equation.
  @Test func paidCostIsThatOfTheRiccatiEquation() throws {
    let (a, b) = cartPole(0.02)
    let (weights, price): ([Double], Double) = ([1, 0.1, 1, 0.1], 0.05)
    let regulator = try #require(
      LinearQuadraticRegulator(a: a, b: b, stateCost: weights, actionCost: [price]))
    for start in [[1.0, 0, 0, 0], [0, 0, 0.1, 0], [-0.3, 0.2, 0.05, -0.4]] {
      let initial = DoubleMatrix(rows: 4, columns: 1, start)
      let expected = (initial.transposed * regulator.cost * initial)[0, 0]
      var (state, paid) = (initial, 0.0)
      for _ in 0..<4000 {
        let action = regulator.action(state.elements)
        paid += zip(weights, state.elements).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
        paid += price * action[0] * action[0]
        state = a * state + b * DoubleMatrix(rows: 1, columns: 1, action)
      }
      #expect(abs(paid / expected - 1) < 1e-6)
    }
  }

  @Test func whatCannotBeStabilisedHasNoRegulator() {
    let a = DoubleMatrix(diagonal: [2, 0.5])
    let b = DoubleMatrix(rows: 2, columns: 1, [0, 1])
    #expect(LinearQuadraticRegulator(a: a, b: b, stateCost: [1, 1], actionCost: [1]) == nil)
  }

  @Test func equationsAreSolved() throws {
    let a = DoubleMatrix(rows: 3, columns: 3, [2, -1, 0, 1, 3, 5, 0, 4, -2])
    let x = DoubleMatrix(rows: 3, columns: 2, [1, -2, 3, 0.5, -1, 4])
    let solution = try #require(LAPACK.solve(a, a * x))
    for (found, expected) in zip(solution.elements, x.elements) {
      #expect(abs(found - expected) < 1e-12)
    }
    let singular = DoubleMatrix(rows: 2, columns: 2, [1, 2, 2, 4])
    #expect(LAPACK.solve(singular, DoubleMatrix(diagonal: [1, 1])) == nil)
  }
}
