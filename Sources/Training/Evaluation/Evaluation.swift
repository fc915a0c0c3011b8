internal import LinearAlgebra
public import RLCore

/// The results of evaluating a policy, episode by episode, with raw rewards.
public struct EvaluationResult: Sendable, Equatable {
  /// The result of one episode.
  public struct Episode: Sendable, Equatable {
    /// Seed with which `reset(seed:)` starts the same episode.
    public let seed: UInt64
    /// Undiscounted sum of rewards.
    public let episodeReturn: Double
    /// Length of the episode, in steps.
    public let length: Int
    /// Whether the episode succeeded; nil if the environment does not define success.
    public let isSuccess: Bool?

    /// Creates the result of an episode.
    public init(seed: UInt64, episodeReturn: Double, length: Int, isSuccess: Bool?) {
      self.seed = seed
      self.episodeReturn = episodeReturn
      self.length = length
      self.isSuccess = isSuccess
    }
  }

  /// Mode in which actions were chosen.
  public let mode: ActionMode
  /// Results of the episodes, in order of their seeds.
  public let episodes: [Episode]

  /// Creates a result from its episodes.
  public init(mode: ActionMode, episodes: [Episode]) {
    self.mode = mode
    self.episodes = episodes
  }

  /// Returns of the episodes, in order of their seeds.
  public var returns: [Double] { episodes.map(\.episodeReturn) }
  /// Mean return.
  public var mean: Double { returns.reduce(0, +) / Double(episodes.count) }
  /// Population standard deviation of the returns.
  public var standardDeviation: Double {
    let mean = mean
    let squares = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(episodes.count)).squareRoot()
  }
  /// Mean length of the episodes, in steps.
  public var meanLength: Double {
    Double(episodes.reduce(0) { $0 + $1.length }) / Double(episodes.count)
  }
  /// Fraction of successful episodes; nil if the environment does not define success.
  public var successRate: Double? {
    let known = episodes.compactMap(\.isSuccess)
    guard known.count == episodes.count, !known.isEmpty else { return nil }
    return Double(known.count { $0 }) / Double(known.count)
  }
  /// Interquartile mean of the returns, with its 95 % bootstrap interval.
  public var interquartileMean:
    (estimate: Double, interval: (lowerBound: Double, upperBound: Double))
  {
    Statistics.bootstrap(returns, statistic: Statistics.interquartileMean)
  }
}

/// Evaluation of policies over whole episodes.
public enum Evaluation {
  /// Runs episodes with consecutive seeds from `firstSeed` on, spread over the pool's threads.
  ///
  /// The result depends only on the policy, the seeds and the mode.  An episode ends early, with a
  /// return of NaN, if an action is not finite.
  ///
  /// - Parameters:
  ///   - policy: The policy to evaluate; it must not change during the evaluation.
  ///   - makeEnvironment: A closure that creates the given number of environments.
  ///   - episodes: The number of episodes.
  ///   - firstSeed: The first seed, below 2⁶²; training uses seeds from 2⁶³ up.
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - pool: The threads to use.
  ///   - isSuccess: A closure that judges an episode by its last observation; nil if the
  ///     environment does not define success.
  /// - Throws: The error of `makeEnvironment`.
  /// - Returns: The results of all episodes, in order of their seeds.
  public static func run<Failure: Error>(
    _ policy: any Policy, in makeEnvironment: (Int) throws(Failure) -> any BatchedEnvironment,
    episodes: Int, firstSeed: UInt64, mode: ActionMode, pool: WorkerPool,
    isSuccess: ((Span<Float>) -> Bool)? = nil
  ) throws(Failure) -> EvaluationResult {
    precondition(episodes >= 1 && firstSeed < 1 << 62)
    let slots = min(episodes, 8)
    let environment = try makeEnvironment(slots)
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
