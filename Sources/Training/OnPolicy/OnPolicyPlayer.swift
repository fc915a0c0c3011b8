package import LinearAlgebra
package import NeuralNetworks
package import RLCore
package import Storage

/// A policy that learns on-policy, with its critic and its rollouts, whatever its method.
package protocol RolloutPlayer: AnyObject {
  /// The policy.
  var rolloutPolicy: any RolloutPolicy { get }
  /// The rollout that is gathered and learnt from.
  var rollout: RolloutBuffer { get }
  /// Names of the metrics of an update.
  var metricNames: [String] { get }
  /// The player's networks.
  var networks: [NamedNetwork] { get }

  /// Computes values, advantages and value targets of a rollout whose rewards are scaled.
  func evaluate(pool: WorkerPool)
  /// Improves policy and critic on an evaluated rollout, whose observations then join the
  /// normaliser's.
  ///
  /// - Returns: One value for each of ``metricNames``.
  func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double]
  /// Writes policy, critic and the method's state.
  func save(to archive: inout TensorArchive)
  /// Restores what ``save(to:)`` wrote.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// A player of one method.
package final class OnPolicyPlayer<Method: OnPolicyMethod>: RolloutPlayer {
  package let learntPolicy: Method.LearntPolicy
  package let rollout: RolloutBuffer
  private let settings: OnPolicySettings
  private let critic: MLP
  private let method: Method
  private let evaluator: RolloutEvaluator

  package var rolloutPolicy: any RolloutPolicy { learntPolicy }
  package var metricNames: [String] { method.metricNames }
  package var networks: [NamedNetwork] { method.networks }

  /// Creates a player with new weights.
  ///
  /// - Parameters:
  ///   - configuration: Settings that have passed their own check.
  ///   - specification: Observations and actions of the player.
  ///   - environments: The number of environments in a rollout.
  ///   - episodeSteps: The fewest steps of an episode whose end is bootstrapped.
  ///   - taskChanges: The maximum number of changes of task within a rollout.
  ///   - seed: The seed of weights and minibatches.
  package init(
    _ configuration: Method.Configuration, specification: EnvironmentSpecification,
    environments: Int, episodeSteps: Int, taskChanges: Int, seed: UInt64
  ) {
    let shared = configuration.shared
    settings = shared
    var initial = RandomStream(seed: seed, name: "initial-weights")
    let policy = Method.makePolicy(configuration, specification: specification, random: &initial)
    learntPolicy = policy
    critic = MLP(onPolicyCritic: shared, inputs: specification.observationWidth, random: &initial)
    rollout = RolloutBuffer(
      environments: environments, steps: shared.stepsPerRollout,
      observationWidth: specification.observationWidth, actionWidth: specification.actionWidth,
      columns: Method.columns(configuration, policy: policy), episodeSteps: episodeSteps,
      taskChanges: taskChanges)
    method = Method(configuration, policy: policy, critic: critic, rollout: rollout, seed: seed)
    evaluator = RolloutEvaluator(policy.normalizer, critic, rollout, parts: 2)
  }

  package func evaluate(pool: WorkerPool) {
    pool.run(evaluator.parts) { part in
      evaluator.evaluate(part: part)
      method.prepare(part: part, of: evaluator.parts)
    }
    rollout.computeAdvantages(bootstrapValues: evaluator.bootstrapValues, settings)
  }

  package func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    let metrics = try method.improve(
      pool: pool, progressRemaining: progressRemaining, iteration: iteration)
    learntPolicy.normalizer.update(with: rollout.observations, rows: rollout.count)
    return metrics
  }

  package func save(to archive: inout TensorArchive) {
    learntPolicy.save(to: &archive)
    archive.set(critic.parameters.parameters)
    archive.setFrozenParts(of: critic)
    method.save(to: &archive)
  }

  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try learntPolicy.load(from: archive)
    try archive.read(into: critic.parameters.parameters)
    try archive.readFrozenParts(into: critic)
    critic.parametersDidChange()
    try method.load(from: archive)
  }
}

extension MLP {
  /// Creates a critic with new weights from the settings that on-policy methods share.
  package convenience init(
    onPolicyCritic settings: OnPolicySettings, inputs: Int, random: inout RandomStream
  ) {
    self.init(
      name: "critic",
      architecture: MLPArchitecture(
        inputs: inputs, hidden: settings.criticHidden, outputs: 1, activation: settings.activation,
        usesLayerNorm: settings.layerNorm),
      initializer: .orthogonal(hiddenGain: Float(2).squareRoot(), outputGain: 1), random: &random)
  }
}

extension RolloutBuffer {
  /// Computes next values, advantages and value targets from the values and scaled rewards.
  package func computeAdvantages(bootstrapValues: Vector, _ settings: OnPolicySettings) {
    assignNextValues(bootstrapValues: bootstrapValues)
    for i in 0..<environments {
      generalizedAdvantages(
        in: i * steps..<(i + 1) * steps, rewards: scaledRewards, values: values,
        nextValues: nextValues, episodeEnds: episodeEnds, discount: settings.discount,
        lambda: settings.gaeLambda, advantages: advantages, returns: returns)
    }
  }
}
