internal import Foundation
internal import RLCore
internal import Robustness
internal import Synchronization
internal import Training

/// How far a stress test is.
public struct StressProgress: Sendable, Equatable {
  /// Number of cells that are finished, the nominal one and those of earlier sessions included.
  public internal(set) var finishedCells: Int
  /// Number of all cells, the nominal one included.
  public let cells: Int
  /// Number of episodes of this session that are finished.
  public internal(set) var finishedEpisodes = 0
  /// Seconds since the session began.
  public internal(set) var seconds = 0.0
  /// Estimate of the seconds that are left; nil before an episode has ended.
  public internal(set) var secondsLeft: Double?
}

extension StressTest {
  /// Most environments of a thread: with 64, a network's inference costs 0.1 µs a row more than at
  /// best, and a step of all of them stays far below a second.
  private static let mostSlots = 64

  /// Runs the test.
  ///
  /// The result depends only on the test, not on threads.
  ///
  /// - Parameters:
  ///   - threads: Number of threads, in 1...1024; nil for one per core.
  ///   - didProgress: Called after each episode, on any thread but one at a time; if it returns
  ///     false, the test stops.
  /// - Throws: `ConfigurationError` if the number of threads is out of range, `ThreadError` if the
  ///   system refuses them.
  /// - Returns: The result; nil if the test was stopped.
  public func run(
    threads: Int? = nil, didProgress: (StressProgress) -> Bool = { _ in true }
  ) throws -> StressResult? {
    try run([:], threads: threads, didFinish: { _, _ in }, didProgress: didProgress)
  }

  /// Runs the cells that are not finished.
  ///
  /// - Parameters:
  ///   - finished: Cells of earlier sessions, by their number.
  ///   - threads: Number of threads; nil for one per core.
  ///   - didFinish: Called with each cell that is finished, one at a time; an error stops the test.
  ///   - didProgress: Called after each episode; if it returns false, the test stops.
  /// - Throws: The error of `didFinish`, and those of the number of threads.
  /// - Returns: The result; nil if the test was stopped.
  func run(
    _ finished: [Int: StressCell], threads: Int?,
    didFinish: (Int, StressCell) throws -> Void, didProgress: (StressProgress) -> Bool
  ) throws -> StressResult? {
    let pool = try WorkerPool.make(threads: threads)
    let queues = groups.map { group in
      StressQueue(group, of: self, cells: group.cells.filter { finished[$0] == nil })
    }
    let episodes = queues.reduce(0) { $0 + $1.episodes }
    let session = StressSession(self, finished, episodes: episodes)
    if episodes > 0 {
      let slots = min(Self.mostSlots, (episodes + pool.threads - 1) / pool.threads)
      pool.run(min(pool.threads, episodes)) { _ in
        work(queues, session, slots: slots, didFinish, didProgress)
      }
    }
    return try session.result()
  }

  /// Takes episodes from the queues until none are left; called on every thread.
  private func work(
    _ queues: [StressQueue], _ session: StressSession, slots: Int,
    _ didFinish: (Int, StressCell) throws -> Void, _ didProgress: (StressProgress) -> Bool
  ) {
    let environment = makeVector(slots)
    let batch = EpisodeBatch(policy.policy, against: policy.opponent, in: environment)
    for queue in queues where queue.episodes > 0 {
      queue.conditions.apply(to: environment)
      batch.run(mode: mode) {
        queue.next()
      } didEnd: { number, outcome in
        session.add(outcome, number, didFinish, didProgress)
      } shouldStop: { running in
        session.count(running)
      }
    }
  }
}

/// The episodes of the cells of a group, which threads take one by one.
private final class StressQueue: Sendable {
  let conditions: EpisodeConditions
  /// Number of episodes.
  let episodes: Int
  private let cells: [(number: Int, parameters: [ParameterValue])]
  private let episodesPerCell: Int
  private let firstSeed: UInt64
  private let taken = Atomic<Int>(0)

  init(_ group: StressTest.Group, of test: StressTest, cells: [Int]) {
    conditions = group.conditions
    self.cells = cells.map { ($0, test.parameters(of: $0)) }
    (episodesPerCell, firstSeed) = (test.episodes, test.seed)
    episodes = cells.count * test.episodes
  }

  /// Returns the next episode, whose number is that of its cell, counted from 0 for the nominal one,
  /// times the episodes per cell, plus its own; nil if there are no more.
  func next() -> EpisodeBatch.Entry? {
    let place = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    guard place < episodes else { return nil }
    let (cell, episode) = (cells[place / episodesPerCell], place % episodesPerCell)
    return EpisodeBatch.Entry(
      number: (cell.number - StressTest.nominal) * episodesPerCell + episode,
      seed: firstSeed + UInt64(episode), parameters: cell.parameters)
  }
}

/// What the threads of a stress test share.
private final class StressSession {
  private struct State {
    /// Finished cells, by their number.
    var finished: [Int: StressCell]
    /// Cells of which some episodes are finished.
    var open: [Int: OpenCell] = [:]
    var progress: StressProgress
    var steps = 0
    var failure: (any Error)?
  }

  private struct OpenCell {
    var outcomes: [EpisodeRunner.Outcome?]
    var missing: Int
  }

  private let test: StressTest
  private let episodes: Int
  private let state: Mutex<State>
  private let isStopped = Atomic<Bool>(false)
  private let stepsTaken = Atomic<Int>(0)
  private let start = monotonicNanoseconds()

  init(_ test: StressTest, _ finished: [Int: StressCell], episodes: Int) {
    (self.test, self.episodes) = (test, episodes)
    state = Mutex(
      State(
        finished: finished,
        progress: StressProgress(finishedCells: finished.count, cells: test.grid.count + 1)))
  }

  /// Counts steps that are about to be taken, and returns whether to stop instead.
  func count(_ steps: Int) -> Bool {
    stepsTaken.wrappingAdd(steps, ordering: .relaxed)
    return isStopped.load(ordering: .relaxed)
  }

  /// Adds the outcome of an episode.
  func add(
    _ outcome: EpisodeRunner.Outcome, _ number: Int,
    _ didFinish: (Int, StressCell) throws -> Void, _ didProgress: (StressProgress) -> Bool
  ) {
    let (place, episode) = number.quotientAndRemainder(dividingBy: test.episodes)
    let cell = place + StressTest.nominal
    state.withLock { state in
      guard !isStopped.load(ordering: .relaxed) else { return }
      var open =
        state.open.removeValue(forKey: cell)
        ?? OpenCell(outcomes: Array(repeating: nil, count: test.episodes), missing: test.episodes)
      open.outcomes[episode] = outcome
      open.missing -= 1
      state.steps += outcome.length
      state.progress.finishedEpisodes += 1
      if open.missing > 0 {
        state.open[cell] = open
      } else {
        let finished = summary(of: cell, open.outcomes.compactMap(\.self))
        state.finished[cell] = finished
        state.progress.finishedCells += 1
        do {
          try didFinish(cell, finished)
        } catch {
          state.failure = error
          isStopped.store(true, ordering: .relaxed)
          return
        }
      }
      estimate(&state)
      if !didProgress(state.progress) { isStopped.store(true, ordering: .relaxed) }
    }
  }

  private func summary(of cell: Int, _ outcomes: [EpisodeRunner.Outcome]) -> StressCell {
    let environment = test.policy.environment
    let successes = outcomes.count {
      environment.isSuccess($0.end, finalObservation: $0.finalObservation.span) == true
    }
    return StressCell(
      values: test.values(of: cell), returns: outcomes.map(\.episodeReturn),
      lengths: outcomes.map(\.length),
      successes: environment.definesSuccess ? successes : nil,
      failures: outcomes.count(where: \.end.isFailure))
  }

  /// Estimates the time that is left from the steps of the episodes so far; those that still run
  /// have taken steps too.
  private func estimate(_ state: inout State) {
    let seconds = Double(monotonicNanoseconds() - start) * 1e-9
    let length = Double(state.steps) / Double(state.progress.finishedEpisodes)
    let taken = Double(stepsTaken.load(ordering: .relaxed))
    state.progress.seconds = seconds
    state.progress.secondsLeft = seconds * max(0, length * Double(episodes) - taken) / max(1, taken)
  }

  /// Returns the result, or nil if the test was stopped; throws the error that stopped it.
  func result() throws -> StressResult? {
    try state.withLock { state in
      if let failure = state.failure { throw failure }
      guard state.progress.finishedCells == state.progress.cells,
        let nominal = state.finished[StressTest.nominal]
      else { return nil }
      return StressResult(
        nominal: nominal, cells: (0..<test.grid.count).compactMap { state.finished[$0] })
    }
  }
}
