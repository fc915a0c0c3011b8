import Foundation
import TestSupport
import Testing

@Suite struct ExactnessTests {
  private func train(
    _ run: ShortRun, _ name: String, threads: Int = 2, in folder: TemporaryFolder
  ) throws {
    let arguments = run.arguments + ["--out", name, "--quiet", "--threads", "\(threads)"]
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 0, "\(errors)")
  }

  private func compare(_ first: String, _ second: String, _ folder: TemporaryFolder) throws {
    let expected = try exactContents(of: first, in: folder)
    let found = try exactContents(of: second, in: folder)
    for (file, data) in expected { #expect(found[file] == data, "\(file) differs") }
  }

  /// One run is the reference for all: other threads, its written configuration, and kills.
  @Test(arguments: ShortRun.allCases) func runsAreExact(run: ShortRun) throws {
    let folder = try TemporaryFolder()
    try train(run, "whole", threads: 1, in: folder)
    try threadsChangeNothing(run, folder)
    try writtenConfigurationRepeatsTheRun(folder)
    try killedRunsEndTheSame(run, folder)
  }

  private func threadsChangeNothing(_ run: ShortRun, _ folder: TemporaryFolder) throws {
    try train(run, "three", threads: 3, in: folder)
    try compare("whole", "three", folder)
  }

  private func writtenConfigurationRepeatsTheRun(_ folder: TemporaryFolder) throws {
    let result = try Tool.run(
      "train", "--config", "whole/config.yaml", "--out", "second", "--quiet", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    try compare("whole", "second", folder)
  }

  /// SIGKILL after the third checkpoint, mid-episode and mid-iteration, then twice more.
  private func killedRunsEndTheSame(_ run: ShortRun, _ folder: TemporaryFolder) throws {
    var arguments = run.arguments + ["--out", "killed", "--quiet", "--threads", "1"]
    var kills = 0
    for count in [3, 7, 12] {
      let process = try Tool.start(arguments, in: folder)
      while process.isRunning, checkpoints("killed", folder) < count { usleep(200) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      kills += process.terminationReason == .uncaughtSignal ? 1 : 0
      arguments = ["train", "--resume", "killed", "--quiet"]
    }
    #expect(kills == 3, "each session was killed before its end")
    let result = try Tool.run("train", "--resume", "killed", "--quiet", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    try compare("whole", "killed", folder)
  }

  @Test func interruptedRunsWriteACheckpointAndEndTheSame() throws {
    let folder = try TemporaryFolder()
    let run = ShortRun.cartPole
    try train(run, "whole", in: folder)
    let process = try Tool.start(run.arguments + ["--out", "stopped"], in: folder)
    while process.isRunning, checkpoints("stopped", folder) < 2 { usleep(200) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    #expect(try folder.text("stdout").contains("rlsuite train --resume stopped\n"))
    let manifest = try folder.text("stopped/manifest.json")
    #expect(manifest.contains("\"outcome\" : \"interrupted\""))
    let result = try Tool.run("train", "--resume", "stopped", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    try compare("whole", "stopped", folder)
    let again = try Tool.run("train", "--resume", "stopped", in: folder)
    #expect(again.status == 0 && again.errors.contains("already finished"))
    let longer = try Tool.run("train", "--resume", "stopped", "--steps", "90000", in: folder)
    #expect(longer.status == 64 && longer.errors.contains("planned for 30,000 steps"))
  }

  /// Stopped before there is anything to continue from.
  @Test func runsKilledBeforeTheirFirstCheckpointStartAgain() throws {
    let folder = try TemporaryFolder()
    let arguments = ShortRun.cartPole.arguments + ["--quiet", "--checkpoint-every", "1000000"]
    for name in ["whole", "killed"] {
      let process = try Tool.start(
        arguments + ["--eval-every", "1000000", "--out", name], in: folder)
      while name == "killed", process.isRunning,
        (try? folder.text("killed/metrics.csv").count) ?? 0 < 1000
      { usleep(200) }
      if name == "killed" { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    #expect(checkpoints("killed", folder) == 0)
    let result = try Tool.run("train", "--resume", "killed", "--quiet", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    try compare("whole", "killed", folder)
  }

  /// One iteration of this run takes seconds; the second signal does not wait for its end.
  @Test func aSecondInterruptEndsAtOnce() throws {
    let folder = try TemporaryFolder()
    let process = try Tool.start(
      [
        "train", "--env", "walker", "--agent", "ppo", "--envs", "4", "--out", "run",
        "--set", "steps-per-rollout=50000",
      ], in: folder)
    while process.isRunning, try folder.text("stdout").isEmpty { usleep(1000) }
    usleep(100_000)
    process.interrupt()
    while process.isRunning, try !folder.text("stderr").contains("stopping") { usleep(1000) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    #expect(checkpoints("run", folder) == 0)
  }

  @Test func seedsMatter() throws {
    let folder = try TemporaryFolder()
    let run = ShortRun.cartPole
    try train(run, "first", in: folder)
    let process = try Tool.start(run.arguments + ["--out", "other", "--seed", "2"], in: folder)
    process.waitUntilExit()
    let (first, other) = (
      try folder.text("first/metrics.csv"), try folder.text("other/metrics.csv")
    )
    #expect(first != other)
  }

  private func checkpoints(_ run: String, _ folder: TemporaryFolder) -> Int {
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: folder.file("\(run)/checkpoints"))
    return (names ?? []).count { Int($0) != nil }
  }
}
