internal import Agents
internal import RLCore
public import Training

extension StoredPolicy {
  /// Trains an adversary with new weights against the policy, which does not change.
  ///
  /// Its settings are those of `rarl`'s adversary in the environment's preset, with the strength from
  /// the first step on; it learns in the policy's environment with its parameters and conditions,
  /// from training's seeds.
  ///
  /// - Parameters:
  ///   - steps: Environment steps, rounded up to whole rollouts.
  ///   - seed: Seed of the training.
  ///   - strength: Force as a fraction of the port's bounds, above 0 and at most 1; nil for the
  ///     preset's.
  ///   - threads: Number of threads; nil for one per core. Results don't depend on it.
  ///   - registry: Registry with the environments of the presets.
  ///   - didIterate: Called after each rollout with the steps so far; if it returns false, training
  ///     stops.
  /// - Throws: `ConfigurationError` if an argument is not allowed or there is no disturbance port,
  ///   `TrainingError` if a loss or action is not finite, `ThreadError` if the system refuses the
  ///   threads.
  /// - Returns: The adversary; nil if training was stopped.
  public func trainAdversary(
    steps: Int, seed: UInt64, strength: Double? = nil, threads: Int? = nil,
    registry: Registry = .standard, didIterate: (_ steps: Int) -> Bool = { _ in true }
  ) throws -> Opponent? {
    try checkAdversary(steps: steps, strength: strength)
    let agent = try registry.agent("rarl")
    let configuration = try ConfigurationResolver(
      environment: environment.identifier, parameters: environment.parameters, agent: agent
    ).resolve()
    guard let settings = configuration.settings as? RARLConfiguration else {
      throw ConfigurationError("rarl has other settings in this program")
    }
    let vector = makeVector(configuration.run.environments)
    vector.reset(seeds: .training(runSeed: seed))
    let training = AdversaryTraining(
      against: policy, mode: modes[0], settings: settings.completeAdversary,
      strength: strength.map { Float($0) } ?? settings.strength,
      context: AgentContext(
        environment: vector, pool: try WorkerPool.make(threads: threads), seed: seed,
        totalSteps: steps))
    while training.environmentSteps < steps {
      try training.iterate()
      guard didIterate(training.environmentSteps) else { return nil }
    }
    return training.opponent
  }

  /// Checks the arguments of ``trainAdversary(steps:seed:strength:threads:registry:didIterate:)``.
  public func checkAdversary(
    steps: Int, strength: Double? = nil
  ) throws(ConfigurationError) {
    guard (1...1_000_000_000).contains(steps) else {
      throw ConfigurationError("the adversary's steps must lie in 1...1000000000 and are \(steps)")
    }
    if let strength, !(strength > 0 && strength <= 1) {
      throw ConfigurationError("adversary-strength must lie in 0...1, above 0, and is \(strength)")
    }
    guard !(policy is PlannerPolicy) else {
      throw ConfigurationError(
        "an adversary can't be trained against \(path), which plans on copies of the state; let one "
          + "of a run of rarl, rap or hinf act")
    }
    guard !environment.disturbanceComponents.isEmpty else {
      throw ConfigurationError(
        "\(environment.identifier) has no disturbance by which an adversary could act")
    }
  }

  /// Evaluates the policy on fresh episodes against an adversary.
  ///
  /// - Parameters:
  ///   - opponent: The adversary.
  ///   - episodes: Number of episodes, in 1...10,000,000.
  ///   - seed: Seed of the first episode; each later one uses the next.
  ///   - threads: Number of threads; nil for one per core. Results don't depend on it.
  /// - Throws: `ConfigurationError` if an argument is not allowed or the adversary does not fit,
  ///   `ThreadError` if the system refuses the threads.
  /// - Returns: The result of every episode, in order of seeds.
  public func evaluate(
    against opponent: Opponent, episodes: Int, seed: UInt64 = 0, threads: Int? = nil
  ) throws -> EvaluationResult {
    if let problem = opponent.problem(in: environment) { throw ConfigurationError(problem) }
    var opposed = self
    opposed.opponent = opponent
    return try opposed.evaluate(episodes: episodes, seed: seed, threads: threads)
  }
}
