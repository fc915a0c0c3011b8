import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing

@Suite struct MeasureTests {
  /// Numbers worked out by hand.
  @Test func dormancyCountsUnitsByTheirShareOfTheLayer() {
    let activity = UnitActivity(
      meanMagnitudes: [0, 0.02, 0.5, 1.48], activeFractions: [0, 0.5, 1, 1])
    for (score, expected) in zip(activity.dormancyScores, [0, 0.04, 1, 2.96]) {
      #expect(abs(score - expected) < 1e-8)
    }
    #expect(activity.dormantCount(threshold: 0) == 1)
    #expect(activity.dormantCount(threshold: 0.025) == 1)
    #expect(activity.dormantCount(threshold: 0.1) == 2)
    #expect(activity.deadCount == 1 && activity.saturatedCount == 1)
    #expect(activity.activeFraction == 0.625)
  }

  @Test func aLayerOfSilentUnitsIsAllDormant() {
    let activity = UnitActivity(features: Matrix(rows: 3, columns: 5), rows: 3)
    #expect(activity.dormantCount(threshold: 0) == 5 && activity.deadCount == 5)
  }

  @Test func activityIsThatOfTheRowsInUse() {
    let features = matrix([1, -2, 0, 3, 0, 0, -1, 1, 0, 99, 99, 99], rows: 4, columns: 3)
    let activity = UnitActivity(features: features, rows: 3)
    #expect(activity.meanMagnitudes == [5.0 / 3, 1, 0].map { $0 })
    #expect(activity.activeFractions == [2.0 / 3, 1.0 / 3, 0])
  }

  @Test func ranksOfKnownSingularValues() {
    let values = [4, 2, 1, 0.5, 0.01]
    #expect(abs(Ranks.effective(values) - 3.144171) < 1e-6)
    #expect(Ranks.srank(values) == 4)
    #expect(Ranks.approximate(values) == 4)
    #expect(abs(Ranks.stable(values) - 1.328131) < 1e-6)
    let tail = [1, 1, 1, 1, 0.2, 0.2]
    #expect(Ranks.srank(tail) == 6 && Ranks.approximate(tail) == 5)
    #expect(Ranks.srank([1, 1, 1, 1]) == 4 && Ranks.srank([1, 0.001]) == 1)
    for rank in [Ranks.effective([0, 0]), Ranks.srank([0, 0]), Ranks.stable([0, 0])] {
      #expect(rank == 0)
    }
    #expect(Ranks.effective([.nan, .nan]).isNaN && Ranks.srank([.nan]).isNaN)
    #expect(Ranks.stable([.nan]).isNaN)
  }

  @Test(arguments: [(1, 1), (7, 3), (3, 7), (64, 16), (40, 40)])
  func singularValuesAgreeWithJacobiRotations(rows: Int, columns: Int) {
    let numbers = normalNumbers(rows, columns, seed: UInt64(rows))
    let found = LAPACK.singularValues(numbers, rows: rows, columns: columns)
    let expected = jacobiSingularValues(numbers, rows: rows, columns: columns)
    #expect(found.count == min(rows, columns))
    for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-10 * expected[0]) }
    for rank in [Ranks.effective, Ranks.stable] {
      #expect(abs(rank(found) - rank(expected)) < 1e-9 * rank(expected))
    }
    #expect(Ranks.srank(found) == Ranks.srank(expected))
    #expect(Ranks.approximate(found) == Ranks.approximate(expected))
  }

  @Test func singularValuesOfWhatIsNotFiniteAreNaN() {
    #expect(LAPACK.singularValues([1, .nan, 2, 3], rows: 2, columns: 2).allSatisfy { $0.isNaN })
    #expect(LAPACK.singularValues([], rows: 0, columns: 4) == [])
  }

  @Test func eigenvectorsAgreeWithJacobiRotations() throws {
    let symmetric = symmetricNumbers(12)
    let eigen = try #require(LAPACK.symmetricEigenvectors(symmetric, size: 12))
    for (a, b) in zip(eigen.values, jacobiEigenvalues(symmetric, size: 12)) {
      #expect(abs(a - b) < 1e-10)
    }
    for (value, vector) in zip(eigen.values, eigen.vectors) {
      for i in 0..<12 {
        let product = (0..<12).reduce(0.0) { $0 + symmetric[i * 12 + $1] * vector[$1] }
        #expect(abs(product - value * vector[i]) < 1e-10)
      }
    }
  }

  private func symmetricNumbers(_ n: Int, seed: UInt64 = 5) -> [Double] {
    let numbers = normalNumbers(n, n, seed: seed)
    return (0..<n * n).map { numbers[$0] + numbers[$0 % n * n + $0 / n] }
  }

  private func product(_ matrix: [Double], _ vector: [Double]) -> [Double] {
    let n = vector.count
    return (0..<n).map { i in (0..<n).reduce(0) { $0 + matrix[i * n + $1] * vector[$1] } }
  }

  /// Outliers beside a bulk within −1...1, with the number of products that the probe makes.
  @Test(arguments: [(10.0, -12.0), (12, -10), (2, -50), (-3, -12)])
  func theLargestEigenvalueIsFoundWhateverLiesBelow(largest: Double, least: Double) {
    let n = 200
    // All eigenvalues in any order; products with a diagonal matrix are no easier than with others.
    var eigenvalues = (0..<n).map { largest < 0 ? -4 - Double($0) / 50 : Double($0) / 100 - 1 }
    (eigenvalues[17], eigenvalues[120]) = (largest, least)
    for seed in 1...8 as ClosedRange<UInt64> {
      let found = Eigenvalues.largest(start: normalNumbers(1, n, seed: seed)) { vector in
        zip(eigenvalues, vector).map { $0 * $1 }
      }
      #expect(abs(found - largest) < 0.01 * abs(largest), "\(found) from start \(seed)")
    }
  }

  @Test func theLargestEigenvalueOfSmallAndBrokenMatrices() {
    let n = 12
    let matrix = symmetricNumbers(n)
    let expected = jacobiEigenvalues(matrix, size: n)[0]
    let found = Eigenvalues.largest(start: normalNumbers(1, n, seed: 9)) { product(matrix, $0) }
    #expect(abs(found - expected) < 1e-9 * abs(expected))
    #expect(Eigenvalues.largest(start: [1, 1]) { _ in [.nan, .nan] }.isNaN)
    #expect(Eigenvalues.largest(start: [1, 1]) { _ in [0, 0] } == 0)
  }

  @Test func lanczosFindsTheLeadingEigenvectors() throws {
    let n = 30
    let matrix = symmetricNumbers(n)
    let expected = try #require(LAPACK.symmetricEigenvectors(matrix, size: n))
    let found = Eigenvalues.leading(3, steps: n, start: normalNumbers(1, n, seed: 9)) {
      product(matrix, $0)
    }
    #expect(found.vectors.count == 3)
    for k in 0..<3 {
      #expect(abs(found.values[k] - expected.values[k]) < 1e-8)
      let overlap = zip(found.vectors[k], expected.vectors[k]).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(abs(overlap) - 1) < 1e-8)
    }
    // A matrix of rank 1 closes after two directions.
    let single = Eigenvalues.leading(3, steps: 10, start: [1, 2, 3, 4]) { [$0[0], 0, 0, 0] }
    #expect(single.vectors.count == 2 && abs(single.values[0] - 1) < 1e-12)
  }

  @Test func fractionsOfASubspace() {
    let basis = [[1.0, 0, 0], [0, 1, 0]]
    #expect(Eigenvalues.fraction(of: [3, 0, 4], in: basis) == 9.0 / 25)
    #expect(Eigenvalues.fraction(of: [3, 4, 0], in: basis) == 1)
    #expect(Eigenvalues.fraction(of: [0, 0, 0], in: basis).isNaN)
  }

  @Test(arguments: [(5, 3), (64, 17)]) func normsAgreeWithDoublePrecision(rows: Int, columns: Int) {
    let numbers = normalNumbers(rows, columns, seed: 8).map { Double(Float($0)) }
    let values = matrix(numbers, rows: rows, columns: columns)
    let sums = Norms.sums([values, Matrix(rows: 1, columns: 2)], tolerance: 0.1)
    #expect(abs(sums.l1 - numbers.reduce(0) { $0 + abs($1) }) < 1e-9)
    #expect(abs(sums.l2 - numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()) < 1e-9)
    let zeros = numbers.count { abs($0) <= 0.1 } + 2
    #expect(sums.zeroFraction == Double(zeros) / Double(rows * columns + 2))
    #expect(sums.meanMagnitude == sums.l1 / Double(rows * columns + 2))
    let lengths = (0..<rows).map { i in
      (0..<columns).reduce(0) { $0 + numbers[i * columns + $1] * numbers[i * columns + $1] }
        .squareRoot()
    }
    #expect(abs(Norms.feature(values, rows: rows) - lengths.reduce(0, +) / Double(rows)) < 1e-9)
  }

  @Test func gradientNoiseOfKnownNorms() {
    let estimate = GradientNoise.estimates(small: (64, 2), large: (1024, 0.5))
    #expect(abs(estimate.signal - 0.4) < 1e-12)
    #expect(abs(estimate.noise - 102.4) < 1e-9)
    // Noise that drowns the signal is told as such.
    let drowned = GradientNoise.estimates(small: (1, 100), large: (2, 1))
    #expect(drowned.signal == -98 && drowned.noise == 198)
  }

  @Test func theNoiseScaleIsThatOfMeans() {
    var means = GradientNoise.RunningMeans()
    #expect(means.scale.isNaN)
    means.add(signal: -1, noise: 100)
    #expect(means.scale.isNaN)
    means.add(signal: 3, noise: 300)
    // 0.99 and 1 are the weights.
    #expect(abs(means.scale - 399 / 2.01) < 1e-9)
    means.add(signal: .nan, noise: 1)
    #expect(abs(means.scale - 399 / 2.01) < 1e-9)
  }

  /// Gradients of 100 components with |G|² = 1 and tr Σ = 10,000, in minibatches of 256 rows: a
  /// single ratio is blank in two measurements of five and a fraction of the truth in the others.
  @Test func theNoiseScaleIsRightWhereSingleRatiosMislead() {
    let (parts, rows, width, count) = (8, 32, 100, 4000)
    var random = RandomStream(seed: 3, name: "gradient-noise")
    let deviation = (10_000.0 / Double(width * rows)).squareRoot()
    func squaredNorm(_ gradient: [Double]) -> Double { gradient.reduce(0) { $0 + $1 * $1 } }
    var means = GradientNoise.RunningMeans()
    var (signals, noises): ([Double], [Double]) = ([], [])
    var (ratios, scales): ([Double], [Double]) = ([], [])
    for _ in 0..<count {
      var (sum, small) = ([Double](repeating: 0, count: width), 0.0)
      for _ in 0..<parts {
        let gradient = (0..<width).map {
          ($0 == 0 ? 1 : 0) + deviation * Double(random.normalPair().0)
        }
        small += squaredNorm(gradient) / Double(parts)
        for j in 0..<width { sum[j] += gradient[j] / Double(parts) }
      }
      let (signal, noise) = GradientNoise.estimates(
        small: (rows, small), large: (parts * rows, squaredNorm(sum)))
      means.add(signal: signal, noise: noise)
      signals.append(signal)
      noises.append(noise)
      if signal > 0 { ratios.append(noise / signal) }
      scales.append(means.scale)
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    #expect(abs(mean(noises) - 10_000) < 50)
    #expect(abs(mean(signals) - 1) < 0.25)
    let settled = scales.dropFirst(200).filter(\.isFinite)
    #expect(settled.count > 19 * (count - 200) / 20)
    #expect(abs(median(settled) - 10_000) < 2000)
    // What a ratio of single measurements would have said.
    #expect(ratios.count < 2 * count / 3 && median(ratios) < 3000)
  }
}
