import Conformance
import Environments
import LinearAlgebra
import RLCore

/// How an episode went.
struct EpisodeSummary: Sendable, Equatable {
  var totalReward: Double
  var length: Int
  var end: EpisodeEnd
  var finalObservation: [Float]

  var terminated: Bool { end != .timeLimit }
}

/// Plays seeds 0 ..< count to their ends on two threads, up to sixteen episodes beside each other.
///
/// - Parameters:
///   - identifier: A registered environment.
///   - count: Number of episodes.
///   - controller: A registered controller; nil acts at random with seeds 10000 + i.
/// - Returns: The episodes, by seed.
func playEpisodes(_ identifier: String, count: Int, controller: String? = nil) -> [EpisodeSummary] {
  guard let entry = EnvironmentRegistry.find(identifier) else { return [] }
  let maker = controller.flatMap { ControllerRegistry.find($0) }
  let episodes = UnsafeMutablePointer<EpisodeSummary>.allocate(capacity: count)
  let empty = EpisodeSummary(
    totalReward: 0, length: 0, end: .leftUnfinished, finalObservation: [])
  episodes.initialize(repeating: empty, count: count)
  defer {
    episodes.deinitialize(count: count)
    episodes.deallocate()
  }
  let threads = 2
  WorkerPool(threads: threads).run(threads) { thread in
    var waiting = thread * count / threads..<(thread + 1) * count / threads
    let slots = min(16, waiting.count)
    let vector = entry.construct(slots)
    vector.resetsEndedEpisodes = false
    let actions = Matrix(rows: slots, columns: entry.specification.actionWidth)
    // A slot for which nothing waits plays the last episode again, so that all slots keep stepping.
    let last = waiting.upperBound - 1
    func begin(_ slot: Int) -> (seed: Int?, random: RandomActions, policy: (any Controller)?) {
      let seed = waiting.popFirst()
      vector.reset(environment: slot, seed: UInt64(seed ?? last))
      return (
        seed, RandomActions(entry.specification.actionSpace, seed: 10_000 + UInt64(seed ?? last)),
        maker?.make()
      )
    }
    var players = (0..<slots).map(begin)
    while players.contains(where: { $0.seed != nil }) {
      for slot in 0..<slots {
        if maker == nil {
          for (j, value) in players[slot].random.next().enumerated() { actions[slot, j] = value }
        } else {
          var action = actions.mutableRow(slot).mutableSpan
          players[slot].policy?.act(on: vector.batch.observations.row(slot).span, action: &action)
        }
      }
      vector.step(actions: actions, in: 0..<slots)
      for slot in 0..<slots where vector.batch.hasEnded(slot) {
        if let seed = players[slot].seed {
          episodes[seed] = EpisodeSummary(
            totalReward: vector.batch.episodeReturns[slot],
            length: vector.batch.episodeLengths[slot],
            end: vector.batch.end(of: slot) ?? .leftUnfinished,
            finalObservation: Array(vector.batch.finalObservations.row(slot)))
        }
        players[slot] = begin(slot)
      }
    }
  }
  return (0..<count).map { episodes[$0] }
}

/// Mean and its standard error.
struct SampleMean {
  let mean: Double
  let standardError: Double

  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    standardError = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
  }

  /// The difference of two means in units of its standard error.
  func distance(to mean: Double, standardError: Double) -> Double {
    abs(self.mean - mean)
      / (self.standardError * self.standardError + standardError * standardError).squareRoot()
  }
}
