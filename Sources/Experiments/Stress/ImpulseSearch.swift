internal import RLCore
internal import Robustness
public import Training

/// The largest impulse that a policy survives, found by bisection.
public struct ImpulseSearch: Sendable, Equatable {
  /// A magnitude that was tried.
  public struct Trial: Sendable, Equatable {
    /// Size of the impulse, as a fraction of the port's bounds.
    public let magnitude: Double
    /// Share of the episodes that survived it.
    public let survival: Double
  }

  /// Largest magnitude that was survived, in 0...1; nil if not even episodes without a push do.
  public let magnitude: Double?
  /// All magnitudes that were tried, in this order.
  public let trials: [Trial]

  /// Halvings of the interval: the result is exact to 1/128 of the bound.
  static let halvings = 7
}

extension StoredPolicy {
  /// Searches for the largest impulse that enough episodes survive.
  ///
  /// Every episode is pushed once, in a random direction from a random step on, the same for all
  /// magnitudes.  It survives unless the task ends it with a failure or, if no task's end is one, its
  /// return falls below that of the same episode without a push by more than half of its size.
  ///
  /// - Parameters:
  ///   - steps: Length of the impulse.
  ///   - share: Share of the episodes that must survive, above 0 and at most 1.
  ///   - episodes: Number of episodes of each magnitude.
  ///   - seed: Seed of the first episode; each later one uses the next.
  ///   - threads: Number of threads; nil for one per core. Results don't depend on it.
  ///   - didTry: Called with each magnitude that was tried; if it returns false, the search ends.
  /// - Throws: `ConfigurationError` if an argument is not allowed, nothing can be pushed, or impulses
  ///   are among the policy's perturbations; `ThreadError` if the system refuses the threads.
  /// - Returns: The result; survival is not always monotonous, so there may be larger impulses that
  ///   are survived.
  public func searchImpulse(
    steps: Int, share: Double = 0.9, episodes: Int, seed: UInt64 = 0, threads: Int? = nil,
    didTry: (ImpulseSearch.Trial) -> Bool = { _ in true }
  ) throws -> ImpulseSearch {
    try checkImpulse(steps: steps, share: share)
    let canFail = environment.specification.ends.contains { $0.meaning.isSuccess == false }
    let calm = try evaluate(episodes: episodes, seed: seed, threads: threads)
    func survival(_ magnitude: Double) throws -> Double {
      let pushed = try pushed(magnitude, steps: steps)
      let result =
        magnitude == 0
        ? calm : try pushed.evaluate(episodes: episodes, seed: seed, threads: threads)
      let survivors = zip(calm.episodes, result.episodes).count { before, after in
        canFail
          ? !after.end.isFailure && after.episodeReturn.isFinite
          : after.episodeReturn >= before.episodeReturn - abs(before.episodeReturn) / 2
      }
      return Double(survivors) / Double(episodes)
    }
    var trials: [ImpulseSearch.Trial] = []
    func survives(_ magnitude: Double) throws -> Bool? {
      let trial = ImpulseSearch.Trial(magnitude: magnitude, survival: try survival(magnitude))
      trials.append(trial)
      return didTry(trial) ? trial.survival >= share : nil
    }
    guard try survives(0) == true else { return ImpulseSearch(magnitude: nil, trials: trials) }
    if try survives(1) == true { return ImpulseSearch(magnitude: 1, trials: trials) }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<ImpulseSearch.halvings {
      let middle = (low + high) / 2
      guard let isSurvived = try survives(middle) else { break }
      if isSurvived { low = middle } else { high = middle }
    }
    return ImpulseSearch(magnitude: low, trials: trials)
  }

  /// Checks the arguments of ``searchImpulse(steps:share:episodes:seed:threads:didTry:)``.
  public func checkImpulse(steps: Int, share: Double = 0.9) throws(ConfigurationError) {
    guard share > 0, share <= 1 else {
      throw ConfigurationError("survival must lie in 0...1, above 0, and is \(share)")
    }
    guard steps > 0 else {
      throw ConfigurationError("the impulse's steps must be at least 1 and are \(steps)")
    }
    _ = try pushed(1, steps: steps)
  }

  private func pushed(_ magnitude: Double, steps: Int) throws(ConfigurationError) -> StoredPolicy {
    var pushed = self
    let parts = conditions.perturbations.parts + ["push=impulse:\(magnitude):\(steps)"]
    try pushed.perturb(Perturbations(parsing: parts.joined(separator: ","), origin: "--impulse"))
    return pushed
  }
}
