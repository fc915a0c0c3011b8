import Agents
import Environments
import Foundation
import RLCore
import Recording
import Storage
import Experiments
import Training

/// A case that measures the cost of recording episodes during training.
enum RecordingCases {
  static let all = [
    BenchmarkCase(name: "recording-cost") { threads in try recordingCost(threads: threads) }
  ]

  /// Measures the extra time of PPO on 32 walkers if every episode of one is recorded to a file.
  ///
  /// Rounds with and without a recorder alternate, so that both see the same machine; the median of
  /// the rounds' ratios counts, once by processor time and once by wall time.
  private static func recordingCost(threads: Int) throws -> [Measurement] {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "rlsuite-recording-cost-\(ProcessInfo.processInfo.processIdentifier)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileSystem.makeFolder(folder.path)
    let rounds = 9
    var (processor, wall): ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
      var times = [Times(), Times()]
      for isRecorded in round % 2 == 0 ? [false, true] : [true, false] {
        times[isRecorded ? 1 : 0] = try train(isRecorded ? folder.path : nil, threads)
      }
      processor.append(times[1].processor / times[0].processor)
      wall.append(times[1].wall / times[0].wall)
    }
    return [("recording-cost", processor), ("recording-cost-wall", wall)].map { name, ratios in
      Measurement(
        name: name, value: 100 * (ratios.sorted()[rounds / 2] - 1), unit: "% of training time",
        parameters: ["environments": 32, "recorded": 1, "rounds": rounds])
    }
  }

  /// Measured times, in seconds.
  private struct Times {
    var processor = 0.0
    var wall = 0.0
  }

  /// Runs six iterations of 32 × 256 steps.
  private static func train(_ folder: String?, _ threads: Int) throws -> Times {
    let recorder = try folder.map { _ in try makeRecorder() }
    let agent = TrainingCases.makeAgent(minibatch: 512, threads: threads, recorder: recorder)
    let start = Times(processor: processorSeconds(), wall: Double(monotonicNanoseconds()) * 1e-9)
    for _ in 0..<6 {
      _ = try agent.iterate()
      for recording in recorder?.takeFinished() ?? [] {
        try FileSystem.write(
          recording.contents, to: "\(folder ?? "")/\(recording.name)", waitsForDisk: false)
      }
    }
    return Times(
      processor: processorSeconds() - start.processor,
      wall: Double(monotonicNanoseconds()) * 1e-9 - start.wall)
  }

  private static func makeRecorder() throws -> EpisodeRecorder {
    guard let walker = EnvironmentRegistry.find("walker") else {
      preconditionFailure("no environment walker")
    }
    return EpisodeRecorder(
      header: RecordingHeader(
        specification: walker.specification, parameters: walker.parameters, agent: "ppo",
        mode: .stochastic, policy: nil,
        build: .current),
      every: 1)
  }
}
