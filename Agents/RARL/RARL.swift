internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Storage
public import Training

/// An agent that learns against adversaries, which learn to make its reward small.
///
/// Protagonist and adversaries take turns: one side gathers fresh rollouts and learns from them while
/// the other one acts with frozen weights.  Both see the same observations.
///
/// - Source: Pinto et al. 2017, arXiv:1703.02702, algorithm 1; Vinitsky et al. 2020,
///   arXiv:2008.01825, for populations.
/// - Difference from source: any on-policy method for either side rather than TRPO; the strength may
///   rise; adversaries are drawn in equal numbers.
public final class RARLAgent: Agent {
  private let configuration: RARLConfiguration
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let horizon: TrainingHorizon
  /// The players and their rollouts.
  package let game: TwoPlayerRollouts
  /// The scale of both players' rewards.
  package let rewardNormalizer: RewardNormalizer
  private var recentEpisodes = RecentEpisodes()
  /// The last episodes that ended in each adversary's own rollouts.
  private var adversaryEpisodes: [RecentEpisodes]
  private let adversaryMetrics: [String]

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public let metricNames: [String]
  /// The protagonist's policy.
  public var policy: any Policy { game.protagonist.rolloutPolicy }
  /// The protagonist's networks, then each adversary's under `adversary.` or `adversary.i.`.
  public var networks: [NamedNetwork] { game.networks }

  /// Creates an agent with new weights; the configuration must have passed its own check.
  public init(configuration: RARLConfiguration, context: AgentContext) {
    self.configuration = configuration
    environment = context.environment
    pool = context.pool
    horizon = TrainingHorizon(context)
    game = TwoPlayerRollouts(
      protagonist: configuration.protagonist, adversary: configuration.completeAdversary,
      population: configuration.population, target: configuration.target, isBall: false,
      bootstrapsTerminations: configuration.terminals == .bootstrap, context: context)
    rewardNormalizer = RewardNormalizer(
      environments: environment.count, discount: configuration.protagonist.shared.discount,
      isEnabled: configuration.protagonist.shared.normalizeRewards)
    adversaryEpisodes = Array(repeating: RecentEpisodes(), count: configuration.population)
    adversaryMetrics = game.adversaries[0].metricNames
    metricNames =
      ["episode-return", "episode-length"] + game.protagonist.metricNames
      + ["adversary-strength", "force-fraction", "failure-fraction"]
      + game.adversaryNames.map { "\($0.replacing(".", with: "-"))-return" }
      + adversaryMetrics.map { "adversary-\($0)" }
  }

  /// Gathers the protagonist's rollouts of an iteration and improves it, then the adversaries.
  ///
  /// Adversaries without any strength have nothing to learn, and no turn.
  public func iterate() throws(TrainingError) -> IterationReport {
    var report = IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
    var protagonist = MetricMeans(count: game.protagonist.metricNames.count)
    var adversaries = MetricMeans(count: adversaryMetrics.count)
    var common = MetricMeans(count: 3)
    let turns = configuration.protagonistIterations
    for turn in 0..<turns + configuration.adversaryIterations {
      let strength = configuration.strength(after: environmentSteps)
      if turn >= turns && strength == 0 { break }
      let progress = horizon.remaining(after: environmentSteps)
      game.channel.strength = strength
      let learners: TwoPlayerRollouts.Learners = turn < turns ? .protagonist : .adversaries
      let episodes = recentEpisodes.add(
        try game.gather(learners, &report, iteration: iterations + 1))
      report.episodes += episodes
      common.add([
        Double(strength), game.meanSize, Double(game.failures) / Double(episodes.count),
      ])
      let start = monotonicNanoseconds()
      if turn < turns {
        rewardNormalizer.scaleRewards(of: game.protagonist.rollout)
        protagonist.add(try improve(game.protagonist, progress))
      } else {
        for (m, part) in game.parts.enumerated() {
          adversaryEpisodes[m].add(
            episodes.filter { part.environments.contains($0.environment) })
        }
        // One scale for both players, so that the game keeps its zero sum.
        rewardNormalizer.update(with: game.parts)
        for adversary in game.adversaries {
          rewardNormalizer.scale(adversary.rollout)
          adversary.rollout.negateRewards()
          adversaries.add(try improve(adversary, progress))
        }
      }
      environmentSteps += game.protagonist.rollout.count
      report.updateTime += monotonicNanoseconds() - start
      if environmentSteps >= horizon.end { break }
    }
    iterations += 1
    report.metrics =
      [recentEpisodes.meanReturn, recentEpisodes.meanLength] + protagonist.values + common.values
      + adversaryEpisodes.map { -$0.meanReturn } + adversaries.values
    return report
  }

  private func improve(
    _ player: any RolloutPlayer, _ progressRemaining: Double
  ) throws(TrainingError) -> [Double] {
    player.evaluate(pool: pool)
    return try player.improve(
      pool: pool, progressRemaining: progressRemaining, iteration: iterations + 1)
  }

  public func save(to archive: inout TensorArchive) {
    game.save(to: &archive)
    rewardNormalizer.save(to: &archive)
    archive.setProgress([environmentSteps, iterations])
    recentEpisodes.save(to: &archive)
    for (name, episodes) in zip(game.adversaryNames, adversaryEpisodes) {
      var own = TensorArchive()
      episodes.save(to: &own)
      archive.set(own, under: name)
    }
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.progress(count: 2)
    try game.load(from: archive)
    try rewardNormalizer.load(from: archive)
    try recentEpisodes.load(from: archive)
    for (m, name) in game.adversaryNames.enumerated() {
      try adversaryEpisodes[m].load(from: archive.part(under: name))
    }
    try archive.restoreEpisodes(of: environment)
    (environmentSteps, iterations) = (progress[0], progress[1])
  }
}
