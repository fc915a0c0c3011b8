package import LinearAlgebra
package import NeuralNetworks
package import RLCore

/// A collector that takes a block of environments through whole rollouts, on any free thread.
///
/// Collectors need no synchronisation until the rollout is full: each owns its environments, their
/// rows of the buffers, their random streams and its seats' scratch memory.
package final class RolloutCollector {
  package private(set) var finishedEpisodes: [FinishedEpisode] = []
  package private(set) var environmentTime: UInt64 = 0
  package private(set) var policyTime: UInt64 = 0
  /// Number of the finished episodes that failed.
  package private(set) var failures = 0
  private let block: Range<Int>
  private let environment: any BatchedEnvironment
  private let actions: Matrix

  // Reading the clock costs as much as a step of a closed-form environment, so it is sampled.
  private static let clockInterval = 8

  /// Creates a collector.
  ///
  /// - Parameters:
  ///   - block: The collector's environments.
  ///   - environment: All environments.
  ///   - actions: The environments' actions, [N × A], which the seats write.
  package init(block: Range<Int>, environment: any BatchedEnvironment, actions: Matrix) {
    self.block = block
    self.environment = environment
    self.actions = actions
    finishedEpisodes.reserveCapacity(1024)
  }

  /// Returns the blocks into which environments are split for the given number of threads.
  ///
  /// Small blocks keep all threads busy to the end, but the environments may be stepped faster in
  /// larger ones, as long as every thread has one.  Results do not depend on the split.
  ///
  /// - Parameters:
  ///   - environments: The number of environments.
  ///   - threads: The number of threads.
  ///   - blockSize: The environments' own ``BatchedEnvironment/blockSize``.
  /// - Returns: Ranges of environments, in order.
  package static func blocks(
    of environments: Int, threads: Int, blockSize: Int = 1
  ) -> [Range<Int>] {
    let share = (environments + threads - 1) / threads
    let size = max(1, environments / (threads * 8), min(share, blockSize))
    return stride(from: 0, to: environments, by: size).map {
      $0..<min($0 + size, environments)
    }
  }

  /// Gathers steps of every environment of the block.
  ///
  /// - Parameters:
  ///   - seats: The policies that act, in this order.
  ///   - steps: The number of steps.
  package func collect(_ seats: [RolloutSeat], steps: Int) {
    finishedEpisodes.removeAll(keepingCapacity: true)
    (environmentTime, policyTime, failures) = (0, 0, 0)
    let batch = environment.batch
    for seat in seats { seat.begin() }
    for t in 0..<steps {
      let isTimed = t % Self.clockInterval == 0
      let start = isTimed ? monotonicNanoseconds() : 0
      for seat in seats { seat.act(step: t, batch: batch) }
      let chosen = isTimed ? monotonicNanoseconds() : 0
      environment.step(actions: actions, in: block)
      if isTimed {
        let steps = UInt64(min(Self.clockInterval, steps - t))
        policyTime += (chosen - start) * steps
        environmentTime += (monotonicNanoseconds() - chosen) * steps
      }
      for seat in seats { seat.record(step: t, batch: batch) }
      for i in block where batch.hasEnded(i) {
        if batch.hasFailed(i) { failures += 1 }
        finishedEpisodes.append(
          FinishedEpisode(
            step: t, environment: i, episodeReturn: batch.episodeReturn(i),
            length: batch.episodeLength(i)))
      }
    }
    for seat in seats { seat.finish(batch: batch) }
  }
}

/// Computes the values of a full rollout, in parts that may run on different threads.
package final class RolloutEvaluator {
  /// Number of parts into which the rows are split.
  package let parts: Int
  /// Value V of each bootstrap observation.
  package let bootstrapValues: Vector
  private static let chunk = 256
  private let normalizer: ObservationNormalizer
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let workspaces: [MLP.Workspace]
  private let normalized: Matrix

  /// Creates an evaluator of a rollout with a critic of normalised observations.
  package init(
    _ normalizer: ObservationNormalizer, _ critic: MLP, _ rollout: RolloutBuffer, parts: Int
  ) {
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
  package func evaluate(part: Int) {
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
