internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Training
public import Storage

/// Proximal policy optimisation with generalised advantage estimation.
///
/// Shapes: N environments, T steps per rollout, B minibatch rows, O observation components, A
/// action components, D outputs of the policy network (A means, or one logit per choice).
///
/// - Source: Schulman et al. 2017, arXiv:1707.06347; Schulman et al. 2016, arXiv:1506.02438.
/// - Difference from source: separate networks for policy and value; minibatch-wise standardised
///   advantages; truncated episodes bootstrap from their last observation.
public final class PPOAgent: Agent {
  let configuration: PPOConfiguration
  let environment: any BatchedEnvironment
  let pool: WorkerPool
  let totalSteps: Int
  let mlpPolicy: MLPPolicy
  let critic: MLP
  let rollout: RolloutBuffer
  let rewardNormalizer: RewardNormalizer
  let policyLearner: PPOPolicyLearner
  let valueLearner: PPOValueLearner
  let collectors: [PPOCollector]
  let batchEvaluator: PPOBatchEvaluator
  let environmentActions: Matrix
  var shuffler: RandomStream
  var order: [Int32]
  var recentEpisodes = RecentEpisodes()
  var sums = PPOMetricSums()

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public var policy: any Policy { mlpPolicy }
  public var networks: [NamedNetwork] {
    let isLearning = sums.count > 0
    return [
      policyLearner.named(isLearning: isLearning), valueLearner.named(isLearning: isLearning),
    ]
  }
  public let metricNames = [
    "episode-return", "episode-length", "policy-loss", "value-loss", "entropy", "approximate-kl",
    "clip-fraction", "explained-variance", "gradient-norm", "learning-rate", "action-std",
  ]

  /// Makes an agent with new weights; the configuration must have passed its own check.
  public init(configuration: PPOConfiguration, context: AgentContext) {
    let specification = context.environment.specification
    let environments = context.environment.count
    self.configuration = configuration
    environment = context.environment
    pool = context.pool
    totalSteps = context.totalSteps
    var initial = RandomStream(seed: context.seed, name: "initial-weights")
    mlpPolicy = MLPPolicy(
      specification: specification, hidden: configuration.policyHidden,
      activation: configuration.activation, usesLayerNorm: configuration.layerNorm,
      initialLogDeviation: configuration.initialLogStd,
      normalizesObservations: configuration.normalizeObservations, random: &initial)
    critic = MLP(
      name: "critic",
      architecture: MLPArchitecture(
        inputs: specification.observationWidth, hidden: configuration.criticHidden, outputs: 1,
        activation: configuration.activation, usesLayerNorm: configuration.layerNorm),
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: 1), random: &initial)
    let steps = configuration.stepsPerRollout
    rollout = RolloutBuffer(
      environments: environments, steps: steps,
      observationWidth: specification.observationWidth, actionWidth: specification.actionWidth,
      distributionWidth: mlpPolicy.network.architecture.outputs,
      episodeSteps: specification.episodeSteps,
      taskChanges: context.environment.tasks?.mostChanges(
        within: steps, environments: environments) ?? 0)
    rewardNormalizer = RewardNormalizer(
      environments: environments, discount: configuration.discount,
      isEnabled: configuration.normalizeRewards)
    policyLearner = PPOPolicyLearner(configuration, mlpPolicy, rollout)
    valueLearner = PPOValueLearner(configuration, critic, rollout)
    environmentActions = Matrix(rows: environments, columns: specification.actionWidth)
    // Small blocks keep all threads busy to the end; results do not depend on the split.
    let block = max(1, environments / (context.pool.threads * 8))
    let (actions, buffer, policy) = (environmentActions, rollout, mlpPolicy)
    collectors = stride(from: 0, to: environments, by: block).map { first in
      PPOCollector(
        range: first..<min(first + block, environments), environment: context.environment,
        policy: policy, rollout: buffer, actions: actions, seed: context.seed)
    }
    batchEvaluator = PPOBatchEvaluator(mlpPolicy, critic, rollout, parts: 2)
    shuffler = RandomStream(seed: context.seed, name: "minibatch-order")
    order = (0..<Int32(rollout.count)).map { $0 }
  }

  /// Gathers one rollout and improves policy and critic on it.
  public func iterate() throws(TrainingError) -> IterationReport {
    let progressRemaining = max(0, 1 - Double(environmentSteps) / Double(max(1, totalSteps)))
    let times = collect()
    guard !collectors.contains(where: \.hasLostPolicy) else {
      throw .notFinite(metric: "action", iteration: iterations + 1)
    }
    let start = monotonicNanoseconds()
    evaluateRollout()
    try update(progressRemaining: progressRemaining)
    mlpPolicy.normalizer.update(with: rollout.observations, rows: rollout.count)
    environmentSteps += rollout.count
    iterations += 1
    return IterationReport(
      metrics: metrics(), environmentTime: times.environment, policyTime: times.policy,
      updateTime: monotonicNanoseconds() - start)
  }

  private func collect() -> (environment: UInt64, policy: UInt64) {
    pool.run(collectors.count) { collectors[$0].collect() }
    recentEpisodes.add(collectors.flatMap(\.finishedEpisodes))
    return (
      collectors.reduce(0) { $0 + $1.environmentTime }, collectors.reduce(0) { $0 + $1.policyTime }
    )
  }

  /// Fills in values, next values, scaled rewards, log-probabilities, advantages and targets.
  private func evaluateRollout() {
    rewardNormalizer.scaleRewards(of: rollout)
    pool.run(batchEvaluator.parts) { batchEvaluator.evaluate(part: $0) }
    rollout.assignNextValues(bootstrapValues: batchEvaluator.bootstrapValues)
    for i in 0..<rollout.environments {
      generalizedAdvantages(
        in: i * rollout.steps..<(i + 1) * rollout.steps, rewards: rollout.scaledRewards,
        values: rollout.values, nextValues: rollout.nextValues, episodeEnds: rollout.episodeEnds,
        discount: configuration.discount, lambda: configuration.gaeLambda,
        advantages: rollout.advantages, returns: rollout.returns)
    }
  }

  public func save(to archive: inout TensorArchive) {
    mlpPolicy.save(to: &archive)
    archive.set(critic.parameters.parameters)
    archive.setFrozenParts(of: critic)
    policyLearner.save(to: &archive)
    valueLearner.save(to: &archive)
    rewardNormalizer.save(to: &archive)
    archive.set(shuffler, named: "minibatch-order")
    archive.set("minibatch-order.order", .words(order.map { UInt64($0) }))
    for (i, stream) in collectors.flatMap(\.streams).enumerated() {
      archive.set(stream, named: "action-noise.\(i)")
    }
    archive.set("progress", .words([UInt64(environmentSteps), UInt64(iterations)]))
    recentEpisodes.save(to: &archive)
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.words("progress", count: 2)
    guard progress.allSatisfy({ $0 < 1 << 62 }) else {
      throw ArchiveError.invalid(reason: "its step count is impossible")
    }
    let savedOrder = try archive.words("minibatch-order.order", count: order.count)
    guard savedOrder.sorted() == order.indices.map({ UInt64($0) }) else {
      throw ArchiveError.invalid(reason: "its minibatch order is not a permutation")
    }
    try mlpPolicy.load(from: archive)
    try archive.read(into: critic.parameters.parameters)
    try archive.readFrozenParts(into: critic)
    critic.parametersDidChange()
    try policyLearner.load(from: archive)
    try valueLearner.load(from: archive)
    try rewardNormalizer.load(from: archive)
    shuffler = try archive.stream(named: "minibatch-order")
    order = savedOrder.map { Int32($0) }
    var index = 0
    for collector in collectors {
      for j in collector.streams.indices {
        collector.streams[j] = try archive.stream(named: "action-noise.\(index)")
        index += 1
      }
    }
    try recentEpisodes.load(from: archive)
    try archive.restoreEpisodes(of: environment)
    (environmentSteps, iterations) = (Int(progress[0]), Int(progress[1]))
  }
}
