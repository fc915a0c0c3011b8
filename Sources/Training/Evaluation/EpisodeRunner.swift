public import LinearAlgebra
public import RLCore

/// Carries one environment of a vector through whole episodes of a policy.
///
/// An episode depends on the policy, the seed and the mode only: `record` shows the very episode
/// that `evaluate` counted.
public final class EpisodeRunner {
  /// What an episode came to.
  public struct Outcome: Sendable, Equatable {
    /// Undiscounted sum of rewards; NaN where an action was not finite.
    public let episodeReturn: Double
    /// Steps.
    public let length: Int
    /// [O]: the last one.
    public let finalObservation: [Float]
  }

  private let policy: any Policy
  private let environment: any BatchedEnvironment
  private let slot: Int
  private let actions: Matrix
  private let observation: Matrix
  private let action: Matrix

  /// Prepares to run episodes.
  ///
  /// - Parameters:
  ///   - policy: What chooses; must not change during an episode.
  ///   - environment: Where.
  ///   - slot: Which environment of the vector.
  ///   - actions: [N × A], shared by the runners of a vector's environments.
  public init(
    _ policy: any Policy, in environment: any BatchedEnvironment, slot: Int, actions: Matrix
  ) {
    precondition(actions.rows == environment.count && slot < environment.count)
    self.policy = policy
    self.environment = environment
    self.slot = slot
    self.actions = actions
    observation = Matrix(rows: 1, columns: environment.specification.observationWidth)
    action = Matrix(rows: 1, columns: environment.specification.actionWidth)
  }

  /// Runs an episode, which ends early where the policy's action is not finite.
  ///
  /// - Parameters:
  ///   - seed: The episode's.
  ///   - mode: Deterministic or stochastic.
  ///   - stepLimit: Steps after which it is left unfinished.
  /// - Returns: What it came to.
  public func run(
    seed: UInt64, mode: ActionMode, stepLimit: Int = .max
  ) -> Outcome {
    let batch = environment.batch
    environment.reset(environment: slot, seed: seed)
    // Controllers remember; none may remember the episode before.
    let actor = policy.makeActor(rows: 1)
    var streams = [RandomStream(seed: seed, name: "evaluation-action")]
    var (steps, sum) = (0, 0.0)
    while steps < stepLimit {
      observation.copyRow(0, from: batch.observations, row: slot)
      actor.act(on: observation, rows: 1, mode: mode, streams: &streams, actions: action)
      // A simulator that is given NaN may never return.
      if (0..<action.columns).contains(where: { !action[0, $0].isFinite }) {
        return Outcome(episodeReturn: .nan, length: steps, finalObservation: row(observation, 0))
      }
      actions.copyRow(slot, from: action, row: 0)
      environment.step(actions: actions, in: slot..<slot + 1)
      steps += 1
      sum += Double(batch.rewards[slot])
      if batch.hasEnded(slot) {
        return Outcome(
          episodeReturn: sum, length: steps, finalObservation: row(batch.finalObservations, slot))
      }
    }
    return Outcome(
      episodeReturn: sum, length: steps, finalObservation: row(batch.observations, slot))
  }

  private func row(_ matrix: Matrix, _ i: Int) -> [Float] {
    (0..<matrix.columns).map { matrix[i, $0] }
  }
}
