import LinearAlgebra
import Testing

@Suite struct ReductionTests {
  @Test(arguments: [0, 1, 3, 15, 16, 17, 63, 64, 65, 200, 1000])
  func sumsEqualDoublePrecision(count: Int) {
    let vector = sampleVector(count, "values")
    let sumOfAll = vector.array.reduce(0.0) { $0 + Double($1) }
    let squares = vector.array.reduce(0.0) { $0 + Double($1) * Double($1) }
    for version in availableVersions {
      let results = KernelBackend.withInstructionSet(version) {
        (sum(vector, count: count), sumOfSquares(vector))
      }
      #expect(abs(Double(results?.0 ?? .nan) - sumOfAll) < 1e-5)
      #expect(abs(Double(results?.1 ?? .nan) - squares) < 1e-6 * (1 + squares))
    }
    let half = vector.array.prefix(count / 2).reduce(0.0) { $0 + Double($1) }
    #expect(abs(Double(sum(vector, count: count / 2)) - half) < 1e-5)
  }

  @Test func lanesAreFoldedInTheDocumentedOrder() {
    // Lane 0 holds 1 and lane 8 −1, so they must meet first; 2⁻³⁰ would vanish beside either.
    let vector = Vector(count: 16)
    (vector[0], vector[8], vector[4]) = (1, -1, 0x1p-30)
    for version in availableVersions {
      #expect(KernelBackend.withInstructionSet(version) { sum(vector, count: 16) } == 0x1p-30)
    }
  }

  @Test func momentsEqualTwoPassesOnShiftedData() {
    // Mean 1e4 and deviation 1: single-precision sums of squares would lose everything.
    let data = sample(1000, 3, "data")
    for i in 0..<1000 { for j in 0..<3 { data[i, j] += 10_000 } }
    let whole = RunningMoments(width: 3, initialCount: 0)
    whole.update(data, rows: 1000)
    let parts = RunningMoments(width: 3, initialCount: 0)
    let batch = Matrix(rows: 64, columns: 3)
    var (start, size) = (0, 1)
    while start < 1000 {
      let rows = min(size, 1000 - start)
      for i in 0..<rows { batch.copyRow(i, from: data, row: start + i) }
      parts.update(batch, rows: rows)
      start += rows
      size = size % 50 + 7
    }
    for j in 0..<3 {
      var mean = 0.0
      for i in 0..<1000 { mean += Double(data[i, j]) / 1000 }
      var variance = 0.0
      for i in 0..<1000 { variance += (Double(data[i, j]) - mean) * (Double(data[i, j]) - mean) }
      variance /= 1000
      for moments in [whole, parts] {
        #expect(moments.count == 1000)
        #expect(abs(moments.mean[j] - mean) < 1e-9)
        #expect(abs(moments.variance[j] - variance) < 1e-9)
      }
    }
  }

  @Test func momentsBeginLikeStableBaselines() {
    let moments = RunningMoments(width: 1)
    #expect(moments.mean == [0] && moments.variance == [1] && moments.count == 1e-4)
    let rows = Matrix(rows: 3, columns: 1)
    (rows[0, 0], rows[1, 0], rows[2, 0]) = (3, 5, 100)
    moments.update(rows, rows: 2)
    // mean 4·2/2.0001; M2 = 1e-4·1 + 2·1 + 16·1e-4·2/2.0001, over 2.0001
    #expect(abs(moments.mean[0] - 3.999_800_01) < 1e-9)
    #expect(abs(moments.variance[0] - 1.000_799_93) < 1e-8)
  }

  @Test func restoredMomentsContinueBitForBit() {
    let data = sample(30, 2, "data", scale: 3)
    let first = RunningMoments(width: 2)
    first.update(data, rows: 30)
    let second = RunningMoments(width: 2)
    second.restore(mean: first.mean, variance: first.variance, count: first.count)
    first.update(data, rows: 17)
    second.update(data, rows: 17)
    #expect(first.mean == second.mean && first.variance == second.variance)
    #expect(first.count == second.count)
  }
}
