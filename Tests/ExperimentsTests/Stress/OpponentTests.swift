import Environments
import Experiments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Robustness
import Storage
import TestSupport
import Testing
import Training

/// Impulses, adversaries, attacks and certificates of stored policies.
@Suite struct OpponentTests {
  /// Ends as a fall if a push is at least as large as half of its bound, in step 3 or later.
  private struct Tower: Environment {
    static let specification = EnvironmentSpecification(
      identifier: "tower", summary: "falls",
      observationSpace: .box(low: [0], high: [100]), observationComponents: [.init("step")],
      actionSpace: .box(low: [-1], high: [1]), actionComponents: [.init("none")], timeStep: 1,
      episodeSteps: 20, ends: [.init(.fell, when: "it is pushed")], solvedReturn: nil,
      source: "none")
    static let disturbanceComponents = [DisturbanceComponent("push", unit: "N", bound: 4)]
    private var steps = 0
    private var push: Float = 0

    init(
      parameters: NoParameters, using random: inout NumPyRandom,
      observation: inout MutableSpan<Float>
    ) { observation[0] = 0 }

    mutating func disturb(_ disturbance: Span<Float>) { push = disturbance[0] }

    mutating func step(
      action: Span<Float>, observation: inout MutableSpan<Float>
    ) -> StepOutcome {
      steps += 1
      observation[0] = Float(steps)
      defer { push = 0 }
      return StepOutcome(reward: 1, end: abs(push) > 1.4 ? .fell : nil)
    }

    func hashState(into hasher: inout StateHasher) { hasher.combine(steps) }
  }

  private let registry: Registry

  init() throws {
    var registry = Registry.standard
    try registry.add(RegisteredEnvironment(Tower.self))
    self.registry = registry
  }

  private func tower() throws -> StoredPolicy {
    try StoredPolicy("zero", environment: "tower", registry: registry)
  }

  /// It falls from 1.4 of 4 N on, at 0.35 of the bound.
  @Test func bisectionFindsTheEdge() throws {
    let search = try tower().searchImpulse(steps: 2, episodes: 10)
    #expect(search.magnitude == 44.0 / 128, "between 44/128 and 45/128 lies 0.35")
    #expect(search.trials.map(\.magnitude).prefix(4) == [0, 1, 0.5, 0.25])
    #expect(search.trials.map(\.survival).prefix(4) == [1, 0, 0, 1])
    #expect(try tower().searchImpulse(steps: 2, episodes: 10, threads: 1) == search)
  }

  @Test func nothingIsSurvivedOrAll() throws {
    let walker = try StoredPolicy("zero", environment: "walker")
    let none = try walker.searchImpulse(steps: 5, episodes: 4)
    #expect(none.magnitude == nil && none.trials.count == 1)
    let cart = try StoredPolicy("zero", environment: "cartpole-swingup")
    #expect(try cart.searchImpulse(steps: 1, share: 0.01, episodes: 4).magnitude == 1)
  }

  @Test func portsStepsAndSharesAreChecked() throws {
    func message(_ body: () throws -> Void) -> String {
      let error = #expect(throws: ConfigurationError.self) { try body() }
      return error?.description ?? ""
    }
    let goals = try StoredPolicy("zero", environment: "diagnostic-two-goals")
    #expect(message { try goals.checkImpulse(steps: 3) }.contains("has no disturbance"))
    #expect(message { try goals.checkAdversary(steps: 3) }.contains("has no disturbance"))
    let tower = try tower()
    #expect(message { try tower.checkImpulse(steps: 0) }.contains("must be at least 1"))
    #expect(message { try tower.checkImpulse(steps: 21) }.contains("at most 20 steps"))
    #expect(message { try tower.checkImpulse(steps: 1, share: 0) }.contains("survival must lie"))
    #expect(message { try tower.checkAdversary(steps: 0) }.contains("must lie in 1..."))
    #expect(
      message { try tower.checkAdversary(steps: 1, strength: 2) }.contains("adversary-strength"))
    #expect(
      message { try tower.check(ObservationAttack(.gradient(steps: 1), size: 1)) }
        .contains("needs the gradient of a multilayer perceptron"))
    #expect(
      message { try tower.checkCertificate(noise: 0, floor: 0, episodes: 100) }
        .contains("certify must be above 0"))
    #expect(
      message { try tower.checkCertificate(noise: 1, floor: 0, episodes: 19) }
        .contains("at least 20 episodes"))
    #expect(
      message { _ = try tower.certify(noise: 1, floor: 21, episodes: 20) }
        .contains("floor must be a return below which no episode can fall and is 21"))
  }

  /// It learns that the return ends with a push.
  @Test func aNewAdversaryLearnsToPush() throws {
    let policy = try tower()
    func adversary(steps: Int, threads: Int) throws -> [Double] {
      let opponent = try #require(
        try policy.trainAdversary(
          steps: steps, seed: 1, strength: 1, threads: threads, registry: registry))
      return try policy.evaluate(against: opponent, episodes: 5, threads: threads).returns
    }
    let returns = try adversary(steps: 30_000, threads: 2)
    #expect(returns.reduce(0, +) / 5 < 5, "\(returns)")
    #expect(try policy.evaluate(episodes: 5).mean == 20)
    #expect(try adversary(steps: 30_000, threads: 1) == returns)
    #expect(
      try policy.trainAdversary(steps: 9999, seed: 1, registry: registry) { _ in false } == nil)
  }

  /// The bound lies below what is measured under attacks of the budget, of which a hundred are tried.
  @Test func certificatesHoldUnderAttacks() throws {
    let folder = try TemporaryFolder()
    let environment = try Registry.standard.environment("cartpole-v1")
    var random = RandomStream(seed: 5, name: "weights")
    let network = MLPPolicy(
      specification: environment.specification, hidden: [], activation: .tanh,
      usesLayerNorm: false, initialLogDeviation: 0, normalizesObservations: false,
      random: &random)
    // Pushes to where the pole falls: it balances.
    for parameter in network.network.parameters.parameters {
      parameter.value.fill(0)
      guard parameter.value.rows == 4 else { continue }
      for (row, weight) in [Float(0.1), 0.3, 3, 1].enumerated() { parameter.value[row, 1] = weight }
    }
    network.network.parametersDidChange()
    var archive = TensorArchive()
    network.save(to: &archive)
    try FileSystem.write(archive.safetensors, to: folder.file("policy.safetensors"))
    let policy = try StoredPolicy(folder.file("policy.safetensors"))
    let noise = 0.2
    let (certificate, calm) = try policy.certify(noise: noise, floor: 0, episodes: 400)
    #expect(calm.mean > 100, "\(calm.mean)")
    #expect(certificate.meanReturn(budget: 0) > 0.8 * calm.mean)
    // An attack of this size changes 4 numbers in at most 500 steps: its length is the budget.
    for k in 0..<100 {
      let budget = noise * Double(1 + k % 4) / 2
      let size = budget / (4 * 500).squareRoot()
      let kind = k % 2 == 0 ? ObservationAttack.Kind.random : .gradient(steps: 1)
      let smoothed = ChangedObservations(policy.policy, smoothedBy: Float(noise))
      let attacked = ChangedObservations(smoothed, under: ObservationAttack(kind, size: size))
      let result = Evaluation.run(
        attacked, in: { VectorEnvironment(CartPoleV1.self, count: $0) }, episodes: 20,
        firstSeed: UInt64(5000 + 20 * k), mode: .deterministic, pool: WorkerPool(threads: 2))
      #expect(certificate.meanReturn(budget: budget) <= result.mean, "budget \(budget)")
    }
  }
}
