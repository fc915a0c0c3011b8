import Foundation
import TestSupport
import Testing
import Storage
import Experiments

/// What users see of `--adaptive-ratio`.
@Suite struct AdaptiveRatioTests {
  private static let arguments = [
    "train", "--env", "pendulum-v1", "--agent", "sac", "--steps", "4000", "--quiet",
    "--set", "critic-hidden=[16]", "--set", "policy-hidden=[16]", "--set", "batch-size=32",
    "--set", "steps-per-iteration=250", "--eval-every", "2000", "--eval-episodes", "1",
    "--checkpoint-every", "250", "--set", "checkpoints.keep=100",
  ]

  private func train(_ arguments: [String], _ folder: TemporaryFolder) throws -> String {
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 0, "\(errors)")
    return errors
  }

  private func column(_ name: String, _ folder: TemporaryFolder) throws -> [Double?] {
    let rows = try folder.text("run/metrics.csv").split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let index = try #require(rows.first?.firstIndex { $0 == name })
    return rows.dropFirst().map { Double($0[index]) }
  }

  /// Every change is below this threshold, so the rule fires at its first check, and the rows after
  /// that are of the high ratio.
  @Test func aRuleThatTellsNothingIsToldOnceAndTheRatioIsMeasured() throws {
    let folder = try TemporaryFolder()
    let rule = "stabilization:low=0.3,high=1.37,threshold=1,every=1000"
    let errors = try train(Self.arguments + ["--adaptive-ratio", rule, "--out", "run"], folder)
    let lines = errors.split(separator: "\n").filter { !$0.contains("OpenBLAS runs its") }
    #expect(lines.count == 1, "\(errors)")
    #expect(lines.first?.hasPrefix("rlsuite: adaptive-ratio: active-units of critic.0") == true)
    let (settings, measured) = (
      try column("adaptive-ratio/setting", folder), try column("replay-ratio", folder)
    )
    // Learning begins in the third row, so φ₀ is that of step 500 and the first check at 1500.
    #expect(settings == [Double](repeating: 0.3, count: 6) + [Double](repeating: 1.37, count: 10))
    for (setting, measured) in zip(settings, measured).dropFirst(2) {
      let (setting, measured) = (try #require(setting), try #require(measured))
      #expect(abs(setting - measured) <= 1.0 / 250)
    }
    let probe = try column("adaptive-ratio/probe", folder)
    #expect(probe.indices.filter { probe[$0] != nil } == [0, 1, 5, 9, 13])
    // Continued from a checkpoint after the check it does not say so again.
    let run = RunFolder(path: folder.file("run"))
    for step in run.checkpointSteps where step > 2000 {
      try FileManager.default.removeItem(atPath: run.checkpoint("\(step)"))
    }
    let resumed = try train(["train", "--resume", "run", "--quiet"], folder)
    #expect(!resumed.contains("adaptive-ratio"), "\(resumed)")
    #expect(try column("adaptive-ratio/setting", folder) == settings)
    // Begun by a build whose preset had another ratio, and stopped before its first checkpoint.
    for step in run.checkpointSteps {
      try FileManager.default.removeItem(atPath: run.checkpoint("\(step)"))
    }
    let configuration = try folder.text("run/config.yaml")
    try #require(configuration.contains("  replay-ratio: 1\n"))
    try FileSystem.write(
      Data(configuration.replacing("  replay-ratio: 1\n", with: "  replay-ratio: 2\n").utf8),
      to: run.configurationFile)
    _ = try train(["train", "--resume", "run", "--quiet"], folder)
    #expect(try column("adaptive-ratio/setting", folder) == settings)
  }

  @Test func aPlainRunHasNoSuchColumns() throws {
    let folder = try TemporaryFolder()
    _ = try train(Self.arguments + ["--out", "run"], folder)
    #expect(try !folder.text("run/metrics.csv").contains("adaptive-ratio"))
    #expect(try folder.text("run/config.yaml").contains("adaptive-ratio: null"))
    #expect(try column("replay-ratio", folder).last == 1)
  }
}
