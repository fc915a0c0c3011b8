import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct DiagonalGaussianTests {
  private let logTwoPi = 1.837_877_066_409_345_3

  private func logProbability(
    _ i: Int, _ actions: Matrix, _ mean: Matrix, _ logStd: Matrix
  ) -> Double {
    (0..<actions.columns).reduce(0.0) { sum, j in
      let deviation = ScalarMaths.exp(Double(logStd[0, j]))
      let z = (Double(actions[i, j]) - Double(mean[i, j])) / deviation
      return sum - 0.5 * z * z - Double(logStd[0, j]) - 0.5 * logTwoPi
    }
  }

  @Test(arguments: [1, 4, 16, 17, 40])
  func logProbabilitiesEqualTheFormula(width: Int) {
    let (actions, mean) = (normal(23, width), normal(23, width, seed: 2))
    let logStd = normal(1, width, seed: 3, scale: 0.5)
    let result = Vector(count: 23)
    DiagonalGaussian.logProbabilities(
      of: actions, mean: mean, logStd: logStd, rows: 23, into: result)
    for i in 0..<23 {
      let expected = logProbability(i, actions, mean, logStd)
      #expect(abs(Double(result[i]) - expected) < 1e-6 * (1 + abs(expected)))
    }
  }

  @Test func goldenLogProbability() {
    // μ = 0.3, log σ = −0.5, ε = 1.2: u = 1.027837, log N = −1.138939.
    let (action, mean, logStd) = (
      Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1)
    )
    (action[0, 0], mean[0, 0], logStd[0, 0]) = (1.027_836_8, 0.3, -0.5)
    let result = Vector(count: 1)
    DiagonalGaussian.logProbabilities(
      of: action, mean: mean, logStd: logStd, rows: 1, into: result)
    #expect(abs(result[0] - -1.138_939) < 1e-6)
  }

  @Test(arguments: [1, 4, 18])
  func gradientsEqualCentralDifferences(width: Int) {
    let rows = 5
    let (actions, mean) = (normal(rows, width), normal(rows, width, seed: 2))
    let logStd = normal(1, width, seed: 3, scale: 0.5)
    let weights = normalVector(rows)
    let (meanGradient, logStdGradient) = (
      Matrix(rows: rows, columns: width), Matrix(rows: 1, columns: width)
    )
    DiagonalGaussian.backward(
      weights: weights, actions: actions, mean: mean, logStd: logStd, rows: rows,
      meanGradient: meanGradient, logStdGradient: logStdGradient)
    func loss() -> Double {
      (0..<rows).reduce(0.0) {
        $0 + Double(weights[$1]) * logProbability($1, actions, mean, logStd)
      }
    }
    #expect(gradientError(at: mean, gradient: meanGradient, step: 1e-3, of: loss) < 1e-5)
    #expect(gradientError(at: logStd, gradient: logStdGradient, step: 1e-3, of: loss) < 1e-5)
    #expect(hasCleanPadding(meanGradient) && hasCleanPadding(logStdGradient))

    let once = Array(logStdGradient.row(0))
    DiagonalGaussian.backward(
      weights: weights, actions: actions, mean: mean, logStd: logStd, rows: rows,
      meanGradient: meanGradient, logStdGradient: logStdGradient)
    for j in 0..<width { #expect(abs(logStdGradient[0, j] - 2 * once[j]) < 1e-4) }
  }

  @Test func entropyEqualsTheFormula() {
    let logStd = Matrix(rows: 1, columns: 3)
    for j in 0..<3 { logStd[0, j] = [-0.5, 0, 1][j] }
    // 0.5 + 1.5 (1 + log 2π)
    #expect(
      abs(Double(DiagonalGaussian.entropy(logStd: logStd)) - (0.5 + 1.5 * (1 + logTwoPi))) < 1e-6)
  }

  @Test func goldenDivergences() {
    // new N(0.4, 0.5), old N(0.1, 0.8).
    let (new, old) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    let (newLogStd, oldLogStd) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    (new[0, 0], old[0, 0]) = (0.4, 0.1)
    (newLogStd[0, 0], oldLogStd[0, 0]) = (ScalarMaths.log(Float(0.5)), ScalarMaths.log(Float(0.8)))
    let result = Vector(count: 1)
    DiagonalGaussian.divergences(
      mean: new, logStd: newLogStd, from: old, oldLogStd, rows: 1, into: result)
    #expect(abs(result[0] - 0.235_629) < 1e-6)
    DiagonalGaussian.divergences(
      mean: old, logStd: oldLogStd, from: new, newLogStd, rows: 1, into: result)
    #expect(abs(result[0] - 0.489_996) < 1e-6)

    let (meanGradient, logStdGradient) = (
      Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1)
    )
    let weights = Vector(count: 1)
    weights.fill(1)
    DiagonalGaussian.addDivergenceGradient(
      weights: weights, mean: new, logStd: newLogStd, from: old, oldLogStd, rows: 1,
      meanGradient: meanGradient, logStdGradient: logStdGradient)
    #expect(abs(meanGradient[0, 0] - 0.468_75) < 1e-6)
    #expect(abs(logStdGradient[0, 0] - -0.609_375) < 1e-6)
  }

  @Test func divergenceGradientsEqualCentralDifferences() {
    let (rows, width) = (4, 3)
    let (mean, other) = (normal(rows, width), normal(rows, width, seed: 2))
    let (logStd, otherLogStd) = (
      normal(1, width, seed: 3, scale: 0.3), normal(1, width, seed: 4, scale: 0.3)
    )
    let weights = normalVector(rows)
    let (meanGradient, logStdGradient) = (
      Matrix(rows: rows, columns: width), Matrix(rows: 1, columns: width)
    )
    DiagonalGaussian.addDivergenceGradient(
      weights: weights, mean: mean, logStd: logStd, from: other, otherLogStd, rows: rows,
      meanGradient: meanGradient, logStdGradient: logStdGradient)
    let result = Vector(count: rows)
    func loss() -> Double {
      DiagonalGaussian.divergences(
        mean: mean, logStd: logStd, from: other, otherLogStd, rows: rows, into: result)
      return (0..<rows).reduce(0.0) { $0 + Double(weights[$1]) * Double(result[$1]) }
    }
    #expect(gradientError(at: mean, gradient: meanGradient, step: 1e-2, of: loss) < 1e-3)
    #expect(gradientError(at: logStd, gradient: logStdGradient, step: 1e-2, of: loss) < 1e-3)
  }

  @Test func goldenEstimates() {
    #expect(abs(approximateDivergence(logRatio: ScalarMaths.log(Float(1.1))) - 0.004_690) < 1e-6)
    #expect(abs(approximateDivergence(logRatio: ScalarMaths.log(Float(0.8))) - 0.023_144) < 1e-6)
    #expect(approximateDivergence(logRatio: 0) == 0)
    #expect(approximateDivergence(logRatio: 1e-5) >= 0)
  }
}

@Suite struct CategoricalTests {
  private func logProbabilities(_ logits: Matrix, _ row: Int) -> [Double] {
    let values = logits.row(row).map(Double.init)
    let largest = values.max() ?? 0
    let sum = values.reduce(0.0) { $0 + ScalarMaths.exp($1 - largest) }
    return values.map { $0 - largest - ScalarMaths.log(sum) }
  }

  private func actions(_ rows: Int, _ choices: Int) -> Matrix {
    let actions = Matrix(rows: rows, columns: 1)
    for i in 0..<rows { actions[i, 0] = Float((i * 7 + 1) % choices) }
    return actions
  }

  @Test(arguments: [1, 2, 5, 20])
  func probabilitiesAndEntropiesEqualTheFormula(choices: Int) {
    let logits = normal(9, choices, scale: 3)
    logits[0, 0] += 1000
    let (actions, logProbability, entropy) = (
      actions(9, choices), Vector(count: 9), Vector(count: 9)
    )
    Categorical.logProbabilities(of: actions, logits: logits, rows: 9, into: logProbability)
    Categorical.entropies(logits: logits, rows: 9, into: entropy)
    for i in 0..<9 {
      let expected = logProbabilities(logits, i)
      let chosen = expected[Int(actions[i, 0])]
      #expect(abs(Double(logProbability[i]) - chosen) < 1e-6 * (1 + abs(chosen)))
      let sum = expected.reduce(0.0) { $0 - ScalarMaths.exp($1) * $1 }
      #expect(abs(Double(entropy[i]) - sum) < 2e-6)
      #expect(
        Categorical.mode(logits: logits, row: i) == expected.firstIndex(of: expected.max() ?? 0))
    }
  }

  @Test(arguments: [2, 5, 20], [Float(0), 0.7])
  func gradientsEqualCentralDifferences(choices: Int, entropyWeight: Float) {
    let rows = 6
    let (logits, actions, weights) = (
      normal(rows, choices), actions(rows, choices), normalVector(rows)
    )
    let gradient = Matrix(rows: rows, columns: choices)
    Categorical.backward(
      weights: weights, entropyWeight: entropyWeight, actions: actions, logits: logits, rows: rows,
      logitGradient: gradient)
    let error = gradientError(at: logits, gradient: gradient, step: 1e-3) {
      (0..<rows).reduce(0.0) { sum, i in
        let log = logProbabilities(logits, i)
        let entropy = log.reduce(0.0) { $0 - ScalarMaths.exp($1) * $1 }
        return sum + Double(weights[i]) * log[Int(actions[i, 0])] + Double(entropyWeight) * entropy
      }
    }
    #expect(error < 1e-5)
    #expect(hasCleanPadding(gradient))
  }

  @Test func samplesFollowTheProbabilities() {
    var random = RandomStream(seed: 1, name: "actions")
    let logits = Matrix(rows: 2, columns: 3)
    for j in 0..<3 { logits[1, j] = [0, 1, -1][j] }
    var counts = [0, 0, 0]
    let count = 30_000
    for _ in 0..<count { counts[Categorical.sample(logits: logits, row: 1, using: &random)] += 1 }
    for (j, log) in logProbabilities(logits, 1).enumerated() {
      let p = ScalarMaths.exp(log)
      let deviation = (p * (1 - p) / Double(count)).squareRoot()
      #expect(abs(Double(counts[j]) / Double(count) - p) < 4 * deviation)
    }
    #expect(Categorical.mode(logits: logits, row: 0) == 0)
  }
}
