import LinearAlgebra
import Testing

@Suite struct ConjugateGradientTests {
  /// A symmetric positive definite matrix, row by row, and a right side.
  private struct System {
    let size: Int
    let values: [Double]
    let right: Vector

    init(size: Int, shift: Double) {
      self.size = size
      let factor = sample(size, size, "factor")
      var values = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for j in 0..<size {
          let product = (0..<size).reduce(0.0) {
            $0 + Double(factor[i, $1]) * Double(factor[j, $1])
          }
          values[i * size + j] = product / Double(size) + (i == j ? shift : 0)
        }
      }
      self.values = values
      right = sampleVector(size, "right")
    }

    func multiply(_ vector: Vector, into result: Vector) {
      for i in 0..<size {
        result[i] = Float(
          (0..<size).reduce(0.0) { $0 + values[i * size + $1] * Double(vector[$1]) })
      }
    }

    /// The squared length of `b − A x`, relative to that of b.
    func residual(_ x: Vector) -> Double {
      let product = Vector(count: size)
      multiply(x, into: product)
      let squares = (0..<size).reduce(0.0) {
        $0 + (Double(right[$1]) - Double(product[$1])) * (Double(right[$1]) - Double(product[$1]))
      }
      return squares / dot(right, right)
    }

    /// The solution by LAPACK's eigenvectors: `Σ v (vᵀ b) / λ`.
    func exactSolution() throws -> [Double] {
      let eigen = try #require(LAPACK.symmetricEigenvectors(values, size: size))
      var solution = [Double](repeating: 0, count: size)
      for (value, vector) in zip(eigen.values, eigen.vectors) {
        let part = (0..<size).reduce(0.0) { $0 + vector[$1] * Double(right[$1]) } / value
        for i in 0..<size { solution[i] += part * vector[i] }
      }
      return solution
    }
  }

  @Test(arguments: [1, 3, 40, 130]) func solutionsAreThoseOfLAPACK(size: Int) throws {
    let system = System(size: size, shift: 0.1)
    let solver = ConjugateGradient(dimension: size)
    let steps = solver.solve(
      system.right, iterations: 3 * size, tolerance: 1e-12, multiply: system.multiply)
    let expected = try system.exactSolution()
    let largest = expected.reduce(0) { max($0, abs($1)) }
    for i in 0..<size {
      #expect(abs(Double(solver.solution[i]) - expected[i]) < 2e-5 * largest)
    }
    #expect(steps >= 1 && solver.relativeResidual <= 1e-12)
  }

  @Test func fewStepsLeaveTheResidualThatIsTold() {
    let system = System(size: 60, shift: 0.1)
    let solver = ConjugateGradient(dimension: 60)
    var before = 1.0
    for iterations in [1, 5, 10, 15] {
      let steps = solver.solve(
        system.right, iterations: iterations, tolerance: 0, multiply: system.multiply)
      #expect(steps == iterations)
      let residual = system.residual(solver.solution)
      #expect(abs(solver.relativeResidual - residual) < 1e-3 * residual)
      // x minimises the quadratic form over ever larger spaces.
      let product = Vector(count: 60)
      system.multiply(solver.solution, into: product)
      let value = dot(solver.solution, product) / 2 - dot(solver.solution, system.right)
      #expect(value < before)
      before = value
    }
    let stopped = solver.solve(
      system.right, iterations: 500, tolerance: 0.01, multiply: system.multiply)
    #expect(stopped < 60 && solver.relativeResidual <= 0.01)
  }

  @Test func nothingIsDoneWithoutARightSideOrCurvature() {
    let solver = ConjugateGradient(dimension: 4)
    let (zero, right) = (Vector(count: 4), sampleVector(4, "right"))
    #expect(solver.solve(zero, iterations: 9, tolerance: 0) { $1.copy(from: $0) } == 0)
    #expect(solver.relativeResidual == 0)
    let steps = solver.solve(right, iterations: 9, tolerance: 0) { vector, result in
      for i in 0..<4 { result[i] = -vector[i] }
    }
    #expect(steps == 0 && solver.solution.array == [0, 0, 0, 0] && solver.relativeResidual == 1)
  }

  @Test func innerProductsAreDoublePrecision() {
    let (a, b) = (sampleVector(1000, "a"), sampleVector(1000, "b"))
    let expected = (0..<1000).reduce(0.0) { $0 + Double(a[$1]) * Double(b[$1]) }
    #expect(dot(a, b) == expected)
    let sum = Vector(count: 1000)
    sum.copy(from: a)
    sum.add(-2, b)
    #expect((0..<1000).allSatisfy { sum[$0] == a[$0] - 2 * b[$0] })
  }
}
