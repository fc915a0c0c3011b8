internal import LinearAlgebra
internal import NeuralNetworks
package import RLCore
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
  private let horizon: TrainingHorizon
  private let player: OnPolicyPlayer<Method>
  private let rewardNormalizer: RewardNormalizer
  private let collectors: [RolloutCollector]
  private let seats: [RolloutSeat]
  private let streams: [BlockStreams]
  private var recentEpisodes = RecentEpisodes()

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public let metricNames: [String]
  public var policy: any Policy { player.learntPolicy }
  public var networks: [NamedNetwork] { player.networks }

  /// Creates an agent with new weights; the configuration must have passed its own check.
  public init(configuration: Method.Configuration, context: AgentContext) {
    let (shared, specification) = (configuration.shared, context.environment.specification)
    let environments = context.environment.count
    self.configuration = configuration
    environment = context.environment
    pool = context.pool
    horizon = TrainingHorizon(context)
    let player = OnPolicyPlayer<Method>(
      configuration, specification: specification, environments: environments,
      episodeSteps: specification.episodeSteps,
      taskChanges: context.environment.mostTaskChanges(within: shared.stepsPerRollout),
      seed: context.seed)
    self.player = player
    rewardNormalizer = RewardNormalizer(
      environments: environments, discount: shared.discount, isEnabled: shared.normalizeRewards)
    metricNames = ["episode-return", "episode-length"] + player.metricNames
    let actions = Matrix(rows: environments, columns: specification.actionWidth)
    let blocks = RolloutCollector.blocks(
      of: environments, threads: context.pool.threads, blockSize: environment.blockSize)
    collectors = blocks.map {
      RolloutCollector(block: $0, environment: context.environment, actions: actions)
    }
    let streams = blocks.map { BlockStreams(seed: context.seed, name: "action-noise", block: $0) }
    self.streams = streams
    seats = zip(blocks, streams).map { block, streams in
      RolloutSeat(
        learner: player.learntPolicy, rollout: player.rollout, block: block, streams: streams,
        choices: actions, effect: .acts(actions))
    }
  }

  /// Gathers the rollouts of one iteration and improves policy and critic on each.
  public func iterate() throws(TrainingError) -> IterationReport {
    var report = IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
    var means = MetricMeans(count: player.metricNames.count)
    for _ in 0..<configuration.rolloutsPerIteration {
      let progressRemaining = horizon.remaining(after: environmentSteps)
      try collect(&report)
      let start = monotonicNanoseconds()
      rewardNormalizer.scaleRewards(of: player.rollout)
      player.evaluate(pool: pool)
      means.add(
        try player.improve(
          pool: pool, progressRemaining: progressRemaining, iteration: iterations + 1))
      environmentSteps += player.rollout.count
      report.updateTime += monotonicNanoseconds() - start
      if environmentSteps >= horizon.end { break }
    }
    iterations += 1
    report.metrics = [recentEpisodes.meanReturn, recentEpisodes.meanLength] + means.values
    return report
  }

  private func collect(_ report: inout IterationReport) throws(TrainingError) {
    let steps = player.rollout.steps
    pool.run(collectors.count) { collectors[$0].collect([seats[$0]], steps: steps) }
    report.episodes += recentEpisodes.add(collectors.flatMap(\.finishedEpisodes))
    for collector in collectors { report.add(collector) }
    guard !seats.contains(where: \.hasLostPolicy) else {
      throw .notFinite(metric: "action", iteration: iterations + 1)
    }
  }

  public func save(to archive: inout TensorArchive) {
    player.save(to: &archive)
    rewardNormalizer.save(to: &archive)
    archive.set(streams.flatMap(\.streams), named: "action-noise")
    archive.setProgress([environmentSteps, iterations])
    recentEpisodes.save(to: &archive)
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.progress(count: 2)
    try player.load(from: archive)
    try rewardNormalizer.load(from: archive)
    try archive.read(into: streams, named: "action-noise")
    try recentEpisodes.load(from: archive)
    try archive.restoreEpisodes(of: environment)
    (environmentSteps, iterations) = (progress[0], progress[1])
  }
}

extension IterationReport {
  /// Adds the times of a collector.
  package mutating func add(_ collector: RolloutCollector) {
    environmentTime += collector.environmentTime
    policyTime += collector.policyTime
  }
}

extension BatchedEnvironment {
  /// Returns the maximum number of changes of task within this many steps of each environment.
  package func mostTaskChanges(within steps: Int) -> Int {
    tasks?.mostChanges(within: steps, environments: count) ?? 0
  }
}

extension TensorArchive {
  /// Restores streams that were saved in order of environments.
  package func read(into blocks: [BlockStreams], named name: String) throws(ArchiveError) {
    let count = blocks.reduce(0) { $0 + $1.streams.count }
    var streams = try streams(named: name, count: count)[...]
    for block in blocks {
      let count = block.streams.count
      block.streams = Array(streams.prefix(count))
      streams = streams.dropFirst(count)
    }
  }
}
