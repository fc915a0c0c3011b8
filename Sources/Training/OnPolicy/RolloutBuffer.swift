public import LinearAlgebra

/// A column of values that a policy records at each step, besides observation and action.
public struct RolloutColumn: Sendable {
  /// Name of the column, such as "outputs".
  public let name: String
  /// Number of values per step.
  public let width: Int

  /// Declares a column.
  public init(_ name: String, width: Int) {
    self.name = name
    self.width = width
  }
}

/// A rollout of T steps in N environments, gathered with one policy.
///
/// Row `i · T + t` is step t of environment i: each environment's transitions are consecutive, so
/// each worker writes to its own part of memory and advantages are summed along rows.
public final class RolloutBuffer {
  /// Number N of environments.
  public let environments: Int
  /// Number T of steps in each environment.
  public let steps: Int
  /// Observations as the environment returned them, [N·T × O].
  public let observations: Matrix
  /// Observations as the policy saw them, normalised, [N·T × O].
  public let normalizedObservations: Matrix
  /// Actions as sampled, before any clipping, [N·T × A].
  public let actions: Matrix
  /// Rewards as the environment returned them, [N·T].
  public let rewards: Vector
  /// Rewards as the critic sees them, after scaling, [N·T].
  public let scaledRewards: Vector
  /// Flags of termination, [N·T]: 1 if the task ended at the step, otherwise 0.
  public let terminated: Vector
  /// Flags of episode ends, [N·T]: 1 if the episode ended at the step, by termination or
  /// truncation, otherwise 0.
  public let episodeEnds: Vector
  /// Flags of failure, [N·T]: 1 if the task ended at the step as a failure, otherwise 0.
  package let failed: Vector
  /// Values V(s), [N·T].
  public let values: Vector
  /// Values V(s') of the true successors, [N·T]; 0 after a termination.
  public let nextValues: Vector
  /// Advantages, [N·T].
  public let advantages: Vector
  /// Value targets, [N·T].
  public let returns: Vector
  /// Raw observations to bootstrap from, [N·(F+1) × O]: for each environment the successor of its
  /// last step, then the last observations of its truncated episodes.
  public let bootstrapObservations: Matrix
  /// Maximum number F of one environment's episodes that can be truncated within T steps.
  public let truncationsPerEnvironment: Int
  private let columns: [String: Matrix]

  /// Number of transitions, N·T.
  public var count: Int { environments * steps }

  /// Allocates a buffer with all of its memory.
  ///
  /// - Parameters:
  ///   - environments: The number N of environments.
  ///   - steps: The number T of steps in each environment.
  ///   - observationWidth: The number O of observation components.
  ///   - actionWidth: The number A of action components.
  ///   - columns: The columns that the policy records in addition.
  ///   - episodeSteps: The number of steps after which the time limit truncates an episode.
  ///   - taskChanges: The maximum number of changes of task within T steps, each of which can
  ///     truncate another episode of an environment.
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
    failed = Vector(count: count)
    values = Vector(count: count)
    nextValues = Vector(count: count)
    advantages = Vector(count: count)
    returns = Vector(count: count)
    truncationsPerEnvironment = steps / episodeSteps + 1 + taskChanges
    bootstrapObservations = Matrix(
      rows: environments * (truncationsPerEnvironment + 1), columns: observationWidth)
  }

  /// Creates a view of the same steps with rewards, values, advantages and value targets of its own.
  package init(sharing other: RolloutBuffer) {
    (environments, steps) = (other.environments, other.steps)
    let count = environments * steps
    (observations, normalizedObservations) = (other.observations, other.normalizedObservations)
    (actions, columns) = (other.actions, other.columns)
    (terminated, episodeEnds, failed) = (other.terminated, other.episodeEnds, other.failed)
    bootstrapObservations = other.bootstrapObservations
    truncationsPerEnvironment = other.truncationsPerEnvironment
    rewards = Vector(count: count)
    scaledRewards = Vector(count: count)
    values = Vector(count: count)
    nextValues = Vector(count: count)
    advantages = Vector(count: count)
    returns = Vector(count: count)
  }

  /// Makes the rollout the opponent's: the exact negative of every reward, raw and scaled.
  package func negateRewards() {
    for row in 0..<count {
      rewards[row] = -rewards[row]
      scaledRewards[row] = -scaledRewards[row]
    }
  }

  /// Returns a column [N·T × width]; nil if it was not declared.
  public func column(_ name: String) -> Matrix? { columns[name] }

  /// The rollout as networks see it: normalised observations, each drawn at most once unless more
  /// are asked for than there are.
  public var experience: NetworkExperience {
    NetworkExperience(rows: count) { [self] inputs, random in
      var order = (0..<Int32(count)).map { $0 }
      random.shuffle(&order)
      for i in 0..<inputs.rows {
        inputs.copyRow(i, from: normalizedObservations, row: Int(order[i % count]))
      }
    }
  }

  /// Returns the mean number of rows in the minibatches of a pass over the rollout, of at most
  /// `capacity` rows each.
  public func meanRows(inMinibatchesOf capacity: Int) -> Double {
    Double(count) / Double((count + capacity - 1) / capacity)
  }

  /// Returns the explained variance `1 − Var(R − V) / Var(R)` of the value targets R, with the
  /// values V from before the update; NaN if R does not vary.
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

  /// Computes ``nextValues`` from ``values`` and the values of the bootstrap observations.
  ///
  /// - Parameter bootstrapValues: Values in the order of ``bootstrapObservations``, [≥ N·(F+1)].
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
