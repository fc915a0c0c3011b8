package import LinearAlgebra
package import RLCore

/// The random streams of one player in a block of environments, one for each environment.
package final class BlockStreams {
  /// The streams, in order of environments.
  package var streams: [RandomStream]

  /// Creates the streams of a purpose.
  package init(seed: UInt64, name: String, block: Range<Int>) {
    streams = block.map { RandomStream(seed: seed, name: name, index: $0) }
  }
}

/// What becomes of the choices that are made at a seat.
package enum SeatEffect {
  /// They are the actions of the environments, [N × A].
  case acts(Matrix)
  /// They are an adversary's, and reach the environments through a channel.
  case opposes(AdversaryChannel)
}

/// A policy's part in a block of environments, on one thread: it acts there and, if it learns,
/// records its rollout.
package final class RolloutSeat {
  /// Whether the policy chose NaN in the last rollout; such choices do not reach the environment.
  private(set) package var hasLostPolicy = false
  private let role: Role
  private let effect: SeatEffect
  private let streams: BlockStreams
  private let block: Range<Int>
  private let raw: Matrix
  private let choices: Matrix
  /// Environments of the block in which the policy acts, in ascending order.
  private var environments: [Int]
  /// The rollout's index of the first of these environments.
  private var firstIndex: Int
  private var selected: [RandomStream] = []
  private var truncations: [Int]
  /// Number of episodes that have begun in each environment, for a policy that does not learn.
  private var episodes: [Int]

  private enum Role {
    case learner(Learner)
    case frozen(any PolicyActor, ActionMode)
  }

  private struct Learner {
    let rollout: RolloutBuffer
    let actor: any RolloutActor
    let normalizer: ObservationNormalizer
    let normalized: Matrix
    let bootstrapsTerminations: Bool
  }

  /// Creates a seat at which a policy gathers a rollout to learn from.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - rollout: The rollout to record.
  ///   - block: The environments of the block, in all of which the policy acts until
  ///     ``assign(_:firstIndex:)`` says otherwise.
  ///   - streams: Random streams for the policy's choices.
  ///   - choices: A matrix for the choices of all environments of the rollout; the environments'
  ///     actions themselves if the policy acts.
  ///   - effect: What becomes of the choices.
  ///   - bootstrapsTerminations: Whether terminated episodes are recorded as truncated ones.
  package init(
    learner policy: any RolloutPolicy, rollout: RolloutBuffer, block: Range<Int>,
    streams: BlockStreams, choices: Matrix, effect: SeatEffect, bootstrapsTerminations: Bool = false
  ) {
    let width = rollout.observations.columns
    role = .learner(
      Learner(
        rollout: rollout, actor: policy.makeRolloutActor(rows: block.count, rollout: rollout),
        normalizer: policy.normalizer, normalized: Matrix(rows: block.count, columns: width),
        bootstrapsTerminations: bootstrapsTerminations))
    (self.block, self.streams, self.choices, self.effect) = (block, streams, choices, effect)
    raw = Matrix(rows: block.count, columns: width)
    (environments, firstIndex) = (Array(block), block.lowerBound)
    truncations = Array(repeating: 0, count: block.count)
    episodes = truncations
  }

  /// Creates a seat at which a policy acts without being recorded.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - mode: How it chooses.
  ///   - observationWidth: The number O of observation components.
  ///   - choiceWidth: The number of components of a choice.
  ///   - block: The environments of the block.
  ///   - streams: Random streams for the policy's choices.
  ///   - effect: What becomes of the choices.
  package init(
    frozen policy: any Policy, mode: ActionMode = .stochastic, observationWidth: Int,
    choiceWidth: Int, block: Range<Int>, streams: BlockStreams, effect: SeatEffect
  ) {
    role = .frozen(policy.makeActor(rows: block.count), mode)
    (self.block, self.streams, self.effect) = (block, streams, effect)
    raw = Matrix(rows: block.count, columns: observationWidth)
    choices = Matrix(rows: block.count, columns: choiceWidth)
    (environments, firstIndex) = (Array(block), block.lowerBound)
    truncations = Array(repeating: 0, count: block.count)
    episodes = truncations
    for k in environments.indices { beginEpisode(k) }
  }

  /// Tells a policy that does not learn, and may have a memory, that an episode has begun.
  private func beginEpisode(_ k: Int) {
    guard case .frozen(let actor, _) = role else { return }
    let seed = EpisodeSeeds.training(runSeed: 0).seed(
      environment: environments[k], episode: episodes[k])
    actor.beginEpisode(row: k, seed: seed)
    episodes[k] += 1
  }

  /// Has the policy act in some environments of the block only.
  ///
  /// - Parameters:
  ///   - environments: Environments of the block, in ascending order.
  ///   - firstIndex: The index of the first of them in the policy's rollout, where they follow each
  ///     other.
  package func assign(_ environments: [Int], firstIndex: Int) {
    (self.environments, self.firstIndex) = (environments, firstIndex)
  }

  /// Begins a rollout.
  package func begin() {
    hasLostPolicy = false
    for k in truncations.indices { truncations[k] = 0 }
  }

  /// Chooses at the present observations and passes the choices on.
  package func act(step t: Int, batch: StepBatch) {
    guard !environments.isEmpty else { return }
    for (k, i) in environments.enumerated() {
      raw.copyRow(k, from: batch.observations, row: i)
    }
    if environments.count == block.count {
      choose(step: t, streams: &streams.streams)
    } else {
      selected.removeAll(keepingCapacity: true)
      for i in environments { selected.append(streams.streams[i - block.lowerBound]) }
      choose(step: t, streams: &selected)
      for (k, i) in environments.enumerated() {
        streams.streams[i - block.lowerBound] = selected[k]
      }
    }
    let first = firstChoice
    for row in first..<first + environments.count {
      // A simulator may never return if it receives NaN.
      for j in 0..<choices.columns where choices[row, j].isNaN {
        hasLostPolicy = true
        choices[row, j] = 0
      }
    }
    passOn(step: t)
  }

  /// Row of the first choice.
  private var firstChoice: Int {
    if case .learner = role { firstIndex } else { 0 }
  }

  private func choose(step t: Int, streams: inout [RandomStream]) {
    let rows = environments.count
    switch role {
    case .frozen(let actor, let mode):
      actor.act(on: raw, rows: rows, mode: mode, streams: &streams, actions: choices)
    case .learner(let learner):
      learner.normalizer.normalize(raw, rows: rows, into: learner.normalized)
      let block = RolloutBlock(
        rollout: learner.rollout, environments: firstIndex..<firstIndex + rows, step: t)
      learner.actor.act(
        on: learner.normalized, for: block, streams: &streams, actions: choices)
      for k in 0..<rows {
        learner.rollout.observations.copyRow(block.row(k), from: raw, row: k)
        learner.rollout.normalizedObservations.copyRow(
          block.row(k), from: learner.normalized, row: k)
      }
    }
  }

  private func passOn(step t: Int) {
    let first = firstChoice
    switch effect {
    case .acts(let actions):
      guard actions !== choices else { return }
      for (k, i) in environments.enumerated() { actions.copyRow(i, from: choices, row: first + k) }
    case .opposes(let channel):
      for (k, i) in environments.enumerated() {
        // The rollout keeps the policy's own sample: of a random choice, which the policy hardly ever
        // draws, ratios of probabilities would grow without bound.
        channel.explore(using: &streams.streams[i - block.lowerBound], choices, row: first + k)
        channel.apply(choices, row: first + k, to: i, step: t)
      }
    }
  }

  /// Records the results of the step, if the policy learns; if not, it takes note of episodes' ends.
  package func record(step t: Int, batch: StepBatch) {
    guard case .learner(let learner) = role else {
      for (k, i) in environments.enumerated() where batch.hasEnded(i) { beginEpisode(k) }
      return
    }
    let rollout = learner.rollout
    let stride = rollout.truncationsPerEnvironment + 1
    for (k, i) in environments.enumerated() {
      let row = (firstIndex + k) * rollout.steps + t
      let hasEnded = batch.hasEnded(i)
      let isTerminated = batch.hasTerminated(i) && !learner.bootstrapsTerminations
      rollout.rewards[row] = batch.rewards[i]
      rollout.terminated[row] = isTerminated ? 1 : 0
      rollout.episodeEnds[row] = hasEnded ? 1 : 0
      rollout.failed[row] = batch.hasFailed(i) ? 1 : 0
      guard hasEnded, !isTerminated else { continue }
      truncations[k] += 1
      rollout.bootstrapObservations.copyRow(
        (firstIndex + k) * stride + truncations[k], from: batch.finalObservations, row: i)
    }
  }

  /// Records the observations that follow the rollout, if the policy learns.
  package func finish(batch: StepBatch) {
    guard case .learner(let learner) = role else { return }
    let stride = learner.rollout.truncationsPerEnvironment + 1
    for (k, i) in environments.enumerated() {
      learner.rollout.bootstrapObservations.copyRow(
        (firstIndex + k) * stride, from: batch.observations, row: i)
    }
  }
}
