import LinearAlgebra
import Testing

@Suite struct RandomStreamTests {
  @Test func theFirstOfAPairComesAlone() {
    var (whole, half) = (
      RandomStream(seed: 4, name: "pairs"), RandomStream(seed: 4, name: "pairs")
    )
    for _ in 0..<100 { #expect(whole.normalPair().0 == half.firstOfNormalPair()) }
    #expect(whole == half)
  }

  @Test func xoshiroEqualsItsPublishedVector() {
    var stream = RandomStream(words: [1, 2, 3, 4])
    // The vector of the reference implementation for this state.
    let expected: [UInt64] = [
      41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386,
      9_228_616_714_210_784_205, 9_973_669_472_204_895_162,
    ]
    #expect(expected.map { _ in stream.next() } == expected)
  }

  @Test func splitMixEqualsItsPublishedVector() {
    var mixer = SplitMix64(state: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
    ]
    #expect(expected.map { _ in mixer.next() } == expected)
  }

  @Test func streamsDifferByNameIndexAndSeed() {
    let streams = [
      RandomStream(seed: 1, name: "noise"), RandomStream(seed: 1, name: "noise", index: 1),
      RandomStream(seed: 2, name: "noise"), RandomStream(seed: 1, name: "order"),
    ]
    for i in streams.indices {
      for j in 0..<i { #expect(streams[i] != streams[j]) }
    }
    #expect(RandomStream(seed: 1, name: "noise") == streams[0])
  }

  @Test func stateWordsContinueTheStream() {
    var stream = RandomStream(seed: 3, name: "words")
    _ = stream.next()
    var copy = RandomStream(words: stream.words)
    #expect((0..<9).map { _ in stream.next() } == (0..<9).map { _ in copy.next() })
  }

  @Test func uniformNumbersFillTheirRange() {
    var stream = RandomStream(seed: 4, name: "uniform")
    let values = (0..<100_000).map { _ in stream.uniform() }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    // Standard error of the mean: 0.2887 / √1e5 = 9e-4.
    #expect(abs(values.reduce(0, +) / 100_000 - 0.5) < 4e-3)
    var shifted = RandomStream(seed: 4, name: "uniform")
    #expect(values.prefix(50).allSatisfy { -2 + 5 * $0 == shifted.uniform(from: -2, to: 3) })
  }

  @Test func integersAreUnbiased() {
    var stream = RandomStream(seed: 5, name: "integers")
    var counts = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { counts[Int(stream.integer(below: 7))] += 1 }
    // Standard deviation of each count: √(1e4 · 6/7) = 93.
    #expect(counts.allSatisfy { abs($0 - 10_000) < 420 })
    #expect(stream.integer(below: 1) == 0)
  }

  @Test func normalNumbersHaveTheirMoments() {
    let values = sampleVector(100_001, "normal").array.map(Double.init)
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    // Four standard errors: 4/√n, 4√(2/n), 4√(96/n).
    #expect(abs(mean) < 0.0127 && abs(variance - 1) < 0.018 && abs(fourth - 3) < 0.124)
  }

  @Test(arguments: [Float(0), 1e-4, 0.01, 0.5, 0.999])
  func dropoutKeepsTheMean(probability: Float) {
    var stream = RandomStream(seed: 8, name: "dropout")
    let mask = sample(1000, 37, "old")
    stream.fillDropout(mask, probability: probability)
    let values = (0..<1000).flatMap { Array(mask.row($0)) }
    let kept = 1 / (1 - probability)
    #expect(values.allSatisfy { $0 == 0 || $0 == kept })
    let dropped = Double(values.count { $0 == 0 })
    let (n, p) = (Double(values.count), Double(probability))
    // Four standard deviations of a binomial count.
    #expect(abs(dropped - n * p) <= 4 * (n * p * (1 - p)).squareRoot())
    // Neighbours come from one draw and are dropped independently.
    let pairs = (0..<1000).flatMap { i in
      stride(from: 0, to: 36, by: 2).map { mask[i, $0] == 0 && mask[i, $0 + 1] == 0 }
    }
    let both = Double(pairs.count { $0 })
    let (m, q) = (Double(pairs.count), p * p)
    #expect(abs(both - m * q) <= 1 + 4 * (m * q * (1 - q)).squareRoot())
    #expect(hasCleanPadding(mask))
  }

  @Test func shuffleIsAPermutation() {
    var stream = RandomStream(seed: 6, name: "order")
    var indices: [Int32] = (0..<100).map { $0 }
    stream.shuffle(&indices)
    #expect(indices != (0..<100).map { $0 } && indices.sorted() == (0..<100).map { $0 })
  }
}
