internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
package import Training

extension SACAgent {
  /// Improves critics, policy and temperature on one minibatch.
  ///
  /// An update has four parallel phases: actions for present and next observations; target values;
  /// critics; policy and target networks.  Each critic is a single task in every phase, so results
  /// do not depend on the number of threads.
  ///
  /// - Throws: `TrainingError.notFinite(metric:iteration:)` if a gradient or the entropy is not
  ///   finite; a bad gradient reaches no weight.
  package func update() throws(TrainingError) {
    resetIfDue()
    let rates = sums.learningRateFactor
    let temperature = actor.temperature
    actor.previous?.refreshIfDue(actor.policy.network, update: updates)
    let improvesPolicy = updates % configuration.policyDelay == 0
    buffer.sample(into: batch, using: &streams.minibatches)
    pool.run(2) { task in
      if task == 0 {
        standardize(batch.nextObservations, into: nextObservations, nextCriticObservations)
        search?.disturbTargets(nextCriticObservations)
        actor.sampleNext(nextObservations, using: &streams.nextActions)
      } else {
        standardize(batch.observations, into: observations, criticObservations)
        if improvesPolicy {
          actor.sampleCurrent(observations, using: &streams.actions)
          search?.join(observations)
        }
      }
    }
    let chosen = chooseTargetCritics()
    evaluateNextActions(chosen)
    computeTargets(chosen, temperature: temperature)
    pool.run(critics.count) { task in
      critics[task].learn(
        observations: criticObservations, actions: batch.actions, targets: targets,
        learningRate: rates * configuration.criticLearningRate)
      guard improvesPolicy else { return }
      if let search {
        search.evaluate(task, critics[task], actions: actor.sample.actions)
      } else {
        critics[task].evaluatePolicy(observations: observations, actions: actor.sample.actions)
      }
    }
    if improvesPolicy, let search { evaluateWorstCase(search, rate: rates) }
    pool.run(critics.count + 1) { task in
      if task > 0 {
        critics[task - 1].followNetwork(rate: configuration.targetRate)
      } else if improvesPolicy {
        actor.learn(
          observations, critics: critics, temperature: temperature,
          learningRate: rates * configuration.policyLearningRate)
        actor.learnTemperature(learningRate: rates * configuration.temperatureLearningRate)
      }
    }
    updates += 1
    try check(improvesPolicy: improvesPolicy)
    sums.add(critics)
    if improvesPolicy { sums.add(actor) }
  }

  /// Evaluates the next actions with the chosen target networks or, if there are none, with every
  /// critic in one pass together with the present actions it will learn from.
  private func evaluateNextActions(_ chosen: [Int]) {
    guard configuration.usesTargetNetworks else {
      return pool.run(critics.count) { task in
        critics[task].evaluateJointly(
          observations: criticObservations, actions: batch.actions,
          nextObservations: nextCriticObservations,
          nextActions: actor.nextSample.actions)
      }
    }
    pool.run(chosen.count) { task in
      critics[chosen[task]].evaluateTarget(
        observations: nextCriticObservations, actions: actor.nextSample.actions)
    }
  }

  private func check(improvesPolicy: Bool) throws(TrainingError) {
    guard critics.allSatisfy(\.squaredNorm.isFinite) else {
      throw .notFinite(metric: "critic-loss", iteration: iterations + 1)
    }
    guard !improvesPolicy || (actor.squaredNorm.isFinite && actor.entropy.isFinite) else {
      throw .notFinite(metric: "actor-loss", iteration: iterations + 1)
    }
  }

  /// Returns the indices of the critics for this update's targets; all of them, without a random
  /// draw, if targets use every critic.
  private func chooseTargetCritics() -> [Int] {
    var indices = Array(0..<critics.count)
    guard configuration.targetCritics < critics.count else { return indices }
    for i in 0..<configuration.targetCritics {
      let j = i + Int(streams.targetCritics.integer(below: UInt32(critics.count - i)))
      indices.swapAt(i, j)
    }
    return Array(indices.prefix(configuration.targetCritics))
  }

  /// Computes targets `y = r + γⁿ (1 − terminated) (min Q̄(s', a') − α logπ(a'|s'))`; with
  /// quantiles, the atoms of all critics are pooled and sorted, and the highest are dropped.
  private func computeTargets(_ chosen: [Int], temperature: Float) {
    let rows = batch.rows
    if configuration.quantiles > 1 {
      for (k, index) in chosen.enumerated() {
        atoms.setColumns(
          from: k * configuration.quantiles, to: critics[index].targetValues, rows: rows)
      }
      QuantileKernels.sortRows(atoms, rows: rows, into: targets)
    } else {
      for (k, index) in chosen.enumerated() {
        let values = critics[index].targetValues
        for i in 0..<rows {
          targets[i, 0] = k == 0 ? values[i, 0] : min(targets[i, 0], values[i, 0])
        }
      }
    }
    for i in 0..<rows {
      let reward = configuration.rewardScale * batch.rewards[i]
      let entropyTerm = temperature * actor.nextSample.logProbabilities[i]
      let discount = batch.bootstrapDiscounts[i]
      for k in 0..<targets.columns {
        targets[i, k] = softTarget(
          reward: reward, discount: discount, nextValue: targets[i, k], entropyTerm: entropyTerm)
      }
    }
  }

  /// Reinitialises actor and critics if a reset is due; the replay buffer is kept.
  private func resetIfDue() {
    guard let interval = configuration.resetEvery, updates > 0, updates % interval == 0 else {
      return
    }
    resets += 1
    var random = RandomStream(seed: streams.seed, name: "reset-weights", index: resets)
    actor.reset(random: &random)
    for critic in critics { critic.reset(random: &random) }
  }
}

/// Returns the target of a critic, `r + γⁿ (1 − terminated) (Q̄(s', a') − α logπ(a'|s'))`.
///
/// - Parameters:
///   - reward: Reward r, discounted over n steps and scaled.
///   - discount: Bootstrap discount γⁿ, or 0 if the episode terminated.
///   - nextValue: Value Q̄(s', a') of the next action.
///   - entropyTerm: Entropy term α logπ(a'|s') of the next action.
/// - Returns: Target y.
package func softTarget(
  reward: Float, discount: Float, nextValue: Float, entropyTerm: Float
) -> Float {
  reward + discount * (nextValue - entropyTerm)
}
