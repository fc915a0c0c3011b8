import Experiments
import Foundation
import Storage
import TestSupport
import Testing

/// Pipes, closed streams, limits and other processes, none of which may cost a run.
@Suite(.serialized) struct RunSafetyTests {
  private static let train = ["train", "--env", "cartpole-v1", "--agent", "ppo", "--threads", "1"]
  private static let short =
    train + ["--steps", "4000", "--eval-every", "1000", "--eval-episodes", "2"]
  /// Writes a checkpoint every few milliseconds, and does not end by itself.
  private static let endless =
    train + [
      "--steps", "100000000", "--envs", "2", "--set", "steps-per-rollout=32",
      "--set", "minibatch-size=64", "--set", "epochs=1", "--checkpoint-every", "64",
      "--eval-every", "100000000", "--out", "run",
    ]

  private func run(
    _ arguments: [String], _ folder: TemporaryFolder, shell script: String? = nil
  ) throws -> Tool.Result {
    let process = try Tool.start(
      arguments, in: folder, prefix: script.map { ["bash", "-c", $0] } ?? [])
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private func waitForCheckpoint(_ process: Process, _ folder: TemporaryFolder) {
    while process.isRunning, RunFolder(path: folder.file("run")).checkpointSteps.isEmpty {
      usleep(1000)
    }
  }

  // MARK: - Pipes

  /// The reader ends before the first line.
  private static let closedPipe = #""$0" "$@" | true; exit ${PIPESTATUS[0]}"#

  @Test(arguments: [closedPipe, #""$0" "$@" 2>&1 | head -1; exit ${PIPESTATUS[0]}"#])
  func aReaderThatGoesCostsNoRun(script: String) throws {
    let folder = try TemporaryFolder()
    for form in [[], ["--json"]] {
      let name = "run\(form.count)"
      let result = try run(Self.short + form + ["--out", name], folder, shell: script)
      #expect(result.status == 0 && result.remarks.isEmpty, "\(result.errors)")
      #expect(RunFolder(path: folder.file(name)).linkedStep("latest") ?? 0 >= 4000)
      #expect(try folder.text("\(name)/manifest.json").contains("\"outcome\" : \"finished\""))
    }
  }

  @Test func aReaderThatGoesChangesNoExitCode() throws {
    let folder = try TemporaryFolder()
    for (verb, status) in [
      (["list"], 0), (["describe", "walker"], 0), (["--help"], 0),
      (["trace", Fixture.url("cartpole_v1.jsonl").path], 0),
      (["record", "pendulum-energy", "--out", "recordings"], 0),
      (["evaluate", "pendulum-energy", "--episodes", "2", "--min-return", "501"], 1),
    ] {
      let result = try run(verb, folder, shell: Self.closedPipe)
      #expect(result.status == status && !result.errors.contains("output"), "\(verb): \(result)")
    }
    #expect(FileManager.default.fileExists(atPath: folder.file("recordings")))
  }

  /// As with `2>&1 | tee log`, whose reader the same Ctrl-C ends.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func signalsLeaveACheckpointWithoutAReader(number: Int32) throws {
    let folder = try TemporaryFolder()
    let pipe = Pipe()
    let process = try Tool.start(Self.endless, in: folder, to: pipe)
    waitForCheckpoint(process, folder)
    try pipe.fileHandleForReading.close()
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    let manifest = try folder.text("run/manifest.json")
    #expect(manifest.contains("\"outcome\" : \"interrupted\""))
    let rows = try folder.text("run/metrics.csv").split(separator: "\n")
    let last = try #require(RunFolder(path: folder.file("run")).checkpointSteps.last)
    #expect(rows.last?.split(separator: ",")[1] == "\(last)", "no iteration was lost")
  }

  /// The log's disk is full, and the run's is not.
  @Test func outputThatFailsIsToldWhenTheRunIsDone() throws {
    let folder = try TemporaryFolder()
    let result = try run(
      Self.short + ["--out", "run"], folder, shell: #"exec "$0" "$@" > /dev/full"#)
    #expect(result.status == 74)
    #expect(
      result.remarks == "rlsuite: standard output can't be written: no space left on device\n")
    #expect(try folder.text("run/manifest.json").contains("\"outcome\" : \"finished\""))
  }

  /// What was printed went to the next file that was opened.
  @Test(arguments: [">&-", "<&- >&- 2>&-"])
  func closedStreamsAreNotReplacedByFiles(closed: String) throws {
    let folder = try TemporaryFolder()
    let open = try run(Self.short + ["--out", "open"], folder)
    #expect(open.status == 0, "\(open.errors)")
    let result = try run(
      Self.short + ["--out", "closed"], folder, shell: #"exec "$0" "$@" "# + closed)
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      try exactContents(of: "closed", in: folder) == exactContents(of: "open", in: folder))
    let lists = try run(["list"], folder, shell: #"exec "$0" "$@" "# + closed)
    #expect(lists.status == 0)
  }

  // MARK: - Limits

  /// Without git, so that sources that were changed do not reach the limit.
  private static func limited(kilobytes: Int) -> String {
    #"ulimit -f \#(kilobytes); PATH=; exec "$0" "$@""#
  }

  @Test func aFileSizeLimitEndsWith74() throws {
    let folder = try TemporaryFolder()
    let result = try run(
      Self.short + ["--out", "run"], folder, shell: Self.limited(kilobytes: 60))
    #expect(result.status == 74 && result.errors.contains("file too large"), "\(result.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.file("run/config.yaml")))
    let resumed = try run(["train", "--resume", "run", "--quiet"], folder)
    #expect(resumed.status == 0, "\(resumed.errors)")
  }

  /// Room for the lock, and not for the settings.
  @Test func aStartThatFailsLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let before = ["stderr", "stdout"]
    let drift = "gravity=cycle:" + Array(repeating: "9.5;10.5", count: 40).joined(separator: ";")
    for out in [[], ["--out", "a/run"]] {
      let result = try run(
        Self.short + ["--drift", drift] + out, folder, shell: Self.limited(kilobytes: 1))
      #expect(result.status == 74 && result.errors.contains("config.yaml"), "\(result.errors)")
      #expect(folder.contents == before)
    }
  }

  @Test func threadsThatAreRefusedEndWith69() throws {
    let folder = try TemporaryFolder()
    let result = try run(
      Self.short + ["--threads", "1000"], folder, shell: #"ulimit -v 4000000; exec "$0" "$@""#)
    #expect(result.status == 69 && result.errors.contains("refuses to start 1000 threads"))
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("runs")))
  }

  // MARK: - Folders

  @Test(arguments: ["run", "run/metrics.csv", "run/config.yaml"])
  func whatIsRemovedDuringTrainingEndsWith74(name: String) throws {
    let folder = try TemporaryFolder()
    let process = try Tool.start(Self.endless + ["--quiet"], in: folder)
    waitForCheckpoint(process, folder)
    // Out of the way in one step, as the run would write into a folder that is half removed.
    try FileSystem.rename(folder.file(name), to: folder.file("removed"))
    // The run may remove its own temporary files there meanwhile, so the removal may miss one.
    try? FileSystem.remove(folder.file("removed"))
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 74, "\(errors)")
    let remarks = errors.split(separator: "\n").filter { !$0.contains("OpenBLAS runs its") }
    #expect(remarks.count == 1 && remarks[0].contains("removed"), "\(errors)")
    #expect(name != "run" || !folder.contents.contains("run"), "it is not made again")
  }

  @Test func ofTwoStartsOneGetsTheFolder() throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let words = Self.short + ["--out", folder.file("run"), "--quiet"]
    let processes = try [folder, other].map { try Tool.start(words, in: $0) }
    for process in processes { process.waitUntilExit() }
    #expect(processes.map(\.terminationStatus).sorted() == [0, 74])
    #expect(try folder.text("run/metrics.csv").split(separator: "\n").count == 5)
  }

  @Test func twoProcessesDoNotShareAFolder() throws {
    let folder = try TemporaryFolder()
    let process = try Tool.start(Self.endless + ["--quiet"], in: folder)
    waitForCheckpoint(process, folder)
    let other = try TemporaryFolder()
    let path = folder.file("run")
    for words in [
      ["train", "--resume", path], Self.short + ["--out", path],
    ] {
      let result = try run(words, other)
      #expect(result.status == 74)
      #expect(
        result.errors.contains("process \(process.processIdentifier) on"), "\(result.errors)")
      #expect(result.errors.contains("has been using it since"))
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(FileManager.default.fileExists(atPath: folder.file("run/lock.json")))
    // A dead owner's lock is taken over.
    let resumed = try Tool.start(["train", "--resume", "run", "--quiet"], in: folder)
    let steps = RunFolder(path: path).checkpointSteps.last ?? 0
    while resumed.isRunning, RunFolder(path: path).checkpointSteps.last ?? 0 <= steps {
      usleep(1000)
    }
    resumed.interrupt()
    resumed.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(resumed.terminationStatus == 130, "\(errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run/lock.json")))
  }
}
