import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import Testing
import Training

/// New adversaries against policies with fixed weights.
@Suite struct AdversaryTrainingTests {
  /// Pushes a cart to where its pole leans.
  private final class Balancer: Policy, PolicyActor {
    let environmentIdentifier = "cartpole-v1"
    func fits(_ specification: EnvironmentSpecification) -> Bool { true }
    func makeActor(rows: Int) -> any PolicyActor { self }
    func save(to archive: inout TensorArchive) {}
    func act(
      on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
      actions: Matrix
    ) {
      for i in 0..<rows {
        let lean = observations[i, 2] + 0.5 * observations[i, 3]
        actions[i, 0] = lean > 0 ? 1 : 0
      }
    }
  }

  private func evaluate(against opponent: Opponent?) -> EvaluationResult {
    Evaluation.run(
      Balancer(), against: opponent, in: { VectorEnvironment(CartPoleV1.self, count: $0) },
      episodes: 12, firstSeed: 5, mode: .deterministic, pool: WorkerPool(threads: 2))
  }

  /// It balances for good until somebody learns how to overthrow it.
  @Test func anAdversaryLearnsToOverthrow() throws {
    let environment = VectorEnvironment(CartPoleV1.self, count: 8)
    environment.reset(seeds: .training(runSeed: 1))
    var settings = PlayerSettings()
    settings.shared.stepsPerRollout = 128
    settings.shared.learningRate = 3e-3
    settings.shared.normalizeRewards = true
    settings.ppo.minibatchSize = 256
    let training = AdversaryTraining(
      against: Balancer(), settings: settings, strength: 1,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 30_000))
    let before = evaluate(against: training.opponent)
    while training.environmentSteps < 30_000 { try training.iterate() }
    let after = evaluate(against: training.opponent)
    #expect(evaluate(against: nil).mean == 500 && before.mean > 400)
    #expect(after.mean < 250, "\(after.mean)")
    #expect(training.meanReturn < 400)
  }

  /// Balances, and counts its steps in each episode.
  private final class Counter: Policy, PolicyActor {
    let environmentIdentifier = "cartpole-v1"
    /// Steps of the running episode by row, and those of the ended ones in order.
    var steps = [Int](repeating: 0, count: 4)
    var ended: [Int] = []
    var seeds: Set<UInt64> = []
    func fits(_ specification: EnvironmentSpecification) -> Bool { true }
    func makeActor(rows: Int) -> any PolicyActor { self }
    func save(to archive: inout TensorArchive) {}
    func beginEpisode(row: Int, seed: UInt64) {
      seeds.insert(seed)
      if steps[row] > 0 { ended.append(steps[row]) }
      steps[row] = 0
    }
    func act(
      on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
      actions: Matrix
    ) {
      for i in 0..<rows {
        steps[i] += 1
        actions[i, 0] = 1
      }
    }
  }

  /// A policy with a memory, such as a controller, must not carry it from one episode to the next.
  @Test func thePolicyIsToldOfEpisodes() throws {
    let environment = VectorEnvironment(CartPoleV1.self, count: 4)
    environment.reset(seeds: .training(runSeed: 1))
    var settings = PlayerSettings()
    settings.shared.stepsPerRollout = 50
    let counter = Counter()
    // On one thread all environments are one block, with one actor.
    let training = AdversaryTraining(
      against: counter, settings: settings, strength: 1,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 400))
    for _ in 0..<2 { try training.iterate() }
    // Pushed to one side, a pole falls after about ten steps.
    #expect(counter.ended.count > 20)
    #expect(counter.ended.allSatisfy { (5...30).contains($0) }, "\(counter.ended)")
    #expect(counter.seeds.count == counter.ended.count + 4)
  }

  /// Does nothing.
  private final class Idler: Policy, PolicyActor {
    let environmentIdentifier = "pendulum-v1"
    func fits(_ specification: EnvironmentSpecification) -> Bool { true }
    func makeActor(rows: Int) -> any PolicyActor { self }
    func save(to archive: inout TensorArchive) {}
    func act(
      on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
      actions: Matrix
    ) {
      for i in 0..<rows { actions[i, 0] = 0 }
    }
  }

  /// Without strength it is as if there were no adversary; with the least one every return differs.
  @Test(arguments: [Opponent.Target.force, .action])
  func opponentsActByTheirStrength(target: Opponent.Target) throws {
    var random = RandomStream(seed: 1, name: "opponent")
    let policy = MLPPolicy(
      specification: PendulumV1.specification.withChoices(.box(low: [-1], high: [1])),
      hidden: [8], activation: .tanh, usesLayerNorm: false, initialLogDeviation: 0,
      normalizesObservations: false, random: &random)
    func returns(_ strength: Float?, threads: Int) -> [Double] {
      Evaluation.run(
        Idler(), against: strength.map { Opponent(policy, acts: target, strength: $0) },
        in: { VectorEnvironment(PendulumV1.self, count: $0) }, episodes: 12, firstSeed: 5,
        mode: .deterministic, pool: WorkerPool(threads: threads)
      ).returns
    }
    let alone = returns(nil, threads: 1)
    #expect(returns(0, threads: 2) == alone)
    let pushed = returns(0.1, threads: 1)
    #expect(zip(pushed, alone).allSatisfy { $0 != $1 })
    #expect(returns(0.1, threads: 3) == pushed)
  }

  @Test func opponentsMustFit() throws {
    var random = RandomStream(seed: 1, name: "opponent")
    let cartPole = try #require(EnvironmentRegistry.find("cartpole-v1"))
    let swingUp = try #require(EnvironmentRegistry.find("cartpole-swingup"))
    let policy = MLPPolicy(
      specification: cartPole.specification.withChoices(.box(low: [-1], high: [1])), hidden: [8],
      activation: .tanh, usesLayerNorm: false, initialLogDeviation: 0,
      normalizesObservations: false, random: &random)
    #expect(Opponent(policy, acts: .force, strength: 1).problem(in: cartPole) == nil)
    #expect(Opponent(policy, acts: .action, strength: 1).problem(in: cartPole) != nil)
    #expect(
      Opponent(policy, acts: .force, strength: 1).problem(in: swingUp)
        == "an adversary for cartpole-v1 can't act in cartpole-swingup")
  }
}
