import Foundation
import TestSupport
import RLCore
import Testing
import Storage
import Experiments

/// What `drift.csv` and policy files say of tasks is what was trained on.
@Suite struct DriftTests {
  /// Episodes of 200 steps, so that every task of 2,000 steps has ten whole ones in two environments.
  private static let pendulum = [
    "train", "--env", "pendulum-v1", "--agent", "ppo", "--envs", "2", "--quiet",
    "--set", "steps-per-rollout=100", "--set", "minibatch-size=100", "--set", "epochs=2",
    "--set", "checkpoints.keep=100", "--checkpoint-every", "200", "--eval-every", "1000",
    "--eval-episodes", "2",
  ]

  private func train(_ arguments: [String], _ folder: TemporaryFolder) throws {
    let process = try Tool.start(Self.pendulum + arguments, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 0, "\(errors)")
  }

  private func table(_ file: String, _ folder: TemporaryFolder) throws -> [[String: String]] {
    let lines = try folder.text(file).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = try #require(lines.first)
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
  }

  private func number(_ row: [String: String], _ column: String) throws -> Double {
    try #require(row[column].flatMap { Double($0) })
  }

  @Test func meansAreThoseOfTheMetrics() throws {
    let folder = try TemporaryFolder()
    try train(
      ["--steps", "5000", "--drift-every", "2000", "--out", "run"]
        + ["--drift", "length=log-uniform:0.5..2,motor-strength=flip"], folder)
    let rows = try table("run/drift.csv", folder)
    let metrics = try table("run/metrics.csv", folder)
    /// Sum over all episodes so far, fewer than the hundred that the metric looks back on.
    func sum(_ steps: Int) throws -> Double {
      let row = try #require(metrics.first { $0["steps"] == "\(steps)" })
      return try number(row, "episode-return") * Double(steps / 200)
    }
    #expect(rows.map { $0["task"] } == ["0", "1", "2"])
    #expect(rows.map { $0["first-step"] } == ["1", "2001", "4001"])
    #expect(rows.map { $0["last-step"] } == ["2000", "4000", "5000"])
    #expect(rows.map { $0["motor-strength"] } == ["1.0", "-1.0", "1.0"])
    #expect(rows.map { $0["episodes"] } == ["10", "10", "4"])
    #expect(rows.map { $0["late-episodes"] } == ["2", "2", "0"])
    #expect(rows[2]["late-mean-return"] == "")
    for (task, row) in rows.prefix(2).enumerated() {
      let end = 2000 * (task + 1)
      let whole = (try sum(end) - (task == 0 ? 0 : sum(end - 2000))) / 10
      #expect(abs(try number(row, "mean-return") - whole) < 1e-6)
      let late = try (sum(end) - sum(end - 400)) / 2
      #expect(abs(try number(row, "late-mean-return") - late) < 1e-6)
    }
    // A checkpoint at the end of a task is of that task; what comes later is of the next.
    for (steps, task) in [(200, 0), (2000, 0), (2200, 1), (4000, 1), (4200, 2)] {
      let checkpoint = try Checkpoint(path: folder.file("run/checkpoints/\(steps)"))
      let parameters = try PolicyParameters.read(checkpoint.policy)
      let length = try #require(parameters.first { $0.name == "length" })
      #expect(try length.value == number(rows[task], "length"), "\(steps)")
      #expect(parameters.first { $0.name == "mass" }?.value == 1, "what does not drift stays")
    }
  }

  /// Rows of tasks that ended after the checkpoint go, a row cut short by a kill too, and come again;
  /// from the middle of a task and from its very end.
  @Test(arguments: [2600, 2000]) func rowsAfterTheCheckpointAreWrittenAgain(steps: Int) throws {
    let folder = try TemporaryFolder()
    let drift = ["--drift", "length=uniform:0.5..2", "--drift-every", "1000"]
    try train(drift + ["--steps", "5000", "--out", "run"], folder)
    let whole = try folder.text("run/drift.csv")
    #expect(whole.split(separator: "\n").count == 6)
    let run = RunFolder(path: folder.file("run"))
    for later in run.checkpointSteps where later > steps {
      try FileManager.default.removeItem(atPath: run.checkpoint("\(later)"))
    }
    try FileSystem.write(Data((whole + "5,50").utf8), to: run.driftFile)
    let result = try Tool.run("train", "--resume", "run", "--quiet", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(try folder.text("run/drift.csv") == whole)
  }

  /// The line of fresh agents: the task alone, as if its parameters had been set by hand.
  @Test func oneTaskAloneIsAnOrdinaryRun() throws {
    let folder = try TemporaryFolder()
    let drift = ["--drift", "length=uniform:0.5..2", "--drift-every", "2000"]
    try train(drift + ["--steps", "4000", "--out", "all"], folder)
    try train(drift + ["--steps", "2000", "--drift-task", "1", "--out", "fresh"], folder)
    let row = try table("all/drift.csv", folder)[1]
    let length = try #require(row["length"])
    try train(["--set", "parameters.length=\(length)", "--steps", "2000", "--out", "set"], folder)
    for file in ["metrics.csv", "evaluations.csv"] {
      #expect(try folder.text("fresh/\(file)") == folder.text("set/\(file)"))
    }
    let fresh = try table("fresh/drift.csv", folder)
    #expect(fresh.count == 1 && fresh[0]["task"] == "1" && fresh[0]["length"] == length)
    #expect(fresh[0]["episodes"] == "10" && fresh[0]["late-episodes"] == "2")
  }

  /// The first task's evaluations, the one at its very end included, are those of its parameters.
  @Test func evaluationsHaveTheTasksParameters() throws {
    let folder = try TemporaryFolder()
    let constant = ["--steps", "2000", "--set", "learning-rate-schedule=constant"]
    try train(constant + ["--set", "parameters.mass=2", "--out", "set"], folder)
    try train(
      constant + ["--drift", "mass=cycle:2;0.5", "--drift-every", "2000", "--out", "drift"], folder)
    #expect(try folder.text("drift/evaluations.csv") == folder.text("set/evaluations.csv"))
    #expect(try table("drift/evaluations.csv", folder).count == 2)
    #expect(try table("drift/drift.csv", folder).count == 1, "the next task has not begun")
  }

  /// Evaluations of different tasks don't compare: the best would be the easiest task's.
  @Test func changingTasksHaveNoBestCheckpoint() throws {
    let folder = try TemporaryFolder()
    let drift = ["--drift", "gravity=cycle:10;2", "--drift-every", "1000"]
    try train(drift + ["--steps", "2000", "--out", "run"], folder)
    let run = RunFolder(path: folder.file("run"))
    #expect(run.linkedStep("best") == nil && run.linkedStep("latest") == 2000)
    // As an earlier build would have left it.
    try FileSystem.link(run.checkpoint("best"), to: "1000")
    for verb in [["evaluate", "run", "-n", "2", "--json"], ["record", "run", "--json"]] {
      let process = try Tool.start(verb, in: folder)
      process.waitUntilExit()
      let (output, errors) = (try folder.text("stdout"), try folder.text("stderr"))
      #expect(process.terminationStatus == 0, "\(errors)")
      #expect(errors.contains("its latest checkpoint is used") && errors.contains("gravity 2.0"))
      #expect(!errors.dropLast().contains("\n"), "one line")
      if verb[0] == "evaluate" { #expect(output.contains("checkpoints/2000/")) }
    }
    let best = try Tool.run("evaluate", "run", "--load-best", in: folder)
    #expect(best.status == 64 && best.errors.contains("choose latest or a step count"))
    // One task has a best checkpoint like any other.
    try train(drift + ["--steps", "1000", "--drift-task", "1", "--out", "one"], folder)
    #expect(RunFolder(path: folder.file("one")).linkedStep("best") == 1000)
    let one = try Tool.run("evaluate", "one", "-n", "2", in: folder)
    #expect(one.status == 0 && one.errors.isEmpty)
  }

  @Test func aReturnDoesNotEndChangingTasks() throws {
    let folder = try TemporaryFolder()
    let words = ["--drift", "gravity=cycle:10;2", "--drift-every", "1000", "--steps", "1000"]
    let process = try Tool.start(Self.pendulum + words + ["--until-return", "5"], in: folder)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(try folder.text("stderr").contains("until-return can't be combined with drift.change"))
    #expect(folder.contents == ["stderr", "stdout"])
    try train(words + ["--drift-task", "1", "--until-return", "5", "--out", "one"], folder)
  }

  /// The last iteration goes 100 steps beyond the second task, too few for an episode.
  @Test func stepsBeyondTheLastTaskHaveARow() throws {
    let folder = try TemporaryFolder()
    let drift = ["--drift", "length=uniform:0.5..2", "--drift-every", "1050"]
    try train(drift + ["--steps", "2100", "--out", "run"], folder)
    let rows = try table("run/drift.csv", folder)
    #expect(rows.map { $0["first-step"] } == ["1", "1051", "2101"])
    #expect(rows.map { $0["last-step"] } == ["1050", "2100", "2200"])
    #expect(rows.map { $0["episodes"] } == ["4", "4", "0"])
    #expect(rows.map { $0["late-episodes"] } == ["0", "0", "0"])
    #expect(rows.allSatisfy { $0.count == 8 && $0["late-mean-return"] == "" })
    #expect(rows.map { $0["mean-return"] == "" } == [false, false, true])
  }

  @Test func fileSettingsAndOptionsAreTheSame() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(
      Data("drift: {change: [force=flip, 'gravity=walk:1'], every: 5000}\n".utf8),
      to: folder.file("drift.yaml"))
    let common = ["train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "3000", "--quiet"]
    for (name, extra) in [
      ("file", ["--config", "drift.yaml"]),
      ("options", ["--drift", "force=flip, gravity=walk:1", "--drift-every", "5e3"]),
    ] {
      let process = try Tool.start(common + extra + ["--out", name], in: folder)
      process.waitUntilExit()
      let errors = try folder.text("stderr")
      #expect(process.terminationStatus == 0, "\(errors)")
    }
    #expect(try folder.text("file/config.yaml") == folder.text("options/config.yaml"))
    #expect(try folder.text("file/config.yaml").contains("every: 5000"))
  }
}
