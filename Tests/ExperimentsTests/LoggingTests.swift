import Foundation
import TestSupport
import Testing
import Training
import RLCore
import Storage
import Experiments

@Suite struct TensorBoardTests {
  @Test func checksumOfTheStandardExample() {
    #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    #expect(EventEncoder.mask(0xE306_9283) == 0xC78A_B0E5)
  }

  /// Bytes that TensorBoard 2.21 reads as version and scalar.
  @Test func recordsOfKnownBytes() {
    #expect(
      EventEncoder.version(wallTime: 1_700_000_000)
        == bytes(
          hexadecimal: "1800000000000000a37f4b220900000040fc54d9411a0d627261696e2e4576656e743a32"
            + "eced8f9d"))
    #expect(
      EventEncoder.scalars(
        [("rollout/ep_rew_mean", 12.5)], step: 2048, wallTime: 1_700_000_001)
        == bytes(
          hexadecimal: "2a00000000000000ae8d91f50900004040fc54d9411080102a1c0a1a0a13726f6c6c6f7574"
            + "2f65705f7265775f6d65616e15000048410b47745f"))
  }

  @Test func metricsKeepTheirUsualTags() {
    #expect(TensorBoardTag.scalar("episode-return", 1).tag == "rollout/ep_rew_mean")
    #expect(TensorBoardTag.scalar("approximate-kl", 1).tag == "train/approx_kl")
    #expect(TensorBoardTag.scalar("entropy", 2) == ("train/entropy_loss", -2))
    #expect(TensorBoardTag.scalar("gradient-norm", 1).tag == "train/gradient_norm")
  }
}

@Suite struct MetricsLoggerTests {
  private let timing = MetricsLogger.Timing(
    elapsed: 1, stepsPerSecond: 100, shares: (environment: 0.5, policy: 0.25, update: 0.25))

  private func log(_ folder: TemporaryFolder, iterations: Range<Int>, resumeStep: Int?) throws {
    let logger = try MetricsLogger(
      folder: RunFolder(path: folder.path), metricNames: ["loss", "episode-return"],
      settings: [("seed", "1"), ("agent", "ppo")], resumeStep: resumeStep)
    for i in iterations {
      try logger.record(
        iteration: i, steps: 10 * i, values: [Double(i) / 3, i == 1 ? .nan : 5], timing: timing)
      if i % 2 == 0 {
        let result = EvaluationResult(
          mode: .deterministic,
          episodes: [
            .init(seed: 7, episodeReturn: Double(i), length: 3, end: .timeLimit, isSuccess: nil),
            .init(seed: 8, episodeReturn: 2, length: 4, end: .timeLimit, isSuccess: nil),
          ])
        try logger.record(result, steps: 10 * i)
      }
    }
    try logger.finish(isSuccess: true)
  }

  @Test func filesHoldWhatWasRecorded() throws {
    let folder = try TemporaryFolder()
    try log(folder, iterations: 1..<3, resumeStep: nil)
    #expect(
      try folder.text("metrics.csv")
        == "iteration,steps,loss,episode-return\n1,10,0.3333333333333333,\n"
        + "2,20,0.6666666666666666,5.0\n")
    #expect(
      try folder.text("metrics.jsonl")
        == "{\"iteration\":1,\"steps\":10,\"loss\":0.3333333333333333,\"episode-return\":null}\n"
        + "{\"iteration\":2,\"steps\":20,\"loss\":0.6666666666666666,\"episode-return\":5.0}\n")
    #expect(
      try folder.text("evaluations.csv").split(separator: "\n").last
        == "20,deterministic,2,2.0,0.0,3.5,,7 8,2.0 2.0,3 4")
    let events = try #require(folder.contents.contains("tensorboard") ? folder : nil)
    let names = try FileManager.default.contentsOfDirectory(atPath: events.file("tensorboard"))
    #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents."))
  }

  /// A run that was killed at step 50 and continues from the checkpoint of step 30.
  @Test func resumedLogsHaveNoDoubleRows() throws {
    let whole = try TemporaryFolder()
    try log(whole, iterations: 1..<8, resumeStep: nil)
    let resumed = try TemporaryFolder()
    try log(resumed, iterations: 1..<6, resumeStep: nil)
    // The kill cut a line short.
    let torn = try FileHandle(forWritingTo: URL(filePath: resumed.file("metrics.csv")))
    try torn.seekToEnd()
    try torn.write(contentsOf: Data("6,6".utf8))
    try torn.close()
    try log(resumed, iterations: 4..<8, resumeStep: 30)
    for file in ["metrics.csv", "metrics.jsonl", "evaluations.csv", "timing.csv"] {
      let (expected, found) = (try whole.text(file), try resumed.text(file))
      #expect(found == expected, "\(file)")
    }
  }
}
