internal import LinearAlgebra
public import RLCore

/// How a policy did, episode by episode, on the raw reward.
public struct EvaluationResult: Sendable, Equatable {
  /// One episode.
  public struct Episode: Sendable, Equatable {
    /// `reset(seed:)` with it starts the same episode.
    public let seed: UInt64
    /// Undiscounted sum of rewards.
    public let episodeReturn: Double
    /// Steps.
    public let length: Int
    /// Whether it succeeded, where the environment says what success is.
    public let isSuccess: Bool?

    /// Gathers what an episode came to.
    public init(seed: UInt64, episodeReturn: Double, length: Int, isSuccess: Bool?) {
      self.seed = seed
      self.episodeReturn = episodeReturn
      self.length = length
      self.isSuccess = isSuccess
    }
  }

  /// Deterministic or stochastic.
  public let mode: ActionMode
  /// In order of their seeds.
  public let episodes: [Episode]

  /// Gathers episodes.
  public init(mode: ActionMode, episodes: [Episode]) {
    self.mode = mode
    self.episodes = episodes
  }

  /// The returns in order.
  public var returns: [Double] { episodes.map(\.episodeReturn) }
  /// Mean return.
  public var mean: Double { returns.reduce(0, +) / Double(episodes.count) }
  /// Standard deviation of the returns over the population.
  public var standardDeviation: Double {
    let mean = mean
    let squares = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(episodes.count)).squareRoot()
  }
  /// Mean length.
  public var meanLength: Double {
    Double(episodes.reduce(0) { $0 + $1.length }) / Double(episodes.count)
  }
  /// Fraction of successes; nil where the environment does not define success.
  public var successRate: Double? {
    let known = episodes.compactMap(\.isSuccess)
    guard known.count == episodes.count, !known.isEmpty else { return nil }
    return Double(known.count { $0 }) / Double(known.count)
  }
  /// Interquartile mean of the returns with its 95 % bootstrap interval.
  public var interquartileMean:
    (estimate: Double, interval: (lowerBound: Double, upperBound: Double))
  {
    Statistics.bootstrap(returns, statistic: Statistics.interquartileMean)
  }
}

/// Runs whole episodes of a policy.
public enum Evaluation {
  /// Runs `episodes` episodes with seeds `firstSeed ..<`, spread over the pool's threads.
  ///
  /// The result depends on the policy, the seeds and the mode only.  An episode in which an
  /// action is not finite ends there, with a return of NaN.
  ///
  /// - Parameters:
  ///   - policy: What to evaluate; must not change meanwhile.
  ///   - makeEnvironment: Makes that many environments.
  ///   - episodes: How many.
  ///   - firstSeed: Below 2⁶³, where training never draws its seeds from.
  ///   - mode: Deterministic or stochastic.
  ///   - pool: The threads to use.
  ///   - isSuccess: Judges an episode by its last observation; nil where success is not defined.
  /// - Returns: Every episode, in order of seeds.
  public static func run(
    _ policy: any Policy, in makeEnvironment: (Int) -> any BatchedEnvironment, episodes: Int,
    firstSeed: UInt64, mode: ActionMode, pool: WorkerPool,
    isSuccess: ((Span<Float>) -> Bool)? = nil
  ) -> EvaluationResult {
    precondition(episodes >= 1 && firstSeed < 1 << 62)
    let slots = min(episodes, 8)
    let environment = makeEnvironment(slots)
    environment.reset(seeds: .consecutive(first: firstSeed, environments: slots))
    let actions = Matrix(rows: slots, columns: environment.specification.actionWidth)
    let workers = (0..<slots).map { slot in
      EvaluationWorker(
        policy, environment, slot: slot,
        seeds: stride(from: slot, to: episodes, by: slots).map { firstSeed + UInt64($0) },
        actions: actions)
    }
    pool.run(slots) { workers[$0].run(mode: mode) }
    let results = (0..<episodes).map { e in
      let outcome = workers[e % slots].outcomes[e / slots]
      return EvaluationResult.Episode(
        seed: firstSeed + UInt64(e), episodeReturn: outcome.episodeReturn, length: outcome.length,
        isSuccess: isSuccess?(outcome.finalObservation.span))
    }
    return EvaluationResult(mode: mode, episodes: results)
  }
}

/// Runs every `slots`-th episode in one environment of the batch.
private final class EvaluationWorker {
  private(set) var outcomes: [EpisodeRunner.Outcome] = []
  private let runner: EpisodeRunner
  private let seeds: [UInt64]

  init(
    _ policy: any Policy, _ environment: any BatchedEnvironment, slot: Int, seeds: [UInt64],
    actions: Matrix
  ) {
    runner = EpisodeRunner(policy, in: environment, slot: slot, actions: actions)
    self.seeds = seeds
  }

  func run(mode: ActionMode) {
    for seed in seeds { outcomes.append(runner.run(seed: seed, mode: mode)) }
  }
}
