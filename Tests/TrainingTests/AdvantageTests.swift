import LinearAlgebra
import Testing
import Training
import Storage

@Suite struct AdvantageTests {
  private func vector(_ values: [Float]) -> Vector {
    let vector = Vector(count: values.count)
    for (i, value) in values.enumerated() { vector[i] = value }
    return vector
  }

  /// Truncated at t = 2 with V = 0.7 to bootstrap from, terminated at t = 3, V = 0.3 after t = 5.
  ///
  /// By hand, t = 5: δ = 1 + 0.99 · 0.3 − 0.6 = 0.697 = A₅; t = 4: δ = 0 + 0.99 · 0.6 − 0.5 = 0.094,
  /// A₄ = 0.094 + 0.9405 · 0.697 = 0.749528; t = 3: δ = 2 − (−0.3) = 2.3 and nothing follows;
  /// t = 2: δ = −1 + 0.99 · 0.7 − 0.4 = −0.707 and nothing follows.
  @Test func handTrace() {
    let rewards = vector([1, 0.5, -1, 2, 0, 1])
    let values = vector([0.2, 0.1, 0.4, -0.3, 0.5, 0.6])
    let nextValues = vector([0.1, 0.4, 0.7, 0, 0.6, 0.3])
    let ends = vector([0, 0, 1, 1, 0, 0])
    let (advantages, returns) = (Vector(count: 6), Vector(count: 6))
    generalizedAdvantages(
      in: 0..<6, rewards: rewards, values: values, nextValues: nextValues, episodeEnds: ends,
      discount: 0.99, lambda: 0.95, advantages: advantages, returns: returns)
    let expected: [Float] = [1.022268, 0.131066, -0.707, 2.3, 0.749528, 0.697]
    for t in 0..<6 {
      #expect(abs(advantages[t] - expected[t]) < 1e-6)
      #expect(abs(returns[t] - expected[t] - values[t]) < 1e-6)
    }
  }

  /// Against the explicit sum A_t = Σ (γλ)^l δ_{t+l}, cut at the end of the episode.
  @Test func explicitSum() {
    var random = RandomStream(seed: 1, name: "advantages")
    let count = 40
    let draw = { (0..<count).map { _ in random.normalPair().0 } }
    let (rewards, values, nextValues) = (vector(draw()), vector(draw()), vector(draw()))
    let ends = vector((0..<count).map { $0 % 7 == 6 ? 1 : 0 })
    let (advantages, returns) = (Vector(count: count), Vector(count: count))
    generalizedAdvantages(
      in: 0..<count, rewards: rewards, values: values, nextValues: nextValues, episodeEnds: ends,
      discount: 0.97, lambda: 0.9, advantages: advantages, returns: returns)
    for t in 0..<count {
      var (sum, factor) = (0.0, 1.0)
      for k in t..<count {
        sum += factor * Double(rewards[k] + 0.97 * nextValues[k] - values[k])
        if ends[k] == 1 { break }
        factor *= 0.97 * 0.9
      }
      #expect(abs(Double(advantages[t]) - sum) < 1e-5)
    }
  }

  /// Two environments of four steps, a termination, two truncations and the rollout's end.
  @Test func nextValuesTellTruncationFromTermination() {
    let rollout = RolloutBuffer(
      environments: 2, steps: 4, observationWidth: 1, actionWidth: 1,
      episodeSteps: 2)
    #expect(rollout.truncationsPerEnvironment == 3)
    for row in 0..<8 { rollout.values[row] = Float(row) }
    for row in [1, 5, 7] { rollout.episodeEnds[row] = 1 }
    rollout.terminated[1] = 1
    let bootstrap = vector([10, 11, 12, 13, 20, 21, 22, 23])
    rollout.assignNextValues(bootstrapValues: bootstrap)
    #expect(rollout.nextValues.array == [1, 0, 3, 10, 5, 21, 7, 22])
  }
}

@Suite struct NormalizerTests {
  @Test func rewardScaleIsTheDeviationOfTheRunningReturn() {
    let rollout = RolloutBuffer(
      environments: 1, steps: 5, observationWidth: 1, actionWidth: 1,
      episodeSteps: 10)
    for (t, reward) in [Float(1), 2, -1, 0.5, 3].enumerated() { rollout.rewards[t] = reward }
    rollout.episodeEnds[2] = 1
    let normalizer = RewardNormalizer(environments: 1, discount: 0.5, isEnabled: true)
    normalizer.scaleRewards(of: rollout)
    // G: 1, 2.5, 0.25 | 0.5, 3.25, with mean 1.5 and variance 6.875 / 5; the start counts as 1e-4 samples at 0.
    let scale = 1 / Float(1.375).squareRoot()
    for t in 0..<5 {
      #expect(abs(rollout.scaledRewards[t] - rollout.rewards[t] * scale) < 1e-3)
    }
  }

  @Test func observationsAreStandardisedAndClipped() throws {
    let normalizer = ObservationNormalizer(width: 2, isEnabled: true)
    let data = Matrix(rows: 1000, columns: 2)
    var random = RandomStream(seed: 5, name: "observations")
    for i in 0..<1000 {
      data[i, 0] = 1000 + random.normalPair().0
      data[i, 1] = 3 * random.normalPair().0
    }
    normalizer.update(with: data, rows: 1000)
    let result = Matrix(rows: 1000, columns: 2)
    normalizer.normalize(data, rows: 1000, into: result)
    for j in 0..<2 {
      let column = (0..<1000).map { Double(result[$0, j]) }
      let mean = column.reduce(0, +) / 1000
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1000
      #expect(abs(mean) < 1e-2 && abs(variance - 1) < 0.15)
    }
    data[0, 0] = 1e6
    normalizer.normalize(data, rows: 1, into: result)
    #expect(result[0, 0] == ObservationNormalizer.clipRange)
    var archive = TensorArchive()
    normalizer.save(to: &archive)
    let restored = ObservationNormalizer(width: 2, isEnabled: true)
    try restored.load(from: archive)
    let again = Matrix(rows: 1000, columns: 2)
    restored.normalize(data, rows: 1000, into: again)
    normalizer.normalize(data, rows: 1000, into: result)
    for i in 0..<1000 { #expect(again[i, 0] == result[i, 0] && again[i, 1] == result[i, 1]) }
  }
}
