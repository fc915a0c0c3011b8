import Environments
import Experiments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Robustness
import Storage
import Testing
import Training

/// Changes of what a policy observes.
@Suite struct ObservationAttackTests {
  private let specification = PendulumV1.specification

  private func makePolicy(_ normalizes: Bool = false) -> MLPPolicy {
    var random = RandomStream(seed: 3, name: "weights")
    let policy = MLPPolicy(
      specification: specification, distribution: DiagonalGaussian(low: [-2], high: [2]),
      hidden: [16, 16], activation: .tanh, usesLayerNorm: false, initializer: .lecunUniform(),
      normalizesObservations: normalizes, random: &random)
    let sample = Matrix(rows: 50, columns: 3)
    for i in 0..<50 {
      for j in 0..<3 { sample[i, j] = random.uniform(from: -1, to: 1) * Float(j + 1) }
    }
    policy.normalizer.update(with: sample, rows: 50)
    return policy
  }

  /// Notes what it is shown.
  private final class Witness: Policy, PolicyActor {
    let environmentIdentifier = "pendulum-v1"
    var seen: [[Float]] = []
    func fits(_ specification: EnvironmentSpecification) -> Bool { true }
    func makeActor(rows: Int) -> any PolicyActor { self }
    func save(to archive: inout TensorArchive) {}
    func act(
      on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
      actions: Matrix
    ) {
      for i in 0..<rows { seen.append((0..<3).map { observations[i, $0] }) }
    }
  }

  private func observations(_ rows: Int) -> Matrix {
    var stream = RandomStream(seed: 9, name: "observations")
    let matrix = Matrix(rows: rows, columns: 3)
    for i in 0..<rows { for j in 0..<3 { matrix[i, j] = stream.uniform(from: -1, to: 1) } }
    return matrix
  }

  private func act(
    _ policy: any Policy, on observations: Matrix, seeds: [UInt64]
  ) -> [Float] {
    let actor = policy.makeActor(rows: seeds.count)
    for (row, seed) in seeds.enumerated() { actor.beginEpisode(row: row, seed: seed) }
    let actions = Matrix(rows: seeds.count, columns: 1)
    var streams: [RandomStream] = []
    actor.act(
      on: observations, rows: seeds.count, mode: .deterministic, streams: &streams,
      actions: actions)
    return seeds.indices.map { actions[$0, 0] }
  }

  @Test func randomChangesHaveTheirSize() throws {
    let witness = Witness()
    let clean = observations(64)
    let attack = try ObservationAttack(parsing: "random:0.25")
    _ = act(ChangedObservations(witness, under: attack), on: clean, seeds: Array(0..<64))
    var ups = 0
    for (i, row) in witness.seen.enumerated() {
      for j in 0..<3 {
        #expect(abs(abs(row[j] - clean[i, j]) - 0.25) < 1e-6)
        ups += row[j] > clean[i, j] ? 1 : 0
      }
    }
    #expect((70...122).contains(ups), "\(ups) of 192 go up")
  }

  /// One draw is the episode's own: neither its row nor the others matter.
  @Test(arguments: ["random:0.3", "gradient:0.3", "gradient:0.3:4"])
  func rowsAreIndependent(text: String) throws {
    let policy = makePolicy(true)
    let attacked = ChangedObservations(policy, under: try ObservationAttack(parsing: text))
    let clean = observations(8)
    let together = act(attacked, on: clean, seeds: Array(10..<18))
    for i in 0..<8 {
      let one = Matrix(rows: 1, columns: 3)
      one.copyRow(0, from: clean, row: i)
      #expect(act(attacked, on: one, seeds: [UInt64(10 + i)]) == [together[i]])
    }
    #expect(together != act(policy, on: clean, seeds: Array(10..<18)))
  }

  /// No other corner of the box leads much further away than more steps of the gradient do.
  @Test func gradientsFindTheWorstCorners() throws {
    let policy = makePolicy()
    let clean = observations(40)
    let seeds = Array(UInt64(0)..<40)
    let calm = act(policy, on: clean, seeds: seeds)
    func distances(_ text: String) throws -> [Float] {
      let attack = try ObservationAttack(parsing: text)
      return zip(act(ChangedObservations(policy, under: attack), on: clean, seeds: seeds), calm)
        .map { abs($0 - $1) }
    }
    let (random, once, often) = (
      try distances("random:0.2"), try distances("gradient:0.2"), try distances("gradient:0.2:20")
    )
    func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(values.count) }
    var best = [Float](repeating: 0, count: 40)
    for corner in 0..<8 {
      let moved = Matrix(rows: 40, columns: 3)
      for i in 0..<40 {
        for j in 0..<3 { moved[i, j] = clean[i, j] + (corner >> j & 1 == 1 ? 0.2 : -0.2) }
      }
      for (i, action) in act(policy, on: moved, seeds: seeds).enumerated() {
        best[i] = max(best[i], abs(action - calm[i]))
      }
    }
    #expect(mean(once) > 1.3 * mean(random), "\(mean(once)), \(mean(random))")
    #expect(mean(often) > 0.8 * mean(best), "\(mean(often)), \(mean(best))")
    #expect(zip(often, best).allSatisfy { $0 <= 1.05 * $1 + 1e-4 }, "the box is not left")
  }

  @Test func sizesAreInTheUnitsOfThePolicy() throws {
    let policy = makePolicy(true)
    let deviations = policy.normalizer.moments.variance.map { Float($0.squareRoot()) }
    let none = ChangedObservations(policy, under: try ObservationAttack(parsing: "random:0"))
    let clean = observations(4)
    #expect(
      act(none, on: clean, seeds: [1, 2, 3, 4]) == act(policy, on: clean, seeds: [1, 2, 3, 4]))
    #expect(deviations[2] > 1.5, "the third component is wider")
    // A change by hand of the same draws.
    let moved = Matrix(rows: 1, columns: 3)
    var stream = RandomStream(seed: 7, name: "attack")
    for j in 0..<3 {
      moved[0, j] = clean[0, j] + (stream.uniform() < 0.5 ? -0.1 : 0.1) * deviations[j]
    }
    let attacked = ChangedObservations(policy, under: try ObservationAttack(parsing: "random:0.1"))
    let (own, expected) = (
      act(attacked, on: clean, seeds: [7])[0], act(policy, on: moved, seeds: [7])[0]
    )
    #expect(abs(own - expected) < 1e-5)
  }

  @Test func smoothingAddsNormalNoise() {
    let witness = Witness()
    let clean = observations(400)
    let smoothed = ChangedObservations(witness, smoothedBy: 0.5)
    _ = act(smoothed, on: clean, seeds: Array(0..<400))
    let noise = witness.seen.enumerated().flatMap { i, row in
      (0..<3).map { Double(row[$0] - clean[i, $0]) }
    }
    let mean = noise.reduce(0, +) / 1200
    let variance = noise.reduce(0) { $0 + $1 * $1 } / 1200
    #expect(abs(mean) < 0.06 && abs(variance - 0.25) < 0.04, "\(mean), \(variance)")
  }

  @Test(arguments: [
    "random", "random:-1", "random:x", "random:1:2", "gradient:0.1:0", "gradient:0.1:101",
    "gradient:0.1:2:3", "fgsm:0.1", "",
  ]) func mistakesAreNamed(text: String) {
    let error = #expect(throws: ConfigurationError.self) { try ObservationAttack(parsing: text) }
    #expect(error?.description.contains("must be random:SIZE, gradient:SIZE") == true)
  }

  @Test func textsAreReadBack() throws {
    for text in ["random:0.5", "gradient:0.25", "gradient:0.1:5"] {
      #expect(try ObservationAttack(parsing: text).description == text)
    }
  }
}
