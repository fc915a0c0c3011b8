import Environments
import Experiments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Robustness
import Storage
import TestSupport
import Testing
import Training

/// A policy over grids: values by hand, the same as `evaluate`, whatever the threads.
@Suite struct StressTests {
  private let registry: Registry

  init() throws {
    var registry = Registry.standard
    try registry.add(RegisteredEnvironment(Payment.self))
    self.registry = registry
  }

  private func payment() throws -> StoredPolicy {
    try StoredPolicy("zero", environment: "payment", registry: registry)
  }

  private func run(
    _ policy: StoredPolicy, _ grid: String..., episodes: Int = 8, seed: UInt64 = 0,
    perturb: String = "none", threads: Int? = nil
  ) throws -> StressResult {
    let test = try StressTest(
      policy, over: ConditionGrid(parsing: grid, in: policy.environment), episodes: episodes,
      seed: seed, perturbations: Perturbations(parsing: perturb))
    return try #require(try test.run(threads: threads))
  }

  @Test func cellsHaveTheValuesByHand() throws {
    let result = try run(payment(), "pay=0..2:3", "length=choice:1:4")
    // The same seeds in every cell.
    let bonuses = result.nominal.returns.map { $0 - 6 }
    #expect(Set(bonuses) == [0, 1] && bonuses.count == 8)
    let bonus = bonuses.reduce(0, +) / 8
    #expect(result.cells.map(\.values) == [[0, 1], [0, 4], [1, 1], [1, 4], [2, 1], [2, 4]])
    for (cell, sum) in zip(result.cells, [0.0, 0, 1, 10, 2, 20]) {
      #expect(cell.returns == bonuses.map { $0 + sum })
      #expect(cell.mean == sum + bonus)
      #expect(cell.lengths.allSatisfy { Double($0) == cell.values[1] })
      #expect(cell.successes == (sum > 0 ? 8 : 0) && cell.failures == (sum > 0 ? 0 : 8))
    }
    #expect(result.mean == 5.5 + bonus && result.worst == 0 && result.worstMean == bonus)
    #expect(result.quantile(0.5) == 1.5 + bonus)
    #expect(result.conditionalValueAtRisk == bonus, "a tenth of six cells is less than one")
    let spread = (bonus * (1 - bonus)).squareRoot()
    #expect(abs(result.nominal.standardDeviation - spread) < 1e-12)
  }

  /// A push of the whole bound 2 costs 2 in each step, one of a half 1.
  @Test func perturbationsAreAxes() throws {
    let result = try run(payment(), "push=constant:0..1:3", "pay=1..2:2")
    let bonuses = result.nominal.returns.map { $0 - 6 }
    for (cell, sum) in zip(result.cells, [6.0, 12, 3, 9, 0, 6]) {
      #expect(cell.returns == bonuses.map { $0 + sum })
    }
    let pushed = try run(payment(), "pay=1..2:2", perturb: "push=constant:0.5")
    #expect(pushed.cells.map(\.returns) == [result.cells[2], result.cells[3]].map(\.returns))
    #expect(pushed.nominal.returns == result.cells[2].returns)
  }

  @Test func setParametersAreNominal() throws {
    var policy = try payment()
    try policy.setParameter("pay", to: 2)
    let result = try run(policy, "length=1..2:2")
    let bonuses = try run(payment(), "length=1..2:2").nominal.returns.map { $0 - 6 }
    #expect(result.nominal.returns == bonuses.map { $0 + 12 })
    #expect(result.cells[1].returns == bonuses.map { $0 + 6 })
    // Also that of an axis.
    try policy.setParameter("length", to: 2)
    #expect(try run(policy, "length=1..2:2").nominal.returns == result.cells[1].returns)
  }

  /// Policies with memory, with sampled actions, and networks, whose actions are chosen in batches.
  @Test(arguments: [
    ("cartpole-swingup-energy", "cartpole-swingup", "gravity=5..15:2"),
    ("walker-heuristic", "walker", "mass=0.5..2:2"),
    ("quadcopter-cascade", "quadcopter", "action-delay=0..3:2"),
    ("random", "cartpole-v1", "force=5..15:2"), ("network", "cartpole-v1", "force=5..15:2"),
  ]) func aCellIsWhatEvaluateMeasures(name: String, environment: String, grid: String) throws {
    let folder = try TemporaryFolder()
    let policy = try StoredPolicy(
      name == "network" ? try makeNetwork(folder) : name, environment: environment,
      registry: registry)
    let result = try run(policy, grid, episodes: 5, seed: 3)
    let axis = try ConditionGrid(parsing: [grid], in: policy.environment).axes[0]
    for cell in result.cells {
      var other = policy
      if axis.isParameter {
        try other.setParameter(axis.name, to: cell.values[0])
      } else {
        try other.perturb(Perturbations(parsing: "\(axis.name)=\(cell.values[0])"))
      }
      let expected = try other.evaluate(episodes: 5, seed: 3)
      #expect(cell.returns == expected.returns && cell.lengths == expected.episodes.map(\.length))
      #expect(cell.successes == expected.successes)
    }
    #expect(try result.nominal.returns == policy.evaluate(episodes: 5, seed: 3).returns)
    #expect(result.cells[0] != result.cells[1], "the axis changes something")
  }

  private func makeNetwork(_ folder: TemporaryFolder) throws -> String {
    var random = RandomStream(seed: 5, name: "weights")
    let policy = MLPPolicy(
      specification: try registry.environment("cartpole-v1").specification, hidden: [16, 16],
      activation: .tanh, usesLayerNorm: false, initialLogDeviation: 0,
      normalizesObservations: true, random: &random)
    var archive = TensorArchive()
    policy.save(to: &archive)
    try FileSystem.write(archive.safetensors, to: folder.file("policy.safetensors"))
    return folder.file("policy.safetensors")
  }

  @Test func threadsChangeNothing() throws {
    let policy = try StoredPolicy("random", environment: "cartpole-v1", registry: registry)
    let axes = ["force=5..15:4", "action-noise=0..0.5:3"]
    let grid = try ConditionGrid(parsing: axes, in: policy.environment)
    let test = try StressTest(policy, over: grid, episodes: 7)
    let one = try test.run(threads: 1)
    for threads in [2, 3, 16] { #expect(try test.run(threads: threads) == one) }
    #expect(one != nil)
  }

  @Test func trainingsDrawsAreLeftOut() throws {
    var policy = try payment()
    let plain = try run(policy, "length=1..2:2")
    try policy.randomize(Randomization(parsing: "pay=0..2"))
    try policy.perturb(Perturbations(parsing: "push=constant:1"))
    #expect(try run(policy, "length=1..2:2") == plain)
    let test = try StressTest(
      policy, over: ConditionGrid(parsing: ["length=1..2:2"], in: policy.environment), episodes: 8,
      randomization: Randomization(parsing: "pay=0..2"))
    #expect(try test.run() != plain)
  }

  @Test func contradictionsAreRefused() throws {
    let policy = try payment()
    let grid = try ConditionGrid(parsing: ["pay=0..2:3"], in: policy.environment)
    func error(_ body: () throws -> StressTest) -> String {
      let error = #expect(throws: ConfigurationError.self) { _ = try body() }
      return error?.description ?? ""
    }
    #expect(
      error { try StressTest(policy, over: grid, randomization: .init(parsing: "pay=0..1")) }
        .contains("pay is an axis of the grid"))
    #expect(
      error { try StressTest(policy, over: grid, episodes: 0) }.contains("episodes must lie in 1"))
    #expect(
      error { try StressTest(policy, over: grid, episodes: 10_000_000, seed: 1 << 40) }
        .contains("seed must lie below 2^40"))
    #expect(
      error { try StressTest(policy, over: grid, mode: .stochastic) }.contains("no sampled actions")
    )
    let delays = try ConditionGrid(parsing: ["action-delay=0..5:3"], in: policy.environment)
    #expect(
      error { try StressTest(policy, over: delays) }.contains("perturb action-delay must be STEPS"))
    let twice = try ConditionGrid(parsing: ["action-delay=0..2:3"], in: policy.environment)
    #expect(
      error { try StressTest(policy, over: twice, perturbations: .init(parsing: "action-delay=1")) }
        .contains("names action-delay twice"))
  }
}
