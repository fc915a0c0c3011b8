import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training
import Storage

@Suite struct PPOLearningTests {
  private func agent<E: Environment>(
    _: E.Type, environments: Int, totalSteps: Int, seed: UInt64 = 1, threads: Int = 1,
    _ adjust: (inout PPOConfiguration) -> Void
  ) -> PPOAgent {
    let environment = VectorEnvironment(E.self, count: environments)
    environment.reset(seeds: .training(runSeed: seed))
    var configuration = PPOConfiguration()
    adjust(&configuration)
    #expect(configuration.problem(environments: environments, totalSteps: totalSteps) == nil)
    return PPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: threads), seed: seed,
        totalSteps: totalSteps))
  }

  /// Reward 1 for ever, truncated every 10 steps, γ = 0.9: V is 10; masking truncation as if it
  /// were termination gives at most Σ 0.9^k = 6.5.
  @Test func truncationBootstraps() throws {
    let agent = agent(ConstantReward.self, environments: 4, totalSteps: 100_000) {
      $0.stepsPerRollout = 32
      $0.minibatchSize = 32
      $0.learningRate = 3e-3
      $0.discount = 0.9
    }
    for _ in 0..<150 { _ = try agent.iterate() }
    let critic = agent.networks[1].network
    let input = Matrix(rows: 1, columns: 1)
    input[0, 0] = 1
    let value = critic.forward(input, rows: 1, in: critic.makeWorkspace(rows: 1))[0, 0]
    #expect(abs(value - 10) < 0.2)
  }

  @Test(arguments: [UInt64(1), 2, 3]) func continuousBanditIsSolved(seed: UInt64) throws {
    let agent = agent(ContinuousBandit.self, environments: 8, totalSteps: 50 * 256, seed: seed) {
      $0.stepsPerRollout = 32
      $0.minibatchSize = 64
      $0.learningRate = 3e-3
    }
    for _ in 0..<50 { _ = try agent.iterate() }
    let actor = agent.policy.makeActor(rows: 1)
    let (observation, action) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    observation[0, 0] = 1
    var streams: [RandomStream] = []
    actor.act(
      on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: action)
    #expect(abs(action[0, 0] - 0.7) < 0.1)
  }

  @Test func aRewardThatIsNotFiniteStopsBeforeItReachesAWeight() throws {
    let environment = VectorEnvironment(RandomWalk.self, count: 2)
    environment.reset(seeds: .training(runSeed: 1))
    let agent = PPOAgent(
      configuration: {
        var configuration = PPOConfiguration()
        configuration.stepsPerRollout = 32
        configuration.minibatchSize = 64
        return configuration
      }(),
      context: AgentContext(
        environment: PoisonedEnvironment(environment, after: 40), pool: WorkerPool(threads: 1),
        seed: 1, totalSteps: 1000))
    _ = try agent.iterate()
    let before = agent.networks.map { $0.network.parameters.values.array }
    #expect(throws: TrainingError.notFinite(metric: "value-loss", iteration: 2)) {
      _ = try agent.iterate()
    }
    #expect(agent.networks.map { $0.network.parameters.values.array } == before)
  }

  private func archive(_ agent: PPOAgent) -> TensorArchive {
    var archive = TensorArchive()
    agent.save(to: &archive)
    return archive
  }

  /// Names of the tensors that differ, so that a failure can be read.
  private func differences(_ one: PPOAgent, _ other: PPOAgent) -> [String] {
    let (a, b) = (archive(one), archive(other))
    return Set(a.tensors.keys).union(b.tensors.keys)
      .filter { a.tensors[$0] != b.tensors[$0] }.sorted()
  }

  private func configure(_ configuration: inout PPOConfiguration) {
    configuration.stepsPerRollout = 13
    configuration.minibatchSize = 20
    configuration.epochs = 3
    configuration.normalizeObservations = true
    configuration.normalizeRewards = true
    configuration.learningRateSchedule = .linear
  }

  /// 13-step rollouts of 20-step episodes: every stop falls into the middle of episodes.
  @Test func resumeIsBitIdentical() throws {
    let uninterrupted = agent(RandomWalk.self, environments: 5, totalSteps: 600, configure)
    for _ in 0..<6 { _ = try uninterrupted.iterate() }
    let first = agent(RandomWalk.self, environments: 5, totalSteps: 600, configure)
    for _ in 0..<3 { _ = try first.iterate() }
    let second = agent(RandomWalk.self, environments: 5, totalSteps: 600, configure)
    _ = try second.iterate()
    try second.load(from: archive(first))
    #expect(differences(second, first) == [])
    for _ in 0..<3 { _ = try second.iterate() }
    #expect(differences(second, uninterrupted) == [])
    #expect(differences(second, first).contains("critic.0.weight"))
  }

  @Test(arguments: [2, 3, 7]) func threadsDoNotChangeAnything(threads: Int) throws {
    let alone = agent(RandomWalk.self, environments: 16, totalSteps: 2000, configure)
    let together = agent(
      RandomWalk.self, environments: 16, totalSteps: 2000, threads: threads, configure)
    for _ in 0..<4 {
      let (one, many) = (try alone.iterate(), try together.iterate())
      #expect(
        one.metrics.filter { !$0.isNaN } == many.metrics.filter { !$0.isNaN })
    }
    #expect(differences(alone, together) == [])
  }

  @Test func anotherSeedGivesAnotherAgent() throws {
    let one = agent(RandomWalk.self, environments: 4, totalSteps: 600, seed: 1, configure)
    let two = agent(RandomWalk.self, environments: 4, totalSteps: 600, seed: 2, configure)
    _ = (try one.iterate(), try two.iterate())
    #expect(differences(one, two).contains("policy.0.weight"))
  }
}

/// Forwards to another environment and returns NaN rewards from some step on.
final class PoisonedEnvironment: BatchedEnvironment {
  private let base: any BatchedEnvironment
  private let limit: Int
  private var steps = 0

  init(_ base: any BatchedEnvironment, after limit: Int) {
    self.base = base
    self.limit = limit
  }

  var specification: EnvironmentSpecification { base.specification }
  var count: Int { base.count }
  var batch: StepBatch { base.batch }
  var disturbanceComponents: [DisturbanceComponent] { base.disturbanceComponents }
  var disturbances: Matrix? { base.disturbances }
  var takesDisturbances: Bool {
    get { base.takesDisturbances }
    set { base.takesDisturbances = newValue }
  }
  var resetsEndedEpisodes: Bool {
    get { base.resetsEndedEpisodes }
    set { base.resetsEndedEpisodes = newValue }
  }
  var episodeParameters: EpisodeParameters? {
    get { base.episodeParameters }
    set { base.episodeParameters = newValue }
  }
  var perturber: (any StepPerturber)? {
    get { base.perturber }
    set { base.perturber = newValue }
  }
  var trainingReward: TrainingReward {
    get { base.trainingReward }
    set { base.trainingReward = newValue }
  }
  func scene(of environment: Int) -> Scene { base.scene(of: environment) }
  var manualControls: ManualControls { base.manualControls }
  func observe(environment: Int, with observer: (any EpisodeObserver)?) {
    base.observe(environment: environment, with: observer)
  }
  func parameterValues(of environment: Int) -> [ParameterValue] {
    base.parameterValues(of: environment)
  }
  func reset(seeds: EpisodeSeeds) { base.reset(seeds: seeds) }
  func reset(environment: Int, seed: UInt64) { base.reset(environment: environment, seed: seed) }
  func step(actions: Matrix, in range: Range<Int>) {
    base.step(actions: actions, in: range)
    steps += range.count
    if steps > 2 * limit { base.batch.rewards[range.lowerBound] = .nan }
  }
  func snapshot(of environment: Int) -> EpisodeSnapshot { base.snapshot(of: environment) }
  func restore(_ snapshot: EpisodeSnapshot, to environment: Int) throws(SnapshotError) {
    try base.restore(snapshot, to: environment)
  }
  func stateHash(of environment: Int) -> UInt64 { base.stateHash(of: environment) }
  func setParameter(
    _ name: String, to value: Double, of environment: Int?
  ) throws(ParameterError) {
    try base.setParameter(name, to: value, of: environment)
  }
  var tasks: TaskSchedule? { base.tasks }
  func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError) {
    try base.follow(tasks, from: steps)
  }
  func countSteps(from steps: Int) { base.countSteps(from: steps) }
  func takeTaskReturns() -> [TaskReturns] { base.takeTaskReturns() }
}
