import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Recorded episodes in files and in a replay buffer.
@Suite struct RecordedEpisodesTests {
  /// One that the task ended after three steps, and one cut off after two.
  private let recordings: RecordedEpisodes = {
    var ended = RecordedEpisodes.Episode(observation: [0])
    for t in 1...3 { ended.append(action: [2], reward: Float(t), observation: [Float(t)]) }
    ended.isTerminated = true
    var cut = RecordedEpisodes.Episode(observation: [10])
    for t in 1...2 { cut.append(action: [-5], reward: 1, observation: [Float(10 + t)]) }
    return RecordedEpisodes([ended, cut], observationWidth: 1, actionWidth: 1)
  }()

  @Test func filesHoldEverything() throws {
    let specification = ContinuousBandit.specification
    let archive = try TensorArchive(safetensors: recordings.archive.safetensors)
    let read = try RecordedEpisodes(from: archive, of: specification)
    #expect(read.archive == recordings.archive && read.steps == [0..<3, 3..<5])
    let damages: [(String, TensorArchive.Values)] = [
      ("steps", .words([3, 1])), ("rewards", .floats([1, 2, .nan, 1, 1])),
      ("terminated", .words([1, 2])),
    ]
    for (name, values) in damages {
      var damaged = TensorArchive()
      for (other, tensor) in archive.tensors {
        damaged.set(other, other == name ? values : tensor.values)
      }
      #expect(throws: ArchiveError.self, "\(name)") {
        try RecordedEpisodes(from: damaged, of: specification)
      }
    }
    #expect(throws: ArchiveError.self) {
      try RecordedEpisodes(from: archive, of: RandomWalk.specification)
    }
  }

  /// Observation, next observation, action in −1...1, reward and discount.
  @Test func replayHoldsOneTransitionForEachStep() throws {
    let distribution = SquashedGaussian(low: [-1], high: [3], logDeviations: -1...1)
    func records(multiStep: Int) throws -> [[Float]] {
      let buffer = ReplayBuffer(capacity: 9, observationWidth: 1, actionWidth: 1)
      buffer.add(recordings, for: distribution, multiStep: multiStep, discount: 0.5)
      var archive = TensorArchive()
      buffer.save(to: &archive)
      let numbers = try archive.floats("replay.records")
      return stride(from: 0, to: numbers.count, by: 5).map { Array(numbers[$0..<$0 + 5]) }
    }
    #expect(
      try records(multiStep: 1) == [
        [0, 1, 0.5, 1, 0.5], [1, 2, 0.5, 2, 0.5], [2, 3, 0.5, 3, 0],
        [10, 11, -1, 1, 0.5], [11, 12, -1, 1, 0.5],
      ])
    #expect(
      try records(multiStep: 2) == [
        [0, 2, 0.5, 2, 0.25], [1, 3, 0.5, 3.5, 0], [2, 3, 0.5, 3, 0],
        [10, 12, -1, 1.5, 0.25], [11, 12, -1, 1, 0.5],
      ])
  }
}
