internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Training

/// A new adversary that learns against a policy with fixed weights: what the policy would lose to an
/// opponent that it has never met.
///
/// Any policy will do, a controller included, but for planners.  The adversary's reward is the exact negative of the
/// environment's, on a scale of its own.
///
/// - Source: the test of Pinto et al. 2017, arXiv:1703.02702, with a freshly trained adversary.
public final class AdversaryTraining {
  /// Environment steps taken so far.
  public private(set) var environmentSteps = 0
  /// The adversary so far, for evaluations.
  public let opponent: Opponent
  private let player: any RolloutPlayer
  private let pool: WorkerPool
  private let horizon: TrainingHorizon
  private let collectors: [RolloutCollector]
  private let seats: [[RolloutSeat]]
  private let rewardNormalizer: RewardNormalizer
  private var recentEpisodes = RecentEpisodes()
  private var iterations = 0

  /// Creates an adversary with new weights in environments that have taken no step.
  ///
  /// - Parameters:
  ///   - policy: The policy, which must not change.
  ///   - mode: How the policy chooses its actions.
  ///   - settings: The adversary's settings, rollout length, discount and reward scale included.
  ///   - target: What the adversary acts on.
  ///   - strength: A fraction of the port's bounds, or the adversary's share of the action.
  ///   - context: Environments, threads, seed, and the steps after which schedules end.
  public init(
    against policy: any Policy, mode: ActionMode = .deterministic, settings: PlayerSettings,
    acts target: Opponent.Target = .force, strength: Float, context: AgentContext
  ) {
    let environment = context.environment
    let specification = environment.specification
    (pool, horizon) = (context.pool, TrainingHorizon(context))
    let actions = Matrix(rows: environment.count, columns: specification.actionWidth)
    let steps = settings.shared.stepsPerRollout
    let channel = AdversaryChannel(
      AdversaryChannel.Target(target, in: specification), isBall: false, environment: environment,
      actions: actions, steps: steps)
    channel.strength = strength
    let player = settings.makePlayer(
      specification: specification.withChoices(channel.space), environments: environment.count,
      episodeSteps: specification.episodeSteps,
      taskChanges: environment.mostTaskChanges(within: steps), seed: context.seed)
    self.player = player
    opponent = Opponent(player.rolloutPolicy, acts: target, strength: strength)
    rewardNormalizer = RewardNormalizer(
      environments: environment.count, discount: settings.shared.discount,
      isEnabled: settings.shared.normalizeRewards)
    let blocks = RolloutCollector.blocks(
      of: environment.count, threads: context.pool.threads, blockSize: environment.blockSize)
    let choices = Matrix(rows: environment.count, columns: channel.width)
    collectors = blocks.map {
      RolloutCollector(block: $0, environment: environment, actions: actions)
    }
    seats = blocks.map { block in
      [
        RolloutSeat(
          frozen: policy, mode: mode, observationWidth: specification.observationWidth,
          choiceWidth: specification.actionWidth, block: block,
          streams: BlockStreams(seed: context.seed, name: "action-noise", block: block),
          effect: .acts(actions)),
        RolloutSeat(
          learner: player.rolloutPolicy, rollout: player.rollout, block: block,
          streams: BlockStreams(seed: context.seed, name: "adversary-noise", block: block),
          choices: choices, effect: .opposes(channel)),
      ]
    }
  }

  /// Mean return of the policy in the last 100 episodes that ended; NaN before the first.
  public var meanReturn: Double { recentEpisodes.meanReturn }

  /// Gathers a rollout and improves the adversary.
  public func iterate() throws(TrainingError) {
    let steps = player.rollout.steps
    let progress = horizon.remaining(after: environmentSteps)
    pool.run(collectors.count) { collectors[$0].collect(seats[$0], steps: steps) }
    guard !seats.joined().contains(where: \.hasLostPolicy) else {
      throw .notFinite(metric: "action", iteration: iterations + 1)
    }
    recentEpisodes.add(collectors.flatMap(\.finishedEpisodes))
    rewardNormalizer.scaleRewards(of: player.rollout)
    player.rollout.negateRewards()
    player.evaluate(pool: pool)
    _ = try player.improve(pool: pool, progressRemaining: progress, iteration: iterations + 1)
    environmentSteps += player.rollout.count
    iterations += 1
  }
}
