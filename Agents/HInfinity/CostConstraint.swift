package import LinearAlgebra
internal import NeuralNetworks
package import RLCore
internal import Storage
package import Training

/// The constraint that costs stay below η times the force, with its critic and dual variable.
///
/// Shapes: N environments, T steps per rollout.  A step's term is `c = η‖d‖ − C`, with the cost
/// `C = max(0, R* − R)` of the reward R; the constraint `E[Σ c] ≥ 0` enters the protagonist's advantage
/// with the weight λ, which grows while the constraint is violated.
///
/// - Source: Long et al. 2024, arXiv:2404.14405, equations of the constrained problem.
/// - Difference from source: a failure costs as if the episode went on without reward.
package final class CostConstraint {
  /// Dual variable λ.
  package var dual: Float
  /// Terms and their values, advantages and targets, beside the protagonist's rollout.
  package let terms: RolloutBuffer
  /// Mean term c of the last rollout, in units of reward.
  package private(set) var meanTerm = 0.0
  /// Mean cost C of the last rollout, in units of reward.
  package private(set) var meanCost = 0.0
  private let settings: HInfinityConfiguration
  private let rollout: RolloutBuffer
  private let critic: MLP
  private let evaluator: RolloutEvaluator
  private let fitting: ValueFitting

  /// Creates a constraint with a new critic.
  init(_ settings: HInfinityConfiguration, protagonist: any RolloutPlayer, seed: UInt64) {
    self.settings = settings
    dual = settings.initialDual
    rollout = protagonist.rollout
    terms = RolloutBuffer(sharing: protagonist.rollout)
    var random = RandomStream(seed: seed, name: "cost-critic")
    critic = MLP(
      onPolicyCritic: settings.protagonist.shared, inputs: rollout.observations.columns,
      random: &random)
    evaluator = RolloutEvaluator(protagonist.rolloutPolicy.normalizer, critic, terms, parts: 2)
    fitting = ValueFitting(
      settings.costFitting, critic: critic, rollout: terms, coefficient: 1,
      rule: .adam(AdamConfiguration(epsilon: 1e-5)), seed: random.next())
  }

  /// The network of the critic.
  var network: NamedNetwork { fitting.named.renamed("cost-critic") }

  /// Computes the terms of the protagonist's rollout.
  ///
  /// - Parameters:
  ///   - sizes: The length of each step's force as a fraction of the port's bound, [N·T].
  ///   - scale: The scale of rewards.
  package func computeTerms(sizes: Vector, scale: Float) {
    // A failed episode goes on without reward: R* a step, from the next step on.
    let discount = settings.protagonist.shared.discount
    let lost = discount * max(0, settings.oracleReward) / (1 - discount)
    var (termSum, costSum) = (0.0, 0.0)
    for row in 0..<rollout.count {
      let cost =
        max(0, settings.oracleReward - rollout.rewards[row])
        + (rollout.failed[row] == 1 ? lost : 0)
      let term = settings.gain * sizes[row] - cost
      termSum += Double(term)
      costSum += Double(cost)
      terms.rewards[row] = term
      terms.scaledRewards[row] = scale * term
    }
    meanTerm = termSum / Double(rollout.count)
    meanCost = costSum / Double(rollout.count)
  }

  /// Makes an adversary's rollout of the same steps the opposite of the terms.
  package func writeOpposite(to other: RolloutBuffer) {
    other.rewards.copy(from: terms.rewards)
    other.scaledRewards.copy(from: terms.scaledRewards)
    other.negateRewards()
  }

  /// Adds the terms' advantages to the protagonist's: `A ← (A + λ A_c) / (1 + λ)`.
  package func weighAdvantages(pool: WorkerPool) {
    pool.run(evaluator.parts) { evaluator.evaluate(part: $0) }
    terms.computeAdvantages(
      bootstrapValues: evaluator.bootstrapValues, settings.protagonist.shared)
    for row in 0..<rollout.count {
      rollout.advantages[row] =
        (rollout.advantages[row] + dual * terms.advantages[row]) / (1 + dual)
    }
  }

  /// Improves the critic and takes a step of the dual variable.
  func improve(learningRate: Float, iteration: Int) throws(TrainingError) {
    fitting.fit(learningRate: learningRate)
    guard fitting.isFinite else {
      throw .notFinite(metric: "cost-value-loss", iteration: iteration)
    }
    stepDual()
  }

  /// Takes a step of the dual variable: `λ ← clip(λ − α mean(c), 0, limit)`.
  package func stepDual() {
    let step = settings.dualLearningRate * Float(meanTerm)
    dual = min(max(0, dual - step), settings.dualLimit)
  }

  /// Mean loss of the critic's last update.
  var valueLoss: Double { fitting.loss }

  func save(to archive: inout TensorArchive) {
    var own = TensorArchive()
    own.set(critic.parameters.parameters)
    own.setFrozenParts(of: critic)
    fitting.save(to: &own)
    own.set("dual", .floats([dual]))
    archive.set(own, under: "constraint")
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    let own = archive.part(under: "constraint")
    try own.read(into: critic.parameters.parameters)
    try own.readFrozenParts(into: critic)
    critic.parametersDidChange()
    try fitting.load(from: own)
    let saved = try own.floats("dual", count: 1)[0]
    guard (0...settings.dualLimit).contains(saved) else {
      throw .invalid(reason: "its dual variable is impossible")
    }
    dual = saved
  }
}
