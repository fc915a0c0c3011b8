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

  /// Logs iterations of 10 steps; every second one ends with an evaluation and two episodes.
  ///
  /// - Parameters:
  ///   - folder: Folder of the run.
  ///   - iterations: Iterations to log.
  ///   - last: Last iteration of the checkpoint from which the run continues; nil for a new run.
  /// - Throws: `FileError` if a log is not the run's.
  /// - Returns: Warnings about missing rows.
  @discardableResult private func log(
    _ folder: TemporaryFolder, iterations: Range<Int>, after last: Int?
  ) throws -> [String] {
    var warnings: [String] = []
    let logger = try MetricsLogger(
      folder: RunFolder(path: folder.path), metricNames: ["loss", "episode-return"],
      settings: [("seed", "1"), ("agent", "ppo")], environment: "walker",
      resumption: last.map {
        .init(steps: 10 * $0, iterations: $0, evaluations: $0 / 2, episodes: 2 * ($0 / 2))
      }, warn: { warnings.append($0) })
    for i in iterations {
      try logger.record(
        iteration: i, steps: 10 * i, values: [Double(i) / 3, i == 1 ? .nan : 5], timing: timing,
        episodes: i % 2 == 0
          ? [
            FinishedEpisode(step: 0, environment: 0, episodeReturn: Double(i) / 7, length: 3),
            FinishedEpisode(step: 1, environment: 0, episodeReturn: -0.5, length: 1),
          ] : [])
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
    return warnings
  }

  /// The logs that are exact; `monitor.csv` without its times.
  private func contents(_ folder: TemporaryFolder) throws -> [String: String] {
    var contents: [String: String] = [:]
    for file in ["metrics.csv", "metrics.jsonl", "evaluations.csv", "timing.csv"] {
      contents[file] = try folder.text(file)
    }
    contents["evaluations.npz"] = try FileSystem.read(folder.file("evaluations.npz"))
      .base64EncodedString()
    contents["monitor.csv"] = try folder.text("monitor.csv").lines.dropFirst().map {
      $0.split(separator: ",").prefix(2).joined(separator: ",")
    }.joined(separator: "\n")
    return contents
  }

  @Test func filesHoldWhatWasRecorded() throws {
    let folder = try TemporaryFolder()
    try log(folder, iterations: 1..<3, after: nil)
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
    try log(whole, iterations: 1..<8, after: nil)
    let resumed = try TemporaryFolder()
    try log(resumed, iterations: 1..<6, after: nil)
    // The kill cut a line short.
    let torn = try FileHandle(forWritingTo: URL(filePath: resumed.file("metrics.csv")))
    try torn.seekToEnd()
    try torn.write(contentsOf: Data("6,6".utf8))
    try torn.close()
    try log(resumed, iterations: 4..<8, after: 3)
    let (expected, found) = (try contents(whole), try contents(resumed))
    #expect(found == expected)
  }

  /// To Swift "\r\n" is one character, at which no line was split: such logs were emptied.
  @Test(arguments: ["\r\n", "\u{FEFF}"])
  func logsThatAnEditorSavedAreKept(change: String) throws {
    let whole = try TemporaryFolder()
    try log(whole, iterations: 1..<8, after: nil)
    let edited = try TemporaryFolder()
    try log(edited, iterations: 1..<6, after: nil)
    for file in ["metrics.csv", "metrics.jsonl", "evaluations.csv", "timing.csv", "monitor.csv"] {
      let text = try edited.text(file)
      let changed = change == "\r\n" ? text.replacing("\n", with: "\r\n") : change + text
      try FileSystem.write(Data(changed.utf8), to: edited.file(file))
    }
    let warnings = try log(edited, iterations: 4..<8, after: 3)
    #expect(warnings.isEmpty)
    let (expected, found) = (try contents(whole), try contents(edited))
    #expect(found == expected)
  }

  @Test func missingRowsAreSaid() throws {
    let folder = try TemporaryFolder()
    try log(folder, iterations: 1..<6, after: nil)
    let lines = try folder.text("metrics.csv").lines
    try FileSystem.write(
      Data(lines[..<3].map { "\($0)\n" }.joined().utf8), to: folder.file("metrics.csv"))
    try FileSystem.remove(folder.file("evaluations.csv"))
    try FileSystem.remove(folder.file("monitor.csv"))
    let warnings = try log(folder, iterations: 5..<6, after: 4)
    #expect(
      warnings == [
        "\(folder.file("metrics.csv")) lacks 2 of the 4 rows up to step 40",
        "\(folder.file("evaluations.csv")) lacks 2 of the 2 rows up to step 40",
        "\(folder.file("monitor.csv")) lacks 4 of the 4 rows up to step 40",
      ])
    #expect(try folder.text("metrics.csv").lines.count == 4)
    #expect(try folder.text("evaluations.csv").lines.count == 1)
  }

  /// What is no log of the run is neither emptied nor continued.
  @Test(arguments: ["iteration,steps,loss\n1,10,0.3\n", "a\rb\rc\r", "notes", "a,b\n"])
  func otherFilesAreRefused(text: String) throws {
    for file in ["metrics.csv", "timing.csv", "evaluations.csv", "monitor.csv"] {
      let folder = try TemporaryFolder()
      try log(folder, iterations: 1..<4, after: nil)
      try FileSystem.write(Data(text.utf8), to: folder.file(file))
      #expect(throws: FileError.self, "\(file)") { try log(folder, iterations: 3..<4, after: 2) }
      #expect(try folder.text(file) == text, "\(file)")
    }
    let folder = try TemporaryFolder()
    try log(folder, iterations: 1..<4, after: nil)
    let carriageReturns = try folder.text("metrics.jsonl").replacing("\n", with: "\r")
    try FileSystem.write(Data(carriageReturns.utf8), to: folder.file("metrics.jsonl"))
    #expect(throws: FileError.self) { try log(folder, iterations: 3..<4, after: 2) }
    #expect(try folder.text("metrics.jsonl") == carriageReturns)
  }

  /// A kill at the start can leave any part of a header.
  @Test func headersThatWereCutOffAreWrittenAnew() throws {
    let whole = try TemporaryFolder()
    try log(whole, iterations: 1..<4, after: nil)
    for file in ["metrics.csv", "monitor.csv"] {
      let header = try whole.text(file).prefix(28)
      for count in 0..<header.count {
        let folder = try TemporaryFolder()
        try FileSystem.write(Data(header.prefix(count).utf8), to: folder.file(file))
        try log(folder, iterations: 1..<4, after: 0)
        let (expected, found) = (try contents(whole)[file], try contents(folder)[file])
        #expect(found == expected, "\(file), \(count)")
      }
    }
  }

  /// Bytes of the format's own rules; Stable-Baselines3 reads the times.
  @Test func theMonitorIsThatOfStableBaselines() throws {
    let folder = try TemporaryFolder()
    try log(folder, iterations: 1..<5, after: nil)
    let lines = try folder.text("monitor.csv").lines
    #expect(lines[0].wholeMatch(of: /#\{"t_start": [0-9.]+, "env_id": "walker"\}/) != nil)
    #expect(lines[1] == "r,l,t")
    #expect(lines[2].hasPrefix("0.2857142857142857,3,") && lines[3].hasPrefix("-0.5,1,"))
    let times = try lines.dropFirst(2).map { try #require(Double($0.split(separator: ",")[2])) }
    #expect(times.count == 4 && zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
  }
}
