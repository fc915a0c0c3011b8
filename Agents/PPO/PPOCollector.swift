internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Training

/// Carries a block of environments through whole rollouts, on whichever thread is free.
///
/// A worker meets no other until the rollout is full: it owns its environments, their rows of the
/// buffer, their random streams and its scratch memory.
final class PPOCollector {
  /// One stream per environment of the block.
  var streams: [RandomStream]
  /// Whether the policy chose NaN in the last rollout, which no environment has seen.
  private(set) var hasLostPolicy = false
  private(set) var finishedEpisodes: [FinishedEpisode] = []
  private(set) var environmentTime: UInt64 = 0
  private(set) var policyTime: UInt64 = 0
  private let range: Range<Int>
  private let environment: any BatchedEnvironment
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let actions: Matrix
  private let workspace: MLP.Workspace
  private let raw: Matrix
  private let normalized: Matrix
  private let sampler: any ActionSampler

  // Reading the clock costs as much as a step of a closed-form environment: sample it.
  private static let clockInterval = 8

  init(
    range: Range<Int>, environment: any BatchedEnvironment, policy: MLPPolicy,
    rollout: RolloutBuffer, actions: Matrix, seed: UInt64
  ) {
    self.range = range
    self.environment = environment
    self.policy = policy
    self.rollout = rollout
    self.actions = actions
    streams = range.map { RandomStream(seed: seed, name: "action-noise", index: $0) }
    workspace = policy.network.makeWorkspace(rows: range.count)
    raw = Matrix(rows: range.count, columns: rollout.observations.columns)
    normalized = Matrix(rows: range.count, columns: rollout.observations.columns)
    sampler = policy.distribution.makeSampler(rows: range.count, drawsPairs: true)
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
        policyTime += (chosen - start) * UInt64(Self.clockInterval)
        environmentTime += (monotonicNanoseconds() - chosen) * UInt64(Self.clockInterval)
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
    policy.normalizer.normalize(raw, rows: rows, into: normalized)
    let output = policy.network.forward(normalized, rows: rows, in: workspace)
    sampler.sample(output, rows: rows, streams: &streams)
    for i in 0..<rows {
      let row = (range.lowerBound + i) * rollout.steps + t
      rollout.observations.copyRow(row, from: raw, row: i)
      rollout.normalizedObservations.copyRow(row, from: normalized, row: i)
      rollout.distributions.copyRow(row, from: output, row: i)
      rollout.actions.copyRow(row, from: sampler.actions, row: i)
    }
    policy.distribution.bound(
      sampler.actions, rows: rows, into: actions, firstRow: range.lowerBound)
    replaceLostActions()
  }

  /// A simulator that is given NaN may never return.
  private func replaceLostActions() {
    for i in range {
      for j in 0..<actions.columns where actions[i, j].isNaN {
        hasLostPolicy = true
        actions[i, j] = 0
      }
    }
  }
}

/// Runs both networks over a full rollout, in parts that different threads may take.
final class PPOBatchEvaluator {
  /// How many parts the rows are split into.
  let parts: Int
  /// V of every bootstrap observation.
  let bootstrapValues: Vector
  private static let chunk = 256
  private let policy: MLPPolicy
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let workspaces: [MLP.Workspace]
  private let normalized: [Matrix]

  init(_ policy: MLPPolicy, _ critic: MLP, _ rollout: RolloutBuffer, parts: Int) {
    self.policy = policy
    self.critic = critic
    self.rollout = rollout
    self.parts = parts
    bootstrapValues = Vector(count: rollout.bootstrapObservations.rows)
    workspaces = (0..<parts).map { _ in critic.makeWorkspace(rows: Self.chunk) }
    normalized = (0..<parts).map { _ in
      Matrix(rows: Self.chunk, columns: rollout.observations.columns)
    }
  }

  /// Values of part `part` of the rows; the first part does the log-probabilities, the last one the
  /// bootstrap observations.
  func evaluate(part: Int) {
    let workspace = workspaces[part]
    let rows = part * rollout.count / parts..<(part + 1) * rollout.count / parts
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.chunk) {
      let count = min(Self.chunk, rows.upperBound - first)
      let values = critic.forward(
        rollout.normalizedObservations, firstRow: first, rows: count, in: workspace)
      for k in 0..<count { rollout.values[first + k] = values[k, 0] }
    }
    if part == parts - 1 { evaluateBootstrap(workspace, normalized[part]) }
    if part == 0 { computeLogProbabilities() }
  }

  private func evaluateBootstrap(_ workspace: MLP.Workspace, _ scratch: Matrix) {
    let observations = rollout.bootstrapObservations
    for first in stride(from: 0, to: observations.rows, by: Self.chunk) {
      let count = min(Self.chunk, observations.rows - first)
      policy.normalizer.normalize(observations, firstRow: first, rows: count, into: scratch)
      let values = critic.forward(scratch, rows: count, in: workspace)
      for k in 0..<count { bootstrapValues[first + k] = values[k, 0] }
    }
  }

  private func computeLogProbabilities() {
    policy.likelihood.logProbabilities(
      of: rollout.actions, outputs: rollout.distributions, rows: rollout.count,
      into: rollout.logProbabilities)
  }
}
