internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore

/// A collector that takes a block of environments through whole rollouts, on any free thread.
///
/// Collectors need no synchronisation until the rollout is full: each owns its environments, their
/// rows of the buffer, their random streams and its scratch memory.
final class RolloutCollector {
  /// Random streams for action noise, one for each environment of the block.
  var streams: [RandomStream]
  /// Whether the policy chose NaN in the last rollout; such actions do not reach the environment.
  private(set) var hasLostPolicy = false
  private(set) var finishedEpisodes: [FinishedEpisode] = []
  private(set) var environmentTime: UInt64 = 0
  private(set) var policyTime: UInt64 = 0
  private let range: Range<Int>
  private let environment: any BatchedEnvironment
  private let normalizer: ObservationNormalizer
  private let actor: any RolloutActor
  private let rollout: RolloutBuffer
  private let actions: Matrix
  private let raw: Matrix
  private let normalized: Matrix

  // Reading the clock costs as much as a step of a closed-form environment, so it is sampled.
  private static let clockInterval = 8

  init(
    range: Range<Int>, environment: any BatchedEnvironment, policy: any RolloutPolicy,
    rollout: RolloutBuffer, actions: Matrix, seed: UInt64
  ) {
    self.range = range
    self.environment = environment
    self.rollout = rollout
    self.actions = actions
    normalizer = policy.normalizer
    actor = policy.makeRolloutActor(rows: range.count, rollout: rollout)
    streams = range.map { RandomStream(seed: seed, name: "action-noise", index: $0) }
    raw = Matrix(rows: range.count, columns: rollout.observations.columns)
    normalized = Matrix(rows: range.count, columns: rollout.observations.columns)
    finishedEpisodes.reserveCapacity(1024)
  }

  /// Gathers T steps of every environment of the block.
  func collect() {
    finishedEpisodes.removeAll(keepingCapacity: true)
    (environmentTime, policyTime) = (0, 0)
    hasLostPolicy = false
    let firstBootstrap = rollout.truncationsPerEnvironment + 1
    var truncations = [Int](repeating: 0, count: range.count)
    let batch = environment.batch
    for t in 0..<rollout.steps {
      let isTimed = t % Self.clockInterval == 0
      let start = isTimed ? monotonicNanoseconds() : 0
      chooseActions(step: t)
      let chosen = isTimed ? monotonicNanoseconds() : 0
      environment.step(actions: actions, in: range)
      if isTimed {
        let steps = UInt64(min(Self.clockInterval, rollout.steps - t))
        policyTime += (chosen - start) * steps
        environmentTime += (monotonicNanoseconds() - chosen) * steps
      }
      for i in range {
        let row = i * rollout.steps + t
        rollout.rewards[row] = batch.rewards[i]
        let hasEnded = batch.hasEnded(i)
        rollout.terminated[row] = batch.hasTerminated(i) ? 1 : 0
        rollout.episodeEnds[row] = hasEnded ? 1 : 0
        guard hasEnded else { continue }
        finishedEpisodes.append(
          FinishedEpisode(
            step: t, environment: i, episodeReturn: batch.episodeReturn(i),
            length: batch.episodeLength(i)))
        guard !batch.hasTerminated(i) else { continue }
        truncations[i - range.lowerBound] += 1
        rollout.bootstrapObservations.copyRow(
          i * firstBootstrap + truncations[i - range.lowerBound], from: batch.finalObservations,
          row: i)
      }
    }
    for i in range {
      rollout.bootstrapObservations.copyRow(i * firstBootstrap, from: batch.observations, row: i)
    }
  }

  private func chooseActions(step t: Int) {
    let batch = environment.batch
    let rows = range.count
    for i in 0..<rows {
      raw.copyRow(i, from: batch.observations, row: range.lowerBound + i)
    }
    normalizer.normalize(raw, rows: rows, into: normalized)
    let block = RolloutBlock(rollout: rollout, environments: range, step: t)
    actor.act(on: normalized, for: block, streams: &streams, actions: actions)
    for i in 0..<rows {
      rollout.observations.copyRow(block.row(i), from: raw, row: i)
      rollout.normalizedObservations.copyRow(block.row(i), from: normalized, row: i)
    }
    for i in range {
      // A simulator may never return if it receives NaN.
      for j in 0..<actions.columns where actions[i, j].isNaN {
        hasLostPolicy = true
        actions[i, j] = 0
      }
    }
  }
}

/// Computes the values of a full rollout, in parts that may run on different threads.
final class RolloutEvaluator {
  /// Number of parts into which the rows are split.
  let parts: Int
  /// Value V of each bootstrap observation.
  let bootstrapValues: Vector
  private static let chunk = 256
  private let normalizer: ObservationNormalizer
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let workspaces: [MLP.Workspace]
  private let normalized: Matrix

  init(_ normalizer: ObservationNormalizer, _ critic: MLP, _ rollout: RolloutBuffer, parts: Int) {
    self.normalizer = normalizer
    self.critic = critic
    self.rollout = rollout
    self.parts = parts
    bootstrapValues = Vector(count: rollout.bootstrapObservations.rows)
    workspaces = (0..<parts).map { _ in critic.makeWorkspace(rows: Self.chunk) }
    normalized = Matrix(rows: Self.chunk, columns: rollout.observations.columns)
  }

  /// Computes the values of one part of the rows; the last part includes the bootstrap
  /// observations.
  func evaluate(part: Int) {
    let workspace = workspaces[part]
    let rows = part * rollout.count / parts..<(part + 1) * rollout.count / parts
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.chunk) {
      let count = min(Self.chunk, rows.upperBound - first)
      let values = critic.forward(
        rollout.normalizedObservations, firstRow: first, rows: count, in: workspace)
      for k in 0..<count { rollout.values[first + k] = values[k, 0] }
    }
    guard part == parts - 1 else { return }
    let observations = rollout.bootstrapObservations
    for first in stride(from: 0, to: observations.rows, by: Self.chunk) {
      let count = min(Self.chunk, observations.rows - first)
      normalizer.normalize(observations, firstRow: first, rows: count, into: normalized)
      let values = critic.forward(normalized, rows: count, in: workspace)
      for k in 0..<count { bootstrapValues[first + k] = values[k, 0] }
    }
  }
}
