internal import RLCore
public import Robustness
public import Training

extension StoredPolicy {
  /// Evaluates the policy on fresh episodes in which an attack changes what it observes.
  ///
  /// - Parameters:
  ///   - attack: The attack.
  ///   - episodes: Number of episodes, in 1...10,000,000.
  ///   - seed: Seed of the first episode; each later one uses the next.
  ///   - mode: One of the policy's modes; nil for the usual one.
  ///   - threads: Number of threads; nil for one per core. Results don't depend on it.
  /// - Throws: `ConfigurationError` if an argument is not allowed or the policy has no gradient,
  ///   `ThreadError` if the system refuses the threads.
  /// - Returns: The result of every episode, in order of seeds.
  public func evaluate(
    under attack: ObservationAttack, episodes: Int, seed: UInt64 = 0, mode: ActionMode? = nil,
    threads: Int? = nil
  ) throws -> EvaluationResult {
    try check(attack)
    return try evaluate(
      ChangedObservations(policy, under: attack), episodes: episodes, seed: seed, mode: mode,
      threads: threads, didFinish: nil)
  }

  /// Throws an error if the attack can't change what the policy observes.
  public func check(_ attack: ObservationAttack) throws(ConfigurationError) {
    try checkObserves("an attack on observations")
    let space = environment.specification.observationSpace
    if let problem = attack.problem(of: policy, observing: space) {
      throw ConfigurationError(problem)
    }
  }

  /// Computes a lower bound on the mean return of the smoothed policy under any change of its
  /// observations within a budget.
  ///
  /// - Parameters:
  ///   - noise: Standard deviation of the noise that smooths the policy, above 0, in the unit of
  ///     `ObservationAttack.size`; budgets have it too.
  ///   - floor: A return below which no episode can fall, such as 0 if no reward is negative.
  ///   - episodes: Number of episodes with noise, in 20...10,000,000.
  ///   - seed: Seed of the first episode; each later one uses the next.
  ///   - threads: Number of threads; nil for one per core. Results don't depend on it.
  /// - Throws: `ConfigurationError` if an argument is not allowed or an episode fell below the floor,
  ///   `ThreadError` if the system refuses the threads.
  /// - Returns: The certificate and the episodes with noise.
  public func certify(
    noise: Double, floor: Double, episodes: Int, seed: UInt64 = 0, threads: Int? = nil
  ) throws -> (certificate: SmoothingCertificate, episodes: EvaluationResult) {
    try checkCertificate(noise: noise, floor: floor, episodes: episodes)
    let smoothed = ChangedObservations(policy, smoothedBy: Float(noise))
    let result = try evaluate(
      smoothed, episodes: episodes, seed: seed, mode: nil, threads: threads, didFinish: nil)
    if let low = result.returns.first(where: { !($0 >= floor) || !$0.isFinite }) {
      throw ConfigurationError(
        "floor must be a return below which no episode can fall and is \(floor); an episode "
          + "returned \(low)")
    }
    return (SmoothingCertificate(returns: result.returns, noise: noise, floor: floor), result)
  }

  /// Checks the arguments of ``certify(noise:floor:episodes:seed:threads:)``.
  public func checkCertificate(
    noise: Double, floor: Double, episodes: Int
  ) throws(ConfigurationError) {
    try checkObserves("noise on observations")
    guard noise > 0, noise.isFinite else {
      throw ConfigurationError("certify must be above 0 and is \(noise)")
    }
    guard case .box = environment.specification.observationSpace else {
      throw ConfigurationError("certify: observations that are choices can't be smoothed")
    }
    guard episodes >= 20 else {
      throw ConfigurationError("a certificate needs at least 20 episodes, not \(episodes)")
    }
    guard floor.isFinite else { throw ConfigurationError("floor must be a finite number") }
  }

  /// Throws an error if the policy is a planner, which sees the state instead of observations.
  private func checkObserves(_ change: String) throws(ConfigurationError) {
    guard !(policy is PlannerPolicy) else {
      throw ConfigurationError(
        "\(path) plans on the state itself, so that \(change) changes nothing")
    }
  }
}
