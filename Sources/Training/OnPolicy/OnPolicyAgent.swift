internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Storage

/// An agent that gathers rollouts with its policy and performs one update on each.
///
/// Shapes: N environments, T steps per rollout, O observation components, A action components.
///
/// - Source: advantages of Schulman et al. 2016, arXiv:1506.02438; the method defines the update.
/// - Difference from common sources: separate networks for policy and value; truncated episodes
///   bootstrap from their last observation.
public final class OnPolicyAgent<Method: OnPolicyMethod>: Agent {
  private let configuration: Method.Configuration
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let totalSteps: Int
  private let learntPolicy: Method.LearntPolicy
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let rewardNormalizer: RewardNormalizer
  private let method: Method
  private let collectors: [RolloutCollector]
  private let evaluator: RolloutEvaluator
  private var recentEpisodes = RecentEpisodes()

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public let metricNames: [String]
  public var policy: any Policy { learntPolicy }
  public var networks: [NamedNetwork] { method.networks }

  /// Creates an agent with new weights; the configuration must have passed its own check.
  public init(configuration: Method.Configuration, context: AgentContext) {
    let (shared, specification) = (configuration.shared, context.environment.specification)
    let environments = context.environment.count
    self.configuration = configuration
    environment = context.environment
    pool = context.pool
    totalSteps = context.totalSteps
    var initial = RandomStream(seed: context.seed, name: "initial-weights")
    let policy = Method.makePolicy(
      configuration, specification: specification, random: &initial)
    learntPolicy = policy
    critic = MLP(
      name: "critic",
      architecture: MLPArchitecture(
        inputs: specification.observationWidth, hidden: shared.criticHidden, outputs: 1,
        activation: shared.activation, usesLayerNorm: shared.layerNorm),
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: 1), random: &initial)
    let buffer = RolloutBuffer(
      environments: environments, steps: shared.stepsPerRollout,
      observationWidth: specification.observationWidth, actionWidth: specification.actionWidth,
      columns: Method.columns(configuration, policy: policy),
      episodeSteps: specification.episodeSteps,
      taskChanges: context.environment.tasks?.mostChanges(
        within: shared.stepsPerRollout, environments: environments) ?? 0)
    rollout = buffer
    rewardNormalizer = RewardNormalizer(
      environments: environments, discount: shared.discount, isEnabled: shared.normalizeRewards)
    method = Method(
      configuration, policy: policy, critic: critic, rollout: rollout, seed: context.seed)
    metricNames = ["episode-return", "episode-length"] + method.metricNames
    let actions = Matrix(rows: environments, columns: specification.actionWidth)
    // Small blocks keep all threads busy to the end; results do not depend on the split.
    let block = max(1, environments / (context.pool.threads * 8))
    collectors = stride(from: 0, to: environments, by: block).map { first in
      RolloutCollector(
        range: first..<min(first + block, environments), environment: context.environment,
        policy: policy, rollout: buffer, actions: actions, seed: context.seed)
    }
    evaluator = RolloutEvaluator(policy.normalizer, critic, rollout, parts: 2)
  }

  /// Gathers the rollouts of one iteration and improves policy and critic on each.
  public func iterate() throws(TrainingError) -> IterationReport {
    var report = IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
    var means = MetricMeans(count: method.metricNames.count)
    for _ in 0..<configuration.rolloutsPerIteration {
      let progressRemaining = max(0, 1 - Double(environmentSteps) / Double(max(1, totalSteps)))
      try collect(&report)
      let start = monotonicNanoseconds()
      evaluateRollout()
      means.add(
        try method.improve(
          pool: pool, progressRemaining: progressRemaining, iteration: iterations + 1))
      learntPolicy.normalizer.update(with: rollout.observations, rows: rollout.count)
      environmentSteps += rollout.count
      report.updateTime += monotonicNanoseconds() - start
      if environmentSteps >= totalSteps { break }
    }
    iterations += 1
    report.metrics = [recentEpisodes.meanReturn, recentEpisodes.meanLength] + means.values
    return report
  }

  private func collect(_ report: inout IterationReport) throws(TrainingError) {
    pool.run(collectors.count) { collectors[$0].collect() }
    report.episodes += recentEpisodes.add(collectors.flatMap(\.finishedEpisodes))
    for collector in collectors {
      report.environmentTime += collector.environmentTime
      report.policyTime += collector.policyTime
    }
    guard !collectors.contains(where: \.hasLostPolicy) else {
      throw .notFinite(metric: "action", iteration: iterations + 1)
    }
  }

  /// Computes the rollout's values, next values, scaled rewards, advantages and value targets.
  private func evaluateRollout() {
    rewardNormalizer.scaleRewards(of: rollout)
    pool.run(evaluator.parts) { part in
      evaluator.evaluate(part: part)
      method.prepare(part: part, of: evaluator.parts)
    }
    rollout.assignNextValues(bootstrapValues: evaluator.bootstrapValues)
    for i in 0..<rollout.environments {
      generalizedAdvantages(
        in: i * rollout.steps..<(i + 1) * rollout.steps, rewards: rollout.scaledRewards,
        values: rollout.values, nextValues: rollout.nextValues, episodeEnds: rollout.episodeEnds,
        discount: configuration.shared.discount, lambda: configuration.shared.gaeLambda,
        advantages: rollout.advantages, returns: rollout.returns)
    }
  }

  public func save(to archive: inout TensorArchive) {
    learntPolicy.save(to: &archive)
    archive.set(critic.parameters.parameters)
    archive.setFrozenParts(of: critic)
    method.save(to: &archive)
    rewardNormalizer.save(to: &archive)
    archive.set(collectors.flatMap(\.streams), named: "action-noise")
    archive.setProgress([environmentSteps, iterations])
    recentEpisodes.save(to: &archive)
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.progress(count: 2)
    try learntPolicy.load(from: archive)
    try archive.read(into: critic.parameters.parameters)
    try archive.readFrozenParts(into: critic)
    critic.parametersDidChange()
    try method.load(from: archive)
    try rewardNormalizer.load(from: archive)
    var streams = try archive.streams(named: "action-noise", count: environment.count)[...]
    for collector in collectors {
      let count = collector.streams.count
      collector.streams = Array(streams.prefix(count))
      streams = streams.dropFirst(count)
    }
    try recentEpisodes.load(from: archive)
    try archive.restoreEpisodes(of: environment)
    (environmentSteps, iterations) = (progress[0], progress[1])
  }
}
