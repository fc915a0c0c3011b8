import Foundation
import Recording
import Storage
import TestSupport
import Testing

/// Wrappers, from the command line to the files.
@Suite struct WrapTests {
  private static let memory = [
    "train", "--env", "diagnostic-memory", "--agent", "ppo", "--envs", "8", "--quiet",
    "--set", "steps-per-rollout=64", "--set", "minibatch-size=64",
    "--set", "learning-rate=0.003", "--set", "normalize-rewards=false",
    "--eval-every", "4096", "--eval-episodes", "40", "--steps", "8192",
  ]

  @discardableResult private func run(
    _ arguments: [String], _ folder: TemporaryFolder, status: Int32 = 0
  ) throws -> (output: String, errors: String) {
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == status, "\(errors)")
    return (try folder.text("stdout"), errors)
  }

  private struct Report: Decodable {
    var mean: Double
    var wrap: String?
    var lengths: [Int]
  }

  private func evaluate(_ name: String, _ folder: TemporaryFolder) throws -> Report {
    let words = ["evaluate", name, "--deterministic", "--json", "-n", "100"]
    return try JSONDecoder().decode(Report.self, from: Data(run(words, folder).output.utf8))
  }

  /// The task takes a memory of four observations: with it it is solved, and without it is a guess.
  @Test func memoryIsSolvedWithHistoryAndNotWithout() throws {
    let folder = try TemporaryFolder()
    try run(Self.memory + ["--wrap", "history=4", "--out", "with"], folder)
    try run(Self.memory + ["--out", "without"], folder)
    let (with, without) = (try evaluate("with", folder), try evaluate("without", folder))
    #expect(with.mean == 1 && with.wrap == "history=4", "\(with)")
    #expect(abs(without.mean) < 0.5 && without.wrap == nil, "\(without)")
  }

  @Test func optionsFilesAndRecordingsAreTheSame() throws {
    let folder = try TemporaryFolder()
    let wrap = "wrap:\n  history: 2\n  action-repeat: 2\n  reward-scale: 3\n"
    try FileSystem.write(Data(wrap.utf8), to: folder.file("mapping.yaml"))
    let short = Self.memory.dropLast(3) + ["4", "--steps", "1024"]
    let options = ["--wrap", "history=2", "--wrap", "action-repeat=2,reward-scale=3"]
    try run(short + options + ["--out", "option"], folder)
    try run(short + ["--config", "mapping.yaml", "--out", "mapping"], folder)
    #expect(try folder.text("mapping/config.yaml") == folder.text("option/config.yaml"))
    #expect(try folder.text("mapping/metrics.csv") == folder.text("option/metrics.csv"))
    // The change of rewards is training's alone, and the rest is the policy's.
    #expect(try evaluate("option", folder).wrap == "action-repeat=2,history=2")
    #expect(try evaluate("option", folder).lengths.allSatisfy { $0 == 2 })
    try run(["record", "option", "--out", "episodes", "--seed", "3"], folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("episodes"))
    let path = "episodes/\(try #require(names.first { $0.hasSuffix(".rlrec") }))"
    let recording = try RecordingReader(path: folder.file(path))
    #expect(recording.header.wrapping == "action-repeat=2,history=2")
    try run(["replay", path, "--verify"], folder)
    let shown = try run(["inspect", path], folder).output
    #expect(shown.contains("wrapped by action-repeat=2,history=2"))
  }

  /// A policy trained with repeats that are for training only is evaluated without.
  @Test func repeatsForTrainingStayThere() throws {
    let folder = try TemporaryFolder()
    let short = Self.memory.dropLast(3) + ["4", "--steps", "512"]
    let options = ["--wrap", "training-repeat=2", "--record-every", "1", "--out", "run"]
    try run(short + options, folder)
    let report = try evaluate("run", folder)
    #expect(report.wrap == nil && report.lengths.allSatisfy { $0 == 4 })
    let path = try #require(
      FileManager.default.enumerator(atPath: folder.file("run"))?.compactMap { $0 as? String }
        .first { $0.hasSuffix(".rlrec") })
    #expect(
      try RecordingReader(path: folder.file("run/\(path)")).header.wrapping == "action-repeat=2")
    try run(["replay", "run/\(path)", "--verify"], folder)
  }

  @Test func mistakesEndWith64() throws {
    let folder = try TemporaryFolder()
    let result = try run(
      Self.memory + ["--wrap", "action-repeet=3", "--out", "run"], folder, status: 64)
    #expect(result.errors.contains("unknown wrapper 'action-repeet'"))
    #expect(result.errors.contains("(--wrap)") && folder.contents == ["stderr", "stdout"])
  }
}
