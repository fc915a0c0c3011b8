import LinearAlgebra
import Testing

/// A function over vectors, its reference, the range tested and the error allowed.
private struct Elementary: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let kernel: @Sendable (Vector, Int) -> Void
  let reference: @Sendable (Double) -> Double
  let range: ClosedRange<Double>
  /// In units of the last place of the result.
  let ulps: Double
}

private let elementaryFunctions = [
  Elementary(
    testDescription: "exponential", kernel: { exponential($0, count: $1) },
    reference: { ScalarMaths.exp($0) }, range: -87...88.7, ulps: 2),
  Elementary(
    testDescription: "logarithm near one", kernel: { logarithm($0, count: $1) },
    reference: { ScalarMaths.log($0) }, range: 0.4...3, ulps: 3),
  Elementary(
    testDescription: "logarithm", kernel: { logarithm($0, count: $1) },
    reference: { ScalarMaths.log($0) }, range: 3...1e6, ulps: 2),
  Elementary(
    testDescription: "hyperbolic tangent", kernel: { hyperbolicTangent($0, count: $1) },
    reference: { ScalarMaths.tanh($0) }, range: -10...10, ulps: 5),
  Elementary(
    testDescription: "hyperbolic tangent near zero", kernel: { hyperbolicTangent($0, count: $1) },
    reference: { ScalarMaths.tanh($0) }, range: -0.1...0.1, ulps: 3),
  Elementary(
    testDescription: "sigmoid", kernel: { logisticSigmoid($0, count: $1) },
    reference: { 1 / (1 + ScalarMaths.exp(-$0)) }, range: -80...80, ulps: 4),
]

@Suite struct ElementwiseTests {
  @Test(arguments: elementaryFunctions, availableVersions)
  private func elementaryFunctionsAreAccurate(_ function: Elementary, version: String) {
    let count = 40_001
    let vector = Vector(count: count)
    let width = function.range.upperBound - function.range.lowerBound
    for i in 0..<count {
      vector[i] = Float(function.range.lowerBound + width * Double(i) / Double(count - 1))
    }
    let arguments = vector.array
    on(version) { function.kernel(vector, count) }
    var worst = 0.0
    for i in 0..<count {
      let expected = function.reference(Double(arguments[i]))
      guard abs(expected) >= Double(Float.leastNormalMagnitude) else { continue }
      worst = max(worst, abs(Double(vector[i]) - expected) / Double(Float(expected).ulp))
    }
    #expect(worst < function.ulps, "\(worst) units in the last place")
  }

  @Test(arguments: availableVersions)
  func tangentKeepsItsBounds(version: String) {
    // Every 97th bit pattern between 0 and 16, both signs.
    let vector = Vector(count: 1024)
    var (worst, largest, pattern) = (0.0, Float(0), UInt32(0))
    while pattern < Float(16).bitPattern {
      for i in 0..<512 {
        vector[2 * i] = Float(bitPattern: pattern)
        vector[2 * i + 1] = -vector[2 * i]
        pattern += 9973
      }
      let arguments = vector.array
      on(version) { hyperbolicTangent(vector, count: 1024) }
      for i in 0..<1024 {
        worst = max(worst, abs(Double(vector[i]) - ScalarMaths.tanh(Double(arguments[i]))))
        largest = max(largest, abs(vector[i]))
      }
    }
    #expect(worst < 3e-7)
    #expect(largest <= 1)
  }

  @Test(arguments: availableVersions)
  func endsOfTheRange(version: String) {
    let infinity = Float.infinity
    func results(_ values: [Float], _ kernel: (Vector, Int) -> Void) -> [Float] {
      let vector = Vector(count: values.count)
      for i in values.indices { vector[i] = values[i] }
      on(version) { kernel(vector, values.count) }
      return vector.array
    }
    #expect(
      results([0, 89, infinity, -104, -infinity], { exponential($0, count: $1) })
        == [1, infinity, infinity, 0, 0])
    let denormal = results([-88], { exponential($0, count: $1) })[0]
    #expect(denormal > 0 && abs(denormal - 6.054602e-39) < 0x1p-146)
    #expect(
      results([1, 0, infinity], { logarithm($0, count: $1) }) == [0, -infinity, infinity])
    #expect(results([-1], { logarithm($0, count: $1) })[0].isNaN)
    let tiny = results([0x1p-140], { logarithm($0, count: $1) })[0]
    #expect(abs(tiny - -97.040605) < 1e-3)
    #expect(
      results([-infinity, 0, infinity], { logisticSigmoid($0, count: $1) }) == [0, 0.5, 1])
    for kernel in [exponential(_:count:), logarithm, hyperbolicTangent, logisticSigmoid]
      as [(Vector, Int) -> Void]
    {
      #expect(results([.nan], kernel)[0].isNaN)
    }
  }

  @Test(arguments: availableVersions)
  func activationsPassNaNThrough(version: String) {
    let (values, result) = (Matrix(rows: 1, columns: 3), Matrix(rows: 1, columns: 3))
    values[0, 1] = .nan
    for activation in ActivationKernel.allCases {
      on(version) {
        result.setToActivation(activation, of: values)
      }
      #expect(result[0, 1].isNaN, "\(activation)")
      #expect(result[0, 0] == 0 && hasCleanPadding(result))
    }
  }

  @Test(arguments: [1, 15, 16, 17, 40])
  func elementsBehindTheCountStayAsTheyWere(count: Int) {
    for kernel in [exponential(_:count:), hyperbolicTangent] as [(Vector, Int) -> Void] {
      let vector = sampleVector(48, "values")
      let before = vector.array
      kernel(vector, count)
      #expect(Array(vector.array[count...]) == Array(before[count...]))
      #expect(vector[count - 1] != before[count - 1])
    }
  }

  @Test func softUpdateApproachesGeometrically() {
    let (target, source) = (Vector(count: 21), Vector(count: 21))
    source.fill(1)
    for _ in 0..<100 { softUpdate(target, towards: source, rate: 0.05) }
    // 1 − 0.95¹⁰⁰
    #expect(abs(target[20] - 0.994_079_5) < 1e-6)
  }

  @Test func gathersRowsAndElements() {
    let source = sample(9, 21, "source")
    let elements = sampleVector(9, "elements")
    let indices: [Int32] = [4, 8, 0, 3, 3, 7]
    let target = Matrix(rows: 5, columns: 21)
    let picked = Vector(count: 5)
    gatherRows(of: source, at: indices, from: 1, count: 4, into: target)
    gatherElements(of: elements, at: indices, from: 1, count: 4, into: picked)
    for i in 0..<4 {
      #expect(Array(target.row(i)) == Array(source.row(Int(indices[i + 1]))))
      #expect(picked[i] == elements[Int(indices[i + 1])])
    }
    #expect(target.row(4).allSatisfy { $0 == 0 } && picked[4] == 0)
  }
}
