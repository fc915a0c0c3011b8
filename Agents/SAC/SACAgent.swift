internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
public import Training
public import Storage

/// Soft actor-critic, with its variants for high replay ratios available as settings.
///
/// Shapes: N environments, B minibatch rows, O observation and A action components, K quantiles.
/// Actions are in −1...1 everywhere except in calls to the environment.
///
/// - Source: Haarnoja et al. 2018, arXiv:1812.05905; REDQ: Chen et al. 2021, arXiv:2101.05982; TQC:
///   Kuznetsov et al. 2020, arXiv:2005.04269; resets: Nikishin et al. 2022, arXiv:2205.07802.
/// - Difference from source: truncated episodes bootstrap from their last observation; the
///   logarithm of the deviation is squashed into its range rather than cut off.
public final class SACAgent: Agent {
  let configuration: SACConfiguration
  let environment: any BatchedEnvironment
  let pool: WorkerPool
  /// Steps over which schedules run, and after which an iteration ends at the latest.
  var horizon: TrainingHorizon
  let actor: SACActor
  package let critics: [SACCritic]
  let buffer: ReplayBuffer
  let batch: ReplayBatch
  let collector: ReplayCollector
  let valueBias: SACValueBias
  /// Observations as the policy sees them, [B × O].
  let observations: Matrix
  let nextObservations: Matrix
  /// Observations as critics see them: with physical parameters behind them if there is a search,
  /// [B × (O + P)], otherwise the same matrices.
  let criticObservations: Matrix
  let nextCriticObservations: Matrix
  /// Search for the worst physical parameters; nil for none.
  package let search: WorstCaseSearch?
  let targets: Matrix
  /// Quantiles of all target critics side by side [B × C·K]; no rows without quantiles.
  let atoms: Matrix
  let streams: SACStreams
  /// Number of updates due but not yet done, less than 1 between two rounds.
  var owedUpdates = 0.0
  var updates = 0
  var resets = 0
  var sums = SACMetricSums()
  /// Number of recorded steps that were in the replay buffer before the first step.
  var prefilledSteps = 0

  public var replayRatio: Double {
    didSet { precondition(replayRatio > 0 && replayRatio <= Self.greatestReplayRatio) }
  }
  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public var policy: any Policy { actor.policy }
  public var evaluatedPolicy: any Policy { actor.evaluatedPolicy }
  public var networks: [NamedNetwork] {
    let criticExperience = criticExperience
    return [
      actor.named(
        observations, criticObservations: observationsOfPolicyValues, critics: critics,
        experience: policyExperience,
        isLearning: sums.policyUpdates > 0)
    ]
      + critics.map {
        $0.named(
          observations: criticObservations, actions: batch.actions, targets: targets,
          experience: criticExperience, isLearning: sums.updates > 0)
      }
  }
  public let metricNames: [String]

  /// Creates an agent with new weights; the configuration must be valid.
  public init(configuration: SACConfiguration, context: AgentContext) {
    let specification = context.environment.specification
    let (observationWidth, actionWidth) = (
      specification.observationWidth, specification.actionWidth
    )
    self.configuration = configuration
    metricNames =
      [
        "episode-return", "episode-length", "actor-loss", "critic-loss", "temperature-loss",
        "temperature", "entropy", "mean-q", "max-q", "q-bias", "replay-ratio",
        "policy-gradient-norm", "critic-gradient-norm", "learning-rate-factor",
        "buffer-transitions",
      ] + (configuration.mirrorCoefficient > 0 ? ["divergence"] : [])
      + Self.worstCaseMetricNames(configuration, context)
    replayRatio = configuration.replayRatio
    environment = context.environment
    pool = context.pool
    horizon = TrainingHorizon(context)
    var initial = RandomStream(seed: context.seed, name: "initial-weights")
    actor = SACActor(configuration, specification: specification, random: &initial)
    let uncertain = configuration.searchesParameters ? context.uncertainParameters : []
    let joinedWidth = observationWidth + uncertain.count
    critics = (0..<configuration.critics).map { index in
      SACCritic(
        index, configuration, observationWidth: joinedWidth, actionWidth: actionWidth,
        seed: context.seed, random: &initial)
    }
    buffer = ReplayBuffer(
      capacity: configuration.bufferSize, observationWidth: joinedWidth,
      actionWidth: actionWidth)
    let rows = configuration.batchSize
    batch = ReplayBatch(
      rows: rows, observationWidth: joinedWidth, actionWidth: actionWidth)
    observations = Matrix(rows: rows, columns: observationWidth)
    nextObservations = Matrix(rows: rows, columns: observationWidth)
    search =
      uncertain.isEmpty
      ? nil
      : WorstCaseSearch(
        configuration.worstCase, among: uncertain, in: environment,
        critics: configuration.critics, rows: rows, observationWidth: observationWidth,
        seed: context.seed)
    criticObservations = search == nil ? observations : Matrix(rows: rows, columns: joinedWidth)
    nextCriticObservations =
      search == nil ? nextObservations : Matrix(rows: rows, columns: joinedWidth)
    let kept = configuration.quantiles - configuration.droppedQuantiles
    targets = Matrix(
      rows: rows,
      columns: configuration.quantiles == 1 ? 1 : kept * configuration.critics)
    atoms = Matrix(
      rows: configuration.quantiles == 1 ? 0 : rows,
      columns: configuration.quantiles * configuration.critics)
    let sampler = actor.distribution.makeSampler(
      rows: context.environment.count, drawsPairs: false)
    valueBias = SACValueBias(
      configuration, actor: actor, critics: critics, sampler: sampler, context: search)
    collector = ReplayCollector(
      context.environment, policy: actor.policy, sampler: sampler, buffer: buffer,
      multiStep: configuration.multiStep, discount: configuration.discount, context: search,
      pool: context.pool, seed: context.seed)
    collector.observer = valueBias
    streams = SACStreams(seed: context.seed)
    if let recordings = context.recordings { prefill(with: recordings) }
  }

  public func policyWasReplaced() {
    actor.previous?.refresh(actor.policy.network)
    actor.average?.restart(from: actor.policy)
  }

  /// Collects transitions and updates on minibatches in alternating rounds, for one iteration.
  public func iterate() throws(TrainingError) -> IterationReport {
    let firstStep = environmentSteps
    sums = SACMetricSums()
    var times = (environment: UInt64(0), policy: UInt64(0), update: UInt64(0))
    let remaining = horizon.remaining(after: environmentSteps)
    sums.learningRateFactor = configuration.learningRates.value(progressRemaining: remaining)
    search?.remaining = Float(remaining)
    let end = min(environmentSteps + configuration.stepsPerIteration, max(horizon.end, 1))
    var episodes: [FinishedEpisode] = []
    repeat {
      let isRandom = prefilledSteps + environmentSteps < configuration.warmUpSteps
      search?.isWarmingUp = isRandom
      let spent = collector.collect(steps: configuration.stepsPerRound, isRandom: isRandom)
      guard !collector.hasLostPolicy else {
        throw .notFinite(metric: "action", iteration: iterations + 1)
      }
      episodes += collector.finishedEpisodes
      times.environment += spent.environment
      times.policy += spent.policy
      let steps = configuration.stepsPerRound * environment.count
      environmentSteps += steps
      guard prefilledSteps + environmentSteps >= configuration.warmUpSteps else { continue }
      let start = monotonicNanoseconds()
      owedUpdates += Double(steps) * replayRatio
      while owedUpdates >= 1 {
        try update()
        owedUpdates -= 1
      }
      times.update += monotonicNanoseconds() - start
    } while environmentSteps < end
    iterations += 1
    return IterationReport(
      metrics: metrics(steps: environmentSteps - firstStep), environmentTime: times.environment,
      policyTime: times.policy, updateTime: times.update, episodes: episodes)
  }

  private func metrics(steps: Int) -> [Double] {
    let episodes = collector.recentEpisodes
    return [
      episodes.meanReturn, episodes.meanLength, sums.mean(sums.actorLoss, of: sums.policyUpdates),
      sums.mean(sums.criticLoss), sums.mean(sums.temperatureLoss, of: sums.policyUpdates),
      Double(actor.temperature), sums.mean(sums.entropy, of: sums.policyUpdates),
      sums.mean(sums.meanValue), sums.updates > 0 ? sums.greatestValue : .nan,
      valueBias.value, Double(sums.updates) / Double(max(1, steps)),
      sums.mean(sums.policyNorm, of: sums.policyUpdates), sums.mean(sums.criticNorm),
      Double(sums.learningRateFactor), Double(buffer.count),
    ]
      + (actor.previous == nil ? [] : [sums.mean(sums.divergence, of: sums.policyUpdates)])
      + worstCaseMetrics
  }

  public func save(to archive: inout TensorArchive) {
    actor.save(to: &archive)
    for critic in critics { critic.save(to: &archive) }
    buffer.save(to: &archive)
    if prefilledSteps > 0 { archive.set("replay.prefilled", .words([UInt64(prefilledSteps)])) }
    collector.save(to: &archive)
    valueBias.save(to: &archive)
    search?.save(to: &archive)
    streams.save(to: &archive)
    archive.set(
      "progress",
      .words([
        UInt64(environmentSteps), UInt64(iterations), UInt64(updates), UInt64(resets),
        owedUpdates.bitPattern,
      ]))
    archive.setEpisodes(of: environment)
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.words("progress", count: 5)
    let owed = Double(bitPattern: progress[4])
    guard progress.prefix(4).allSatisfy({ $0 < 1 << 62 }), owed >= 0, owed < 1 else {
      throw ArchiveError.invalid(reason: "its step count is impossible")
    }
    try actor.load(from: archive)
    for critic in critics { try critic.load(from: archive) }
    try buffer.load(from: archive)
    try streams.load(from: archive)
    try archive.restoreEpisodes(of: environment)
    try collector.load(from: archive)
    try valueBias.load(from: archive)
    try search?.load(from: archive)
    // Otherwise updates could begin with an empty buffer.
    let prefilled = try archive.prefilledSteps
    guard buffer.added + collector.waitingSteps == prefilled + Int(progress[0]) else {
      throw ArchiveError.invalid(reason: "its replay buffer does not hold the steps it counts")
    }
    (environmentSteps, iterations) = (Int(progress[0]), Int(progress[1]))
    (updates, resets, owedUpdates) = (Int(progress[2]), Int(progress[3]), owed)
    prefilledSteps = prefilled
  }
}

/// The random streams of updates, one for each purpose.
///
/// A class, so that each stream has storage of its own: two threads draw next and present actions at
/// once, and access to a member of a stored structure is access to the whole structure.
final class SACStreams {
  var minibatches: RandomStream
  var nextActions: RandomStream
  var actions: RandomStream
  var targetCritics: RandomStream
  /// Seed of the run, from which resets derive their weights.
  let seed: UInt64

  private static let names = ["minibatches", "next-actions", "policy-actions", "target-critics"]

  init(seed: UInt64) {
    self.seed = seed
    let streams = Self.names.map { RandomStream(seed: seed, name: $0) }
    (minibatches, nextActions, actions, targetCritics) = (
      streams[0], streams[1], streams[2], streams[3]
    )
  }

  private var all: [RandomStream] { [minibatches, nextActions, actions, targetCritics] }

  func save(to archive: inout TensorArchive) {
    for (name, stream) in zip(Self.names, all) { archive.set(stream, named: name) }
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    minibatches = try archive.stream(named: Self.names[0])
    nextActions = try archive.stream(named: Self.names[1])
    actions = try archive.stream(named: Self.names[2])
    targetCritics = try archive.stream(named: Self.names[3])
  }
}

/// Sums of the metrics of one iteration's updates.
struct SACMetricSums {
  private(set) var actorLoss = 0.0
  private(set) var criticLoss = 0.0
  private(set) var temperatureLoss = 0.0
  private(set) var entropy = 0.0
  private(set) var meanValue = 0.0
  private(set) var greatestValue = -Double.infinity
  private(set) var policyNorm = 0.0
  private(set) var divergence = 0.0
  private(set) var criticNorm = 0.0
  private(set) var updates = 0
  private(set) var policyUpdates = 0
  var learningRateFactor: Float = 1

  mutating func add(_ critics: [SACCritic]) {
    var squares: Float = 0
    for critic in critics {
      let share = 1 / Double(critics.count)
      criticLoss += share * Double(critic.loss)
      meanValue += share * Double(critic.meanValue)
      greatestValue = max(greatestValue, Double(critic.greatestValue))
      squares += critic.squaredNorm
    }
    criticNorm += Double(squares.squareRoot())
    updates += 1
  }

  mutating func add(_ actor: SACActor) {
    actorLoss += Double(actor.loss)
    temperatureLoss += Double(actor.temperatureLoss)
    entropy += Double(actor.entropy)
    policyNorm += Double(actor.squaredNorm.squareRoot())
    divergence += Double(actor.previous?.divergence ?? 0)
    policyUpdates += 1
  }

  /// Returns the mean of a sum over all updates or over the given count; NaN if that is 0.
  func mean(_ sum: Double, of count: Int? = nil) -> Double {
    let count = count ?? updates
    return count > 0 ? sum / Double(count) : .nan
  }
}
