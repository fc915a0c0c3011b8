import Agents
import LinearAlgebra
import NeuralNetworks
import Testing
import Storage

/// What is dropped, and where nothing is.
@Suite struct SACDropoutTests {
  private let observations = Matrix(rows: 4, columns: 3)
  private let actions = Matrix(rows: 4, columns: 2)

  private func critic(dropout: Float) -> SACCritic {
    var random = RandomStream(seed: 5, name: "critic")
    var configuration = SACConfiguration()
    configuration.batchSize = 4
    configuration.criticHidden = [30, 30]
    configuration.criticDropout = dropout
    for i in 0..<4 { for j in 0..<3 { observations[i, j] = random.normalPair().0 } }
    return SACCritic(
      0, configuration, observationWidth: 3, actionWidth: 2, seed: 1, random: &random)
  }

  private func values(_ matrix: Matrix) -> [Float] { (0..<4).map { matrix[$0, 0] } }

  /// Every use draws anew, so equal inputs have several values; without dropout they have one.
  @Test(arguments: [Float(0), 0.2]) func targetsAndThePolicySeeDropout(dropout: Float) {
    let critic = critic(dropout: dropout)
    var (targets, policies): (Set<[Float]>, Set<[Float]>) = ([], [])
    for _ in 0..<3 {
      critic.evaluateTarget(observations: observations, actions: actions)
      targets.insert(values(critic.targetValues))
      critic.evaluatePolicy(observations: observations, actions: actions)
      policies.insert((0..<4).map { critic.policyValues[$0] })
    }
    #expect(targets.count == (dropout == 0 ? 1 : 3))
    #expect(policies.count == (dropout == 0 ? 1 : 3))
  }

  @Test func theBiasIsMeasuredOnTheWholeNetwork() {
    let (critic, whole) = (critic(dropout: 0.2), critic(dropout: 0))
    let (observation, action) = (Matrix(rows: 1, columns: 3), Matrix(rows: 1, columns: 2))
    observation.copyRow(0, from: observations, row: 1)
    whole.evaluateTarget(observations: observations, actions: actions)
    let before = critic.dropoutStream
    let value = critic.value(of: observation, action: action, in: SACCriticScratch(critic))
    #expect(value == whole.targetValues[1, 0] && critic.dropoutStream == before)
  }

  /// Of their own, or an ensemble would drop the same everywhere.
  @Test func criticsDropDifferently() {
    var random = RandomStream(seed: 5, name: "critic")
    let streams = (0..<3).map { index in
      SACCritic(
        index, SACConfiguration(), observationWidth: 3, actionWidth: 2, seed: 1, random: &random
      ).dropoutStream.words
    }
    #expect(Set(streams).count == 3)
  }
}

/// One pass over present and next actions, without target networks.
@Suite struct SACJointPassTests {
  private let present = Matrix(rows: 4, columns: 3)
  private let next = Matrix(rows: 4, columns: 3)
  private let actions = Matrix(rows: 4, columns: 2)

  private func critic(batchNorm: Bool) -> SACCritic {
    var random = RandomStream(seed: 5, name: "critic")
    var configuration = SACConfiguration()
    configuration.batchSize = 4
    configuration.criticHidden = [30, 30]
    configuration.usesTargetNetworks = false
    configuration.criticBatchNorm = batchNorm
    for i in 0..<4 {
      for j in 0..<3 { (present[i, j], next[i, j]) = random.normalPair() }
    }
    return SACCritic(
      0, configuration, observationWidth: 3, actionWidth: 2, seed: 1, random: &random)
  }

  /// Computes what is learnt of the present when all targets are 0.
  private func gradient(_ critic: SACCritic) -> [Float] {
    critic.evaluateJointly(
      observations: present, actions: actions, nextObservations: next, nextActions: actions)
    critic.computeGradient(
      observations: present, actions: actions, targets: Matrix(rows: 4, columns: 1))
    return critic.network.parameters.gradients.array
  }

  @Test(arguments: [false, true]) func halvesShareTheirStatistics(batchNorm: Bool) {
    let critic = critic(batchNorm: batchNorm)
    let (before, loss) = (gradient(critic), critic.loss)
    next[2, 1] += 3
    let after = gradient(critic)
    #expect((before == after) == !batchNorm)
    #expect((loss == critic.loss) == !batchNorm)
  }

  /// Without batch normalisation the pass is that of the two halves apart.
  @Test func targetsAreTheCriticsOwnValues() {
    let critic = critic(batchNorm: false)
    _ = gradient(critic)
    critic.evaluatePolicy(observations: next, actions: actions)
    for i in 0..<4 { #expect(critic.targetValues[i, 0] == critic.policyValues[i]) }
    critic.evaluatePolicy(observations: present, actions: actions)
    #expect(critic.targetValues[0, 0] != critic.policyValues[0])
  }

  /// The policy and the bias see running statistics, and leave them.
  @Test func onlyLearningMovesTheStatistics() {
    let critic = critic(batchNorm: true)
    let start = critic.network.statistics.values.array
    _ = gradient(critic)
    let moved = critic.network.statistics.values.array
    #expect(moved != start)
    critic.evaluatePolicy(observations: present, actions: actions)
    let (observation, action) = (Matrix(rows: 1, columns: 3), Matrix(rows: 1, columns: 2))
    observation.copyRow(0, from: present, row: 1)
    let value = critic.value(of: observation, action: action, in: SACCriticScratch(critic))
    #expect(value == critic.policyValues[1])
    #expect(critic.network.statistics.values.array == moved)
  }

  @Test func aNegativeVarianceIsRefused() throws {
    let critic = critic(batchNorm: true)
    critic.network.statistics.parameters[1].value[0, 2] = -1
    var archive = TensorArchive()
    critic.save(to: &archive)
    #expect(throws: ArchiveError.invalid(reason: "critic.0 has a negative variance")) {
      try critic.load(from: archive)
    }
  }
}
