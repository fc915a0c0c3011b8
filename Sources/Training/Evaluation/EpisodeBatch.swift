internal import LinearAlgebra
package import RLCore

/// A runner that takes all environments of a batch through whole episodes, one queued episode after
/// another, and chooses the actions of all of them at once.
///
/// The outcome of an episode is that of ``EpisodeRunner``, bit for bit: it depends neither on its
/// environment nor on the episodes beside it.
package final class EpisodeBatch {
  /// An episode that waits for an environment.
  package struct Entry {
    /// Number by which the caller knows the episode.
    package var number: Int
    /// Seed of the episode.
    package var seed: UInt64
    /// Physical parameters of the episode; the same names in all episodes of a batch.
    package var parameters: [ParameterValue]

    /// Creates an entry of the queue.
    package init(number: Int, seed: UInt64, parameters: [ParameterValue]) {
      (self.number, self.seed, self.parameters) = (number, seed, parameters)
    }
  }

  /// The running episode of one environment.
  private struct Slot {
    /// Number of the episode; nil if none runs.
    var number: Int?
    var steps = 0
    var sum = 0.0
    /// Whether it has an action for the next step.
    var isReady = false
  }

  private let environment: any BatchedEnvironment
  private let actor: any PolicyActor
  private let privileged: (any PrivilegedActor)?
  private let opposition: Opposition?
  private let opponent: (any PolicyActor)?
  private let actions: Matrix
  private let choices: Matrix
  private var slots: [Slot]
  private var streams: [RandomStream]
  private var running = 0

  /// Prepares to run episodes.
  ///
  /// - Parameters:
  ///   - policy: The policy that chooses actions; it must not change during an episode.
  ///   - opponent: An adversary that acts against it by its most likely choices; nil for none.
  ///   - environment: The environments, all of them for this runner alone.
  package init(
    _ policy: any Policy, against opponent: Opponent? = nil, in environment: any BatchedEnvironment
  ) {
    let count = environment.count
    self.environment = environment
    actor = policy.makeActor(rows: count)
    privileged = actor as? any PrivilegedActor
    actions = Matrix(rows: count, columns: environment.specification.actionWidth)
    let actions = actions
    opposition = opponent.map { Opposition($0, in: environment, actions: actions) }
    self.opponent = opponent?.policy.makeActor(rows: count)
    choices = Matrix(rows: count, columns: opposition?.channel.width ?? 1)
    slots = Array(repeating: Slot(), count: count)
    streams = Array(repeating: RandomStream(seed: 0, name: "evaluation-action"), count: count)
    environment.resetsEndedEpisodes = false
  }

  /// Runs the episodes of a queue until it is empty and all have ended.
  ///
  /// - Parameters:
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - next: Returns the next episode; nil if there are no more.
  ///   - didEnd: Called with the number and the outcome of each episode; a return of NaN if an action
  ///     was not finite.
  ///   - shouldStop: Called before each step with the number of running episodes; if it returns
  ///     true, they are dropped.
  package func run(
    mode: ActionMode, next: () -> Entry?,
    didEnd: (_ number: Int, _ outcome: EpisodeRunner.Outcome) -> Void,
    shouldStop: (_ running: Int) -> Bool
  ) {
    running = 0
    for i in slots.indices { begin(next(), i) }
    while running > 0, !shouldStop(running) {
      choose(mode)
      for i in slots.indices where slots[i].number != nil {
        slots[i].isReady = hasFiniteChoice(i)
        guard !slots[i].isReady else {
          opposition?.channel.apply(choices, row: i, to: i, step: 0)
          continue
        }
        // A simulator may never return if it receives NaN.
        slots[i].sum = .nan
        end(i, .leftUnfinished, environment.batch.observations, didEnd)
        begin(next(), i)
      }
      step()
      for i in slots.indices where slots[i].isReady {
        slots[i].isReady = false
        slots[i].steps += 1
        slots[i].sum += Double(environment.batch.rewards[i])
        guard let how = environment.batch.end(of: i) else { continue }
        end(i, how, environment.batch.exactFinalObservations, didEnd)
        begin(next(), i)
      }
    }
    for i in slots.indices { slots[i] = Slot() }
  }

  private func begin(_ entry: Entry?, _ i: Int) {
    guard let entry else { return }
    for value in entry.parameters {
      do throws(ParameterError) {
        try environment.setParameter(value.name, to: value.value, of: i)
      } catch {
        preconditionFailure("the parameters of episode \(entry.number): \(error)")
      }
    }
    environment.reset(environment: i, seed: entry.seed)
    privileged?.begin(row: i, in: environment, slot: i, seed: entry.seed)
    actor.beginEpisode(row: i, seed: entry.seed)
    opponent?.beginEpisode(row: i, seed: entry.seed)
    streams[i] = RandomStream(seed: entry.seed, name: "evaluation-action")
    slots[i] = Slot(number: entry.number)
    running += 1
  }

  private func choose(_ mode: ActionMode) {
    let observations = environment.batch.observations
    // The queue is empty when the last rows fall idle.
    let rows = 1 + (slots.lastIndex { $0.number != nil } ?? 0)
    actor.act(on: observations, rows: rows, mode: mode, streams: &streams, actions: actions)
    opponent?.act(
      on: observations, rows: rows, mode: .deterministic, streams: &streams, actions: choices)
  }

  private func hasFiniteChoice(_ i: Int) -> Bool {
    (0..<actions.columns).allSatisfy { actions[i, $0].isFinite }
      && (opponent == nil || (0..<choices.columns).allSatisfy { choices[i, $0].isFinite })
  }

  /// Steps all environments that are ready, in ranges as long as possible.
  private func step() {
    var i = 0
    while i < slots.count {
      let first = i
      while i < slots.count, slots[i].isReady { i += 1 }
      if first < i { environment.step(actions: actions, in: first..<i) }
      i += 1
    }
  }

  private func end(
    _ i: Int, _ how: EpisodeEnd, _ observations: Matrix,
    _ didEnd: (Int, EpisodeRunner.Outcome) -> Void
  ) {
    guard let number = slots[i].number else { return }
    let outcome = EpisodeRunner.Outcome(
      episodeReturn: slots[i].sum, length: slots[i].steps, end: how,
      finalObservation: (0..<observations.columns).map { observations[i, $0] })
    slots[i] = Slot()
    privileged?.end(row: i)
    running -= 1
    didEnd(number, outcome)
  }
}
