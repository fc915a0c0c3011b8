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
    /// How the episode ended.
    public let end: EpisodeEnd
    /// Whether the episode succeeded; nil if the environment does not define success.
    public let isSuccess: Bool?

    /// Creates the result of an episode.
    public init(
      seed: UInt64, episodeReturn: Double, length: Int, end: EpisodeEnd, isSuccess: Bool?
    ) {
      self.seed = seed
      self.episodeReturn = episodeReturn
      self.length = length
      self.end = end
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
  /// 95 % interval of the mean over episodes of this policy; nil if it can't be known from so few.
  ///
  /// It says nothing of other policies that the same training with other seeds would yield.
  public var meanInterval: Interval? { Statistics.meanInterval(returns) }
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
  /// Number of successful episodes; nil if the environment does not define success.
  public var successes: Int? {
    let known = episodes.compactMap(\.isSuccess)
    return known.count == episodes.count && !known.isEmpty ? known.count { $0 } : nil
  }
  /// Fraction of successful episodes; nil if the environment does not define success.
  public var successRate: Double? { successes.map { Double($0) / Double(episodes.count) } }
  /// 95 % interval of the probability of success; nil if success is not defined or there is only one
  /// episode.
  public var successInterval: Interval? {
    successes.flatMap { Statistics.probabilityInterval(successes: $0, trials: episodes.count) }
  }

  /// Returns the fraction of episodes of which something is true.
  public func share(where condition: (Episode) -> Bool) -> Double {
    Double(episodes.count(where: condition)) / Double(episodes.count)
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
  ///   - opponent: An adversary that acts against it; nil for none.
  ///   - makeEnvironment: A closure that creates the given number of environments.
  ///   - episodes: The number of episodes.
  ///   - firstSeed: The first seed, below 2⁶²; training uses seeds from 2⁶³ up.
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - pool: The threads to use.
  ///   - didFinish: A closure called after each episode, on the thread that ran it.
  ///   - isSuccess: A closure that judges an episode by its end and its last observation, or returns
  ///     nil if the environment does not define success.
  /// - Throws: The error of `makeEnvironment`.
  /// - Returns: The results of all episodes, in order of their seeds.
  public static func run<Failure: Error>(
    _ policy: any Policy, against opponent: Opponent? = nil,
    in makeEnvironment: (Int) throws(Failure) -> any BatchedEnvironment,
    episodes: Int, firstSeed: UInt64, mode: ActionMode, pool: WorkerPool,
    didFinish: (@Sendable () -> Void)? = nil,
    isSuccess: (EpisodeEnd, Span<Float>) -> Bool? = { _, _ in nil }
  ) throws(Failure) -> EvaluationResult {
    precondition(episodes >= 1 && firstSeed < 1 << 62)
    let first = try makeEnvironment(1)
    // Environments that are best stepped together are in one block for each thread.  The others are
    // alone, in more blocks than threads, so that none waits long for the others in the end.
    let blocks = min(episodes, first.blockSize > 1 ? pool.threads : 8)
    let size = min((episodes + blocks - 1) / blocks, first.blockSize)
    var workers: [EvaluationWorker] = []
    for block in 0..<blocks {
      let environment = block == 0 && size == 1 ? first : try makeEnvironment(size)
      let seeds = stride(from: block, to: episodes, by: blocks).map { firstSeed + UInt64($0) }
      workers.append(EvaluationWorker(policy, opponent, environment, seeds: seeds))
    }
    pool.run(blocks) { workers[$0].run(mode: mode, didFinish: didFinish) }
    let results = (0..<episodes).map { e in
      guard let outcome = workers[e % blocks].outcomes[e / blocks] else {
        preconditionFailure("episode \(e) was not played")
      }
      return EvaluationResult.Episode(
        seed: firstSeed + UInt64(e), episodeReturn: outcome.episodeReturn, length: outcome.length,
        end: outcome.end, isSuccess: isSuccess(outcome.end, outcome.finalObservation.span))
    }
    return EvaluationResult(mode: mode, episodes: results)
  }
}

/// Runs the episodes of some seeds in a block of environments.
private final class EvaluationWorker {
  /// Outcomes in order of the seeds; nil until an episode has ended.
  private(set) var outcomes: [EpisodeRunner.Outcome?]
  private let episodes: EpisodeBatch
  private let seeds: [UInt64]

  init(
    _ policy: any Policy, _ opponent: Opponent?, _ environment: any BatchedEnvironment,
    seeds: [UInt64]
  ) {
    episodes = EpisodeBatch(policy, against: opponent, in: environment)
    outcomes = seeds.map { _ in nil }
    self.seeds = seeds
  }

  func run(mode: ActionMode, didFinish: (() -> Void)?) {
    var begun = 0
    episodes.run(mode: mode) {
      guard begun < seeds.count else { return nil }
      begun += 1
      return EpisodeBatch.Entry(number: begun - 1, seed: seeds[begun - 1], parameters: [])
    } didEnd: { number, outcome in
      outcomes[number] = outcome
      didFinish?()
    } shouldStop: { _ in
      false
    }
  }
}
