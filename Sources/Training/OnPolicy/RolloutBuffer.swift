public import LinearAlgebra

/// What a policy notes of each step of a rollout besides observation and action.
public struct RolloutColumn: Sendable {
  /// For example "outputs".
  public let name: String
  /// Numbers per step.
  public let width: Int

  /// Declares a column.
  public init(_ name: String, width: Int) {
    self.name = name
    self.width = width
  }
}

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
  private let columns: [String: Matrix]

  /// Number of transitions, N·T.
  public var count: Int { environments * steps }

  /// Allocates a buffer; nothing is allocated later.
  ///
  /// - Parameters:
  ///   - environments: N.
  ///   - steps: T.
  ///   - observationWidth: O.
  ///   - actionWidth: A.
  ///   - columns: What the policy notes besides.
  ///   - episodeSteps: Steps after which the time limit truncates an episode.
  ///   - taskChanges: How often a change of task can truncate one besides within T steps.
  public init(
    environments: Int, steps: Int, observationWidth: Int, actionWidth: Int,
    columns: [RolloutColumn] = [], episodeSteps: Int, taskChanges: Int = 0
  ) {
    self.environments = environments
    self.steps = steps
    let count = environments * steps
    observations = Matrix(rows: count, columns: observationWidth)
    normalizedObservations = Matrix(rows: count, columns: observationWidth)
    actions = Matrix(rows: count, columns: actionWidth)
    self.columns = Dictionary(
      uniqueKeysWithValues: columns.map { ($0.name, Matrix(rows: count, columns: $0.width)) })
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

  /// A column [N·T × width]; nil if it was not declared.
  public func column(_ name: String) -> Matrix? { columns[name] }

  /// `1 − Var(R − V) / Var(R)`, with the values of the critic that gathered the rollout.
  public func explainedVariance() -> Double {
    var (sum, squares, errorSum, errorSquares) = (0.0, 0.0, 0.0, 0.0)
    for row in 0..<count {
      let target = Double(returns[row])
      let error = target - Double(values[row])
      sum += target
      squares += target * target
      errorSum += error
      errorSquares += error * error
    }
    let count = Double(count)
    let variance = squares / count - (sum / count) * (sum / count)
    let errorVariance = errorSquares / count - (errorSum / count) * (errorSum / count)
    return variance > 0 ? 1 - errorVariance / variance : .nan
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
