public import LinearAlgebra

/// T steps of N environments, gathered with one policy.
///
/// Row `i · T + t` is step t of environment i: each environment's transitions are consecutive, so a
/// worker writes memory of its own and advantages are summed along rows.
public final class RolloutBuffer {
  /// N.
  public let environments: Int
  /// T.
  public let steps: Int
  /// [N·T × O]: observations as the environment returned them.
  public let observations: Matrix
  /// [N·T × O]: the same as the policy saw them.
  public let normalizedObservations: Matrix
  /// [N·T × A]: actions as sampled, before any clipping.
  public let actions: Matrix
  /// [N·T × D]: parameters of the distribution each action was drawn from (means or logits).
  public let distributions: Matrix
  /// [N·T]: log-probability of each action when it was drawn.
  public let logProbabilities: Vector
  /// [N·T]: rewards as the environment returned them.
  public let rewards: Vector
  /// [N·T]: rewards as the critic sees them.
  public let scaledRewards: Vector
  /// [N·T]: 1 where the task ended.
  public let terminated: Vector
  /// [N·T]: 1 where the episode ended, by termination or truncation.
  public let episodeEnds: Vector
  /// [N·T]: V(s).
  public let values: Vector
  /// [N·T]: V(s') of the true successor, 0 where terminated.
  public let nextValues: Vector
  /// [N·T]: advantages.
  public let advantages: Vector
  /// [N·T]: value targets.
  public let returns: Vector
  /// [N·(F+1) × O]: raw observations to bootstrap from; per environment the successor of the last
  /// step and then the last observations of its truncated episodes.
  public let bootstrapObservations: Matrix
  /// F: how many episodes of one environment can be truncated within T steps.
  public let truncationsPerEnvironment: Int

  /// Number of transitions, N·T.
  public var count: Int { environments * steps }

  /// Allocates a buffer; nothing is allocated later.
  ///
  /// - Parameters:
  ///   - environments: N.
  ///   - steps: T.
  ///   - observationWidth: O.
  ///   - actionWidth: A.
  ///   - distributionWidth: D.
  ///   - episodeSteps: Steps after which the time limit truncates an episode.
  ///   - taskChanges: How often a change of task can truncate one besides within T steps.
  public init(
    environments: Int, steps: Int, observationWidth: Int, actionWidth: Int, distributionWidth: Int,
    episodeSteps: Int, taskChanges: Int = 0
  ) {
    self.environments = environments
    self.steps = steps
    let count = environments * steps
    observations = Matrix(rows: count, columns: observationWidth)
    normalizedObservations = Matrix(rows: count, columns: observationWidth)
    actions = Matrix(rows: count, columns: actionWidth)
    distributions = Matrix(rows: count, columns: distributionWidth)
    logProbabilities = Vector(count: count)
    rewards = Vector(count: count)
    scaledRewards = Vector(count: count)
    terminated = Vector(count: count)
    episodeEnds = Vector(count: count)
    values = Vector(count: count)
    nextValues = Vector(count: count)
    advantages = Vector(count: count)
    returns = Vector(count: count)
    truncationsPerEnvironment = steps / episodeSteps + 1 + taskChanges
    bootstrapObservations = Matrix(
      rows: environments * (truncationsPerEnvironment + 1), columns: observationWidth)
  }

  /// Fills `nextValues` from `values` and the values of the bootstrap observations.
  ///
  /// - Parameter bootstrapValues: [≥ N·(F+1)], in the order of ``bootstrapObservations``.
  public func assignNextValues(bootstrapValues: Vector) {
    let stride = truncationsPerEnvironment + 1
    for i in 0..<environments {
      var truncations = 0
      for t in 0..<steps {
        let row = i * steps + t
        if terminated[row] == 1 {
          nextValues[row] = 0
        } else if episodeEnds[row] == 1 {
          truncations += 1
          nextValues[row] = bootstrapValues[i * stride + truncations]
        } else {
          nextValues[row] = t + 1 < steps ? values[row + 1] : bootstrapValues[i * stride]
        }
      }
    }
  }
}
