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

/// Plays seeds 0 ..< count to their ends on two threads.
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
  WorkerPool(threads: 2).run(count) { i in
    let vector = entry.construct(1)
    let actions = Matrix(rows: 1, columns: entry.specification.actionWidth)
    var random = RandomActions(entry.specification.actionSpace, seed: 10_000 + UInt64(i))
    var policy = maker?.make()
    vector.reset(environment: 0, seed: UInt64(i))
    repeat {
      if policy == nil {
        for (j, value) in random.next().enumerated() { actions[0, j] = value }
      } else {
        var action = actions.mutableRow(0).mutableSpan
        policy?.act(on: vector.batch.observations.row(0).span, action: &action)
      }
      vector.step(actions: actions, in: 0..<1)
    } while !vector.batch.hasEnded(0)
    episodes[i] = EpisodeSummary(
      totalReward: vector.batch.episodeReturns[0], length: vector.batch.episodeLengths[0],
      end: vector.batch.end(of: 0) ?? .leftUnfinished,
      finalObservation: Array(vector.batch.finalObservations.row(0)))
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
