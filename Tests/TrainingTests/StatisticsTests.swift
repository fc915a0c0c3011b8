import LinearAlgebra
import RLCore
import Testing
import Training

/// Intervals and quantiles, against those of SciPy 1.17 and NumPy.
@Suite struct StatisticsTests {
  private func interval(_ values: [Double]) throws -> Interval {
    try #require(Statistics.meanInterval(values))
  }

  /// The lowest tenth of 25 values is two of them and half of the third.
  @Test func tailsCountPartsOfValues() {
    let values = (1...25).reversed().map(Double.init)
    #expect(
      abs(Statistics.conditionalValueAtRisk(0.1, of: values) - (1 + 2 + 0.5 * 3) / 2.5) < 1e-12)
    #expect(Statistics.conditionalValueAtRisk(1, of: values) == 13)
    #expect(Statistics.conditionalValueAtRisk(0.1, of: Array(values.prefix(10))) == 16)
    #expect(Statistics.conditionalValueAtRisk(0.1, of: [4, 3, 5]) == 3)
    #expect(Statistics.conditionalValueAtRisk(0.1, of: [1, .nan]).isNaN)
    #expect(Statistics.conditionalValueAtRisk(0.1, of: []).isNaN)
  }

  @Test func quantilesAreNumPys() {
    let values: [Double] = [3, 1, 2, 10]
    let expected = [(0, 1), (0.05, 1.15), (0.5, 2.5), (0.9, 7.9), (1, 10)]
    for (fraction, value) in expected {
      #expect(abs(Statistics.quantile(fraction, of: values) - value) < 1e-12)
    }
    #expect(Statistics.quantile(0.05, of: [4]) == 4)
    #expect(Statistics.quantile(0.5, of: [1, .nan]).isNaN && Statistics.quantile(0, of: []).isNaN)
    #expect(Statistics.quantile(0.5, of: [1, .infinity, .infinity]) == .infinity)
  }

  /// `scipy.stats.bootstrap(method="BCa", n_resamples=200000)`; with 2,000 resamples the ends vary
  /// by about 2 % of the width.
  @Test func meansHaveSciPysIntervals() throws {
    let falls = Array(repeating: 500.0, count: 16) + [23, 180, 311, 402]
    let some = try interval(falls)
    #expect(abs(some.lowerBound - 361.2) < 5 && abs(some.upperBound - 485.65) < 3)
    let tail = try interval([1, 2, 4, 8, 16, 32, 64, 128, 3, 5])
    #expect(abs(tail.lowerBound - 9.7) < 1 && abs(tail.upperBound - 65.3) < 6)
    #expect(try interval(falls) == some, "equal samples have equal intervals")
  }

  /// The interval of the interquartile mean, which `evaluate` used to show, does not hold the mean.
  @Test func theMeanLiesInItsInterval() throws {
    let returns = Array(repeating: 9989.0, count: 14) + [-38_000]
    let mean = returns.reduce(0, +) / 15
    let found = try interval(returns)
    #expect(found.lowerBound < mean && mean < found.upperBound)
  }

  @Test func aSymmetricSampleHasTheNormalInterval() throws {
    var random = RandomStream(seed: 4, name: "sample")
    let found = try interval((0..<400).map { _ in Double(random.normalPair().0) })
    // The standard error is 1/20: a 95 % interval is about ± 0.098.
    #expect(abs(found.upperBound - found.lowerBound - 0.196) < 0.03)
  }

  /// Of 200 samples of a skewed distribution, about 95 % of the intervals hold the true mean.
  @Test func intervalsHoldTheTrueMean() throws {
    var random = RandomStream(seed: 9, name: "sample")
    let found = try (0..<200).count { _ in
      let sample = (0..<40).map { _ in -Double(random.normalPair().0).magnitude }
      let interval = try interval(sample)
      let mean = -(2 / Double.pi).squareRoot()
      return interval.lowerBound <= mean && mean <= interval.upperBound
    }
    #expect((180...198).contains(found))
  }

  /// A policy without an answer has returns of NaN, which must neither stop the process nor vanish.
  @Test(arguments: [[Double.nan, .nan], [1, 2, 3, .nan, 5], [1, .infinity], [7], []])
  func whatSaysNothingHasNoInterval(values: [Double]) {
    #expect(Statistics.meanInterval(values) == nil)
  }

  @Test func equalReturnsHaveAnIntervalOfOneNumber() throws {
    #expect(try interval([500, 500, 500]) == Interval(lowerBound: 500, upperBound: 500))
    // Sums of these in any order differ in their last bits.
    let found = try interval([0.1, 0.1, 0.1, 0.2, 0.2, 0.2])
    #expect(found.lowerBound < 0.15 && 0.15 < found.upperBound)
    #expect(found.lowerBound >= 0.1 && found.upperBound <= 0.2)
  }

  /// `scipy.stats.binomtest(k, n).proportion_ci(method="wilson")`.
  @Test func probabilitiesHaveWilsonsIntervals() throws {
    let expected = [
      (0, 10, 0, 0.27753279986288926), (10, 10, 0.7224672001371109, 1),
      (99, 100, 0.9455138038212946, 0.9982325679358593),
      (7, 20, 0.1811918241010821, 0.5671457233147637),
    ]
    for (successes, trials, low, high) in expected {
      let found = try #require(
        Statistics.probabilityInterval(successes: successes, trials: trials))
      #expect(abs(found.lowerBound - low) < 1e-12 && abs(found.upperBound - high) < 1e-12)
    }
    #expect(Statistics.probabilityInterval(successes: 1, trials: 1) == nil)
  }

  /// Values of SciPy 1.17's `beta.ppf(level, k, n - k + 1)`.
  @Test(arguments: [
    (5, 10, 0.05, 0.2224411010081294), (10_000, 10_000, 0.00025, 0.9991709388972136),
    (8999, 9000, 0.00025, 0.9988052436738148), (1, 9000, 0.01, 1.116703360208721e-06),
    (4500, 9000, 0.05, 0.49127621012717054), (0, 9, 0.05, 0),
  ])
  func exactLowerBounds(successes: Int, trials: Int, level: Double, expected: Double) {
    let found = Statistics.exactLowerBound(successes: successes, trials: trials, level: level)
    #expect(abs(found - expected) <= 1e-9 * expected)
  }
}
