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
  public var interquartileMean: (estimate: Double, interval: ClosedRange<Double>) {
    Statistics.bootstrap(returns, statistic: Statistics.interquartileMean)
  }
}

/// Runs whole episodes of a policy.
public enum Evaluation {
  /// Runs `episodes` episodes with seeds `firstSeed ..<`, spread over the pool's threads.
  ///
  /// The result depends on the policy, the seeds and the mode only.  An episode in which the policy
  /// chooses NaN ends there, with a return of NaN.
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
    let workers = (0..<slots).map { slot in
      EvaluationWorker(
        policy, environment, slot: slot,
        seeds: stride(from: slot, to: episodes, by: slots).map { firstSeed + UInt64($0) })
    }
    let actions = Matrix(rows: slots, columns: environment.specification.actionWidth)
    pool.run(slots) { workers[$0].run(mode: mode, actions: actions) }
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
  struct Outcome {
    let episodeReturn: Double
    let length: Int
    let finalObservation: [Float]
  }

  private(set) var outcomes: [Outcome] = []
  private let policy: any Policy
  private let environment: any BatchedEnvironment
  private let slot: Int
  private let seeds: [UInt64]
  private let observation: Matrix
  private let action: Matrix

  init(_ policy: any Policy, _ environment: any BatchedEnvironment, slot: Int, seeds: [UInt64]) {
    self.policy = policy
    self.environment = environment
    self.slot = slot
    self.seeds = seeds
    observation = Matrix(rows: 1, columns: environment.specification.observationWidth)
    action = Matrix(rows: 1, columns: environment.specification.actionWidth)
  }

  func run(mode: ActionMode, actions: Matrix) {
    let batch = environment.batch
    for seed in seeds {
      environment.reset(environment: slot, seed: seed)
      // Controllers remember; none may remember the episode before.
      let actor = policy.makeActor(rows: 1)
      var streams = [RandomStream(seed: seed, name: "evaluation-action")]
      var (steps, isLost) = (0, false)
      repeat {
        observation.copyRow(0, from: batch.observations, row: slot)
        actor.act(on: observation, rows: 1, mode: mode, streams: &streams, actions: action)
        // A simulator that is given NaN may never return.
        isLost = (0..<action.columns).contains { action[0, $0].isNaN }
        if isLost { break }
        steps += 1
        actions.copyRow(slot, from: action, row: 0)
        environment.step(actions: actions, in: slot..<slot + 1)
      } while !batch.hasEnded(slot)
      guard !isLost else {
        outcomes.append(
          Outcome(
            episodeReturn: .nan, length: steps,
            finalObservation: (0..<observation.columns).map { observation[0, $0] }))
        continue
      }
      outcomes.append(
        Outcome(
          episodeReturn: batch.episodeReturn(slot), length: batch.episodeLength(slot),
          finalObservation: (0..<observation.columns).map { batch.finalObservations[slot, $0] }))
    }
  }
}
