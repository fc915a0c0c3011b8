internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Storage
public import Training

/// An agent whose costs are held below a multiple of the force that an adversary spends on them.
///
/// Both players learn from the same rollouts.
///
/// - Source: Long et al. 2024, *Learning H-Infinity Locomotion Control*, arXiv:2404.14405.
/// - Difference from source: any on-policy method for either side; costs are measured on the whole
///   reward, and a failure costs as if the episode went on without reward.
public final class HInfinityAgent: Agent {
  private let configuration: HInfinityConfiguration
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let horizon: TrainingHorizon
  /// The players and their rollouts.
  package let game: TwoPlayerRollouts
  /// The constraint.
  package let constraint: CostConstraint
  private let rewardNormalizer: RewardNormalizer
  private var recentEpisodes = RecentEpisodes()

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public let metricNames: [String]
  /// The protagonist's policy.
  public var policy: any Policy { game.protagonist.rolloutPolicy }
  /// The protagonist's networks, the critic of costs, and the adversary's under `adversary.`.
  public var networks: [NamedNetwork] { game.networks + [constraint.network] }

  /// Creates an agent with new weights; the configuration must have passed its own check.
  public init(configuration: HInfinityConfiguration, context: AgentContext) {
    self.configuration = configuration
    environment = context.environment
    pool = context.pool
    horizon = TrainingHorizon(context)
    game = TwoPlayerRollouts(
      protagonist: configuration.protagonist, adversary: configuration.completeAdversary,
      population: 1, target: .force, isBall: true, bootstrapsTerminations: false, context: context)
    game.channel.exploration = configuration.exploration
    constraint = CostConstraint(configuration, protagonist: game.protagonist, seed: context.seed)
    rewardNormalizer = RewardNormalizer(
      environments: environment.count, discount: configuration.protagonist.shared.discount,
      isEnabled: configuration.protagonist.shared.normalizeRewards)
    metricNames =
      ["episode-return", "episode-length"] + game.protagonist.metricNames + [
        "adversary-strength", "force-fraction", "failure-fraction", "cost", "constraint", "dual",
        "cost-value-loss",
      ] + game.adversaries[0].metricNames.map { "adversary-\($0)" }
  }

  /// Gathers a rollout of both players and improves both, and the constraint's dual variable.
  ///
  /// While the force has no strength, only the protagonist learns, by the reward alone.
  public func iterate() throws(TrainingError) -> IterationReport {
    var report = IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
    let (protagonist, adversary) = (game.protagonist, game.adversaries[0])
    let strength = configuration.strength(after: environmentSteps)
    let progress = horizon.remaining(after: environmentSteps)
    game.channel.strength = strength
    report.episodes = recentEpisodes.add(try game.gather(.both, &report, iteration: iterations + 1))
    let start = monotonicNanoseconds()
    rewardNormalizer.scaleRewards(of: protagonist.rollout)
    protagonist.evaluate(pool: pool)
    constraint.computeTerms(sizes: game.channel.sizes, scale: rewardNormalizer.factor)
    if strength > 0 { constraint.weighAdvantages(pool: pool) }
    let metrics = try protagonist.improve(
      pool: pool, progressRemaining: progress, iteration: iterations + 1)
    var adversaryMetrics = adversary.metricNames.map { _ in Double.nan }
    if strength > 0 {
      constraint.writeOpposite(to: adversary.rollout)
      adversary.evaluate(pool: pool)
      adversaryMetrics = try adversary.improve(
        pool: pool, progressRemaining: progress, iteration: iterations + 1)
      let rate = configuration.protagonist.shared.learningRates.value(progressRemaining: progress)
      try constraint.improve(learningRate: rate, iteration: iterations + 1)
    }
    environmentSteps += protagonist.rollout.count
    iterations += 1
    report.updateTime = monotonicNanoseconds() - start
    report.metrics =
      [recentEpisodes.meanReturn, recentEpisodes.meanLength] + metrics
      + [
        Double(strength), game.meanSize,
        Double(game.failures) / Double(report.episodes.count), constraint.meanCost,
        constraint.meanTerm, Double(constraint.dual),
        strength > 0 ? constraint.valueLoss : .nan,
      ] + adversaryMetrics
    return report
  }

  public func save(to archive: inout TensorArchive) {
    game.save(to: &archive)
    constraint.save(to: &archive)
    rewardNormalizer.save(to: &archive)
    archive.setProgress([environmentSteps, iterations])
    recentEpisodes.save(to: &archive)
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.progress(count: 2)
    try game.load(from: archive)
    try constraint.load(from: archive)
    try rewardNormalizer.load(from: archive)
    try recentEpisodes.load(from: archive)
    try archive.restoreEpisodes(of: environment)
    (environmentSteps, iterations) = (progress[0], progress[1])
  }
}
