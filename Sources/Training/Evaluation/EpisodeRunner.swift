public import LinearAlgebra
public import RLCore

/// A runner that takes one environment of a batch through whole episodes of a policy.
///
/// An episode depends only on the policy, the seed and the mode, so `record` shows exactly the
/// episode that `evaluate` counted.
public final class EpisodeRunner {
  /// The outcome of an episode.
  public struct Outcome: Sendable, Equatable {
    /// Undiscounted sum of rewards; NaN if an action was not finite.
    public let episodeReturn: Double
    /// Length of the episode, in steps.
    public let length: Int
    /// How the episode ended; left unfinished if an action was not finite.
    public let end: EpisodeEnd
    /// Last observation of the episode, without distortion if the episode ended, [O].
    public let finalObservation: [Float]
  }

  private let policy: any Policy
  private let environment: any BatchedEnvironment
  private let slot: Int
  private let actions: Matrix
  private let observation: Matrix
  private let action: Matrix
  private let opposition: Opposition?
  private let choice: Matrix

  /// Prepares to run episodes.
  ///
  /// - Parameters:
  ///   - policy: The policy that chooses actions; it must not change during an episode.
  ///   - environment: The batch of environments.
  ///   - slot: The index of the runner's environment in the batch.
  ///   - actions: A matrix for actions [N × A], shared by the runners of the batch's environments.
  public convenience init(
    _ policy: any Policy, in environment: any BatchedEnvironment, slot: Int, actions: Matrix
  ) {
    self.init(policy, against: nil, in: environment, slot: slot, actions: actions)
  }

  /// Prepares to run episodes in which an adversary may act, by its most likely choices.
  ///
  /// - Parameters:
  ///   - policy: The policy that chooses actions; it must not change during an episode.
  ///   - opposition: The adversary's part in the batch; nil if there is none.
  ///   - environment: The batch of environments.
  ///   - slot: The index of the runner's environment in the batch.
  ///   - actions: A matrix for actions [N × A], shared by the runners of the batch's environments.
  package init(
    _ policy: any Policy, against opposition: Opposition?, in environment: any BatchedEnvironment,
    slot: Int, actions: Matrix
  ) {
    precondition(actions.rows == environment.count && slot < environment.count)
    self.policy = policy
    self.environment = environment
    self.slot = slot
    self.actions = actions
    observation = Matrix(rows: 1, columns: environment.specification.observationWidth)
    action = Matrix(rows: 1, columns: environment.specification.actionWidth)
    self.opposition = opposition
    choice = Matrix(rows: 1, columns: opposition?.channel.width ?? 1)
  }

  /// Runs an episode, which ends early if the policy's action is not finite.
  ///
  /// - Parameters:
  ///   - seed: The seed of the episode.
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - stepLimit: The number of steps after which the episode is left unfinished.
  /// - Returns: The outcome of the episode.
  public func run(
    seed: UInt64, mode: ActionMode, stepLimit: Int = .max
  ) -> Outcome {
    environment.reset(environment: slot, seed: seed)
    return play(seed: seed, mode: mode, stepLimit: stepLimit) { () throws(Never) in false }
  }

  /// Plays an episode that has just begun, whose steps others may take in the policy's place.
  ///
  /// The policy sees every observation and chooses an action each time, so that its memory and its
  /// random stream do not depend on who takes the steps.
  ///
  /// - Parameters:
  ///   - seed: The seed of the policy's random stream, in an evaluation that of the episode.
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - stepLimit: The number of steps after which the episode is left unfinished.
  ///   - takesStep: A closure called before each step, which may step the environment; returns
  ///     whether it has. If not, the policy's action is taken.
  /// - Throws: The errors of the closure.
  /// - Returns: The outcome of the episode.
  package func play<Failure: Error>(
    seed: UInt64, mode: ActionMode, stepLimit: Int = .max,
    unless takesStep: () throws(Failure) -> Bool
  ) throws(Failure) -> Outcome {
    let batch = environment.batch
    // A new actor: controllers have memory, which must not carry over from the previous episode.
    let actor = policy.makeActor(rows: 1)
    (actor as? any PrivilegedActor)?.begin(
      row: 0, in: environment, slot: slot, seed: seed)
    let opponent = opposition?.opponent.policy.makeActor(rows: 1)
    actor.beginEpisode(row: 0, seed: seed)
    opponent?.beginEpisode(row: 0, seed: seed)
    var streams = [RandomStream(seed: seed, name: "evaluation-action")]
    var (steps, sum) = (0, 0.0)
    while steps < stepLimit {
      observation.copyRow(0, from: batch.observations, row: slot)
      actor.act(on: observation, rows: 1, mode: mode, streams: &streams, actions: action)
      opponent?.act(
        on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: choice)
      if try !takesStep() {
        // A simulator may never return if it receives NaN.
        if !action.isFinite(row: 0) || opponent != nil && !choice.isFinite(row: 0) {
          return Outcome(
            episodeReturn: .nan, length: steps, end: .leftUnfinished,
            finalObservation: row(observation, 0))
        }
        actions.copyRow(slot, from: action, row: 0)
        opposition?.channel.apply(choice, row: 0, to: slot, step: 0)
        environment.step(actions: actions, in: slot..<slot + 1)
      }
      steps += 1
      sum += Double(batch.rewards[slot])
      if let end = batch.end(of: slot) {
        return Outcome(
          episodeReturn: sum, length: steps, end: end,
          finalObservation: row(batch.exactFinalObservations, slot))
      }
    }
    return Outcome(
      episodeReturn: sum, length: steps, end: .leftUnfinished,
      finalObservation: row(batch.observations, slot))
  }

  private func row(_ matrix: Matrix, _ i: Int) -> [Float] {
    (0..<matrix.columns).map { matrix[i, $0] }
  }
}

extension Matrix {
  /// Returns whether all numbers of a row are finite.
  fileprivate func isFinite(row: Int) -> Bool {
    (0..<columns).allSatisfy { self[row, $0].isFinite }
  }
}
