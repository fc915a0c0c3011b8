import LinearAlgebra
import NeuralNetworks
import Testing

@Suite struct DiagonalGaussianTests {
  /// A distribution with these log-deviations.
  private func distribution(_ logStd: Matrix) -> DiagonalGaussian {
    let bounds = [Float](repeating: 0, count: logStd.columns)
    let distribution = DiagonalGaussian(low: bounds, high: bounds)
    distribution.parameters.parameters[0].value.copy(from: logStd)
    return distribution
  }

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
    distribution(logStd).logProbabilities(of: actions, outputs: mean, rows: 23, into: result)
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
    distribution(logStd).logProbabilities(of: action, outputs: mean, rows: 1, into: result)
    #expect(abs(result[0] - -1.138_939) < 1e-6)
  }

  @Test(arguments: [1, 4, 18])
  func gradientsEqualCentralDifferences(width: Int) {
    let rows = 5
    let (actions, mean) = (normal(rows, width), normal(rows, width, seed: 2))
    let logStd = normal(1, width, seed: 3, scale: 0.5)
    let weights = normalVector(rows)
    let distribution = distribution(logStd)
    let own = distribution.parameters.parameters[0]
    let meanGradient = Matrix(rows: rows, columns: width)
    distribution.backward(
      weights: weights, entropyWeight: 0.3, actions: actions, outputs: mean, rows: rows,
      outputGradient: meanGradient)
    func loss() -> Double {
      (0..<rows).reduce(0.0) {
        $0 + Double(weights[$1]) * logProbability($1, actions, mean, own.value)
      } + 0.3 * (0..<width).reduce(0.0) { $0 + Double(own.value[0, $1]) }
    }
    #expect(gradientError(at: mean, gradient: meanGradient, step: 1e-3, of: loss) < 1e-5)
    #expect(gradientError(at: own.value, gradient: own.gradient, step: 1e-3, of: loss) < 1e-5)
    #expect(hasCleanPadding(meanGradient) && hasCleanPadding(own.gradient))
  }

  @Test func entropyEqualsTheFormula() {
    let logStd = Matrix(rows: 1, columns: 3)
    for j in 0..<3 { logStd[0, j] = [-0.5, 0, 1][j] }
    let entropy = distribution(logStd).meanEntropy(
      Matrix(rows: 1, columns: 3), rows: 1, scratch: Vector(count: 1))
    // 0.5 + 1.5 (1 + log 2π)
    #expect(abs(Double(entropy) - (0.5 + 1.5 * (1 + logTwoPi))) < 1e-6)
  }

  @Test func goldenDivergences() {
    // new N(0.4, 0.5), old N(0.1, 0.8).
    let (new, old) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    let (newLogStd, oldLogStd) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    (new[0, 0], old[0, 0]) = (0.4, 0.1)
    (newLogStd[0, 0], oldLogStd[0, 0]) = (ScalarMaths.log(Float(0.5)), ScalarMaths.log(Float(0.8)))
    let distribution = distribution(newLogStd)
    let before = DistributionBatch(outputs: old, own: oldLogStd)
    let after = distribution.batch(new)
    #expect(abs(distribution.divergence(after, from: before, rows: 1) - 0.235_629) < 1e-6)
    #expect(abs(distribution.divergence(before, from: after, rows: 1) - 0.489_996) < 1e-6)
    #expect(abs(distribution.divergence(after, from: after, rows: 1)) < 1e-12)

    let gradient = Matrix(rows: 1, columns: 1)
    let value = distribution.addDivergenceGradient(
      weight: 1, outputs: new, from: before, rows: 1, outputGradient: gradient)
    #expect(abs(value - 0.235_629) < 1e-6)
    #expect(abs(gradient[0, 0] - 0.468_75) < 1e-6)
    #expect(abs(distribution.parameters.gradients[0] - -0.609_375) < 1e-6)
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
    let distribution = Categorical(choices: choices)
    let sampler = distribution.makeSampler(rows: 9, drawsPairs: true)
    distribution.logProbabilities(of: actions, outputs: logits, rows: 9, into: logProbability)
    let mean = distribution.meanEntropy(logits, rows: 9, scratch: entropy)
    sampler.chooseMode(logits, rows: 9)
    #expect(abs(Double(mean) - (0..<9).reduce(0.0) { $0 + Double(entropy[$1]) } / 9) < 1e-6)
    for i in 0..<9 {
      let expected = logProbabilities(logits, i)
      let chosen = expected[Int(actions[i, 0])]
      #expect(abs(Double(logProbability[i]) - chosen) < 1e-6 * (1 + abs(chosen)))
      let sum = expected.reduce(0.0) { $0 - ScalarMaths.exp($1) * $1 }
      #expect(abs(Double(entropy[i]) - sum) < 2e-6)
      #expect(Int(sampler.actions[i, 0]) == expected.firstIndex(of: expected.max() ?? 0))
    }
  }

  @Test(arguments: [2, 5, 20], [Float(0), 0.7])
  func gradientsEqualCentralDifferences(choices: Int, entropyWeight: Float) {
    let rows = 6
    let (logits, actions, weights) = (
      normal(rows, choices), actions(rows, choices), normalVector(rows)
    )
    let gradient = Matrix(rows: rows, columns: choices)
    Categorical(choices: choices).backward(
      weights: weights, entropyWeight: entropyWeight * Float(rows), actions: actions,
      outputs: logits, rows: rows, outputGradient: gradient)
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
    var streams = (0..<2).map { RandomStream(seed: 1, name: "actions", index: $0) }
    let sampler = Categorical(choices: 3).makeSampler(rows: 2, drawsPairs: true)
    let logits = Matrix(rows: 2, columns: 3)
    for j in 0..<3 { logits[1, j] = [0, 1, -1][j] }
    var counts = [0, 0, 0]
    let count = 30_000
    for _ in 0..<count {
      sampler.sample(logits, rows: 2, streams: &streams)
      counts[Int(sampler.actions[1, 0])] += 1
    }
    for (j, log) in logProbabilities(logits, 1).enumerated() {
      let p = ScalarMaths.exp(log)
      let deviation = (p * (1 - p) / Double(count)).squareRoot()
      #expect(abs(Double(counts[j]) / Double(count) - p) < 4 * deviation)
    }
    sampler.chooseMode(logits, rows: 1)
    #expect(sampler.actions[0, 0] == 0)
    logits[1, 2] = .nan
    sampler.sample(logits, rows: 2, streams: &streams)
    #expect(sampler.actions[0, 0] >= 0 && sampler.actions[1, 0].isNaN)
    sampler.chooseMode(logits, rows: 2)
    #expect(sampler.actions[0, 0] == 0 && sampler.actions[1, 0].isNaN)
  }
}

/// What holds for every distribution.
@Suite struct ActionDistributionTests {
  private static let kinds = [
    DiagonalGaussian.kind, Categorical.kind, SquashedGaussian.kind,
  ]

  private func make(_ kind: String) -> any ActionDistribution {
    let (low, high): ([Float], [Float]) = ([-3, -1, 4], [-2, 0, 5])
    return switch kind {
    case DiagonalGaussian.kind: DiagonalGaussian(low: low, high: high, initialLogDeviation: -0.3)
    case Categorical.kind: Categorical(choices: 4)
    default: SquashedGaussian(low: low, high: high, logDeviations: -2...1)
    }
  }

  @Test(arguments: kinds) func divergenceGradientsEqualCentralDifferences(kind: String) {
    let distribution = make(kind)
    let (rows, width) = (4, distribution.outputWidth)
    let (outputs, other) = (normal(rows, width), normal(rows, width, seed: 2))
    let own = distribution.parameters.parameters[0]
    let q = DistributionBatch(
      outputs: other, own: normal(1, own.value.columns, seed: 3, scale: 0.3))
    let gradient = Matrix(rows: rows, columns: width)
    let value = distribution.addDivergenceGradient(
      weight: 0.7 / 4, outputs: outputs, from: q, rows: rows, outputGradient: gradient)
    func loss() -> Double {
      0.7 * distribution.divergence(distribution.batch(outputs), from: q, rows: rows)
    }
    #expect(loss() > 0.05)
    #expect(abs(0.7 * value - loss()) < 1e-5)
    #expect(gradientError(at: outputs, gradient: gradient, step: 1e-2, of: loss) < 1e-3)
    #expect(gradientError(at: own.value, gradient: own.gradient, step: 1e-2, of: loss) < 1e-3)
  }

  /// Samples in an environment's units lie within its bounds, and depend on their own stream only.
  @Test(arguments: kinds, [false, true])
  func rowsAreDrawnFromTheirOwnStreams(kind: String, pairs: Bool) {
    let distribution = make(kind)
    let outputs = normal(3, distribution.outputWidth, scale: 3)
    func draw(_ seeds: [UInt64]) -> [[Float]] {
      var streams = seeds.map { RandomStream(seed: $0, name: "actions") }
      let sampler = distribution.makeSampler(rows: 3, drawsPairs: pairs)
      sampler.sample(outputs, rows: 3, streams: &streams)
      let bounded = Matrix(rows: 4, columns: distribution.actionWidth)
      distribution.bound(sampler.actions, rows: 3, into: bounded, firstRow: 1)
      for i in 1..<4 {
        for (j, low) in distribution.low.enumerated() {
          #expect(low <= bounded[i, j] && bounded[i, j] <= distribution.high[j])
        }
      }
      return (0..<3).map { Array(sampler.actions.row($0)) }
    }
    let (first, second) = (draw([1, 2, 3]), draw([9, 2, 4]))
    #expect(first[1] == second[1])
    if distribution.choices == nil { #expect(first[0] != second[0] && first[2] != second[2]) }
  }
}
