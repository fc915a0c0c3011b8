import LinearAlgebra
import Testing

@Suite struct QuantileKernelTests {
  /// Pairs in the order of the definition, in single precision: the gradient has the same bits.
  @Test(arguments: availableVersions)
  func gradientIsTheSumOverTargetsInTheirOrder(version: String) {
    for (rows, quantiles, count) in [(1, 1, 1), (7, 25, 46), (3, 16, 5), (2, 33, 64)] {
      let values = sample(rows, quantiles, "values")
      let targets = sample(rows, count, "targets", scale: 3)
      let gradient = sample(rows, quantiles, "old")
      var loss: Float = 0
      on(version) {
        loss = QuantileKernels.loss(of: values, targets: targets, rows: rows, gradient: gradient)
      }
      var (isEqual, expected) = (true, 0.0)
      let scale = 1 / Float(rows * quantiles * count)
      for i in 0..<rows {
        for k in 0..<quantiles {
          let fraction = (Float(k) + 0.5) / Float(quantiles)
          var slope: Float = 0
          for j in 0..<count {
            let error = targets[i, j] - values[i, k]
            let weight = scale * (error < 0 ? 1 - fraction : fraction)
            slope -= weight * min(max(error, -1), 1)
            let size = Double(abs(error))
            expected += Double(weight) * (size <= 1 ? 0.5 * size * size : size - 0.5)
          }
          isEqual = isEqual && slope == gradient[i, k]
        }
      }
      #expect(isEqual, "\(version) \((rows, quantiles, count))")
      #expect(abs(Double(loss) - expected) < 1e-6 * expected, "\(loss) for \(expected)")
      #expect(hasCleanPadding(gradient))
    }
  }

  @Test func lossSeesNaN() {
    let (values, targets) = (sample(2, 3, "values"), sample(2, 4, "targets"))
    targets[1, 2] = .nan
    let gradient = Matrix(rows: 2, columns: 3)
    #expect(
      QuantileKernels.loss(of: values, targets: targets, rows: 2, gradient: gradient).isNaN)
    #expect(gradient[1, 0].isNaN && gradient[0, 0].isFinite && hasCleanPadding(gradient))
  }

  /// Rows of every length up to several vectors, and beyond the longest that is ranked.
  @Test(arguments: availableVersions) func rowsAreSorted(version: String) {
    for count in [1, 2, 15, 16, 17, 50, 255, 256, 257, 900] {
      let source = sample(3, count, "atoms")
      // Equal elements, zeros of both signs and infinities.
      for j in stride(from: 0, to: count, by: 3) { source[1, j] = 0.5 }
      for j in 0..<count { source[2, j] = [0, -0.0, .infinity, -.infinity, 1][j % 5] }
      let kept = (count + 1) / 2
      let expected = (0..<3).map { i in Array((0..<count).map { source[i, $0] }.sorted()[..<kept]) }
      let result = Matrix(rows: 3, columns: kept)
      on(version) { QuantileKernels.sortRows(source, rows: 3, into: result) }
      for i in 0..<3 {
        #expect(Array(result.row(i)) == expected[i], "\(version) row \(i) of \(count)")
      }
      #expect(hasCleanPadding(result))
    }
  }

  @Test(arguments: [5, 300]) func aRowWithNaNGivesNothingElse(count: Int) {
    let source = sample(2, count, "atoms")
    source[0, count - 1] = .nan
    let result = Matrix(rows: 2, columns: 3)
    QuantileKernels.sortRows(source, rows: 2, into: result)
    #expect(result.row(0).allSatisfy(\.isNaN) && result.row(1).allSatisfy(\.isFinite))
  }
}
