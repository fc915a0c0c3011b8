import Environments
import Experiments
import Foundation
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Training from another run's policy, and beyond the steps that were planned.
@Suite struct FurtherTrainingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func experiment(_ changes: [String: String] = [:]) throws -> Experiment {
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    let settings = [
      "steps": "2048", "environments": "4", "evaluation.every": "1024", "evaluation.episodes": "2",
      "steps-per-rollout": "128", "epochs": "2", "minibatch-size": "128",
      "normalize-observations": "true",
    ].merging(changes) { $1 }
    for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
      try experiment.settings.overlay(assignment: "\(key)=\(value)")
    }
    return experiment
  }

  /// The files of a run's latest checkpoint.
  private func latest(_ run: String) throws -> Checkpoint {
    let stored = RunFolder(path: folder.file(run))
    return try Checkpoint(path: stored.checkpoint("\(stored.checkpointSteps.last ?? 0)"))
  }

  @discardableResult private func train(
    _ experiment: Experiment, _ name: String
  ) throws -> TrainingOutcome {
    try experiment.start(in: folder.file(name), threads: 1).train()
  }

  @Test func aRunStartsWithThePolicyOfAnother() throws {
    try train(experiment(), "first")
    let first = try latest("first").policy
    // With such a rate, weights stay what they are.
    let second = try experiment([
      "from": folder.file("first/checkpoints/latest"), "steps": "512", "learning-rate": "1e-30",
      "seed": "9",
    ])
    try train(second, "second")
    let copy = try Checkpoint.readArchive(folder.file("second/initial-policy.safetensors"))
    let result = try latest("second").policy
    for (name, tensor) in first.tensors {
      #expect(copy.tensors[name] == tensor, "\(name)")
      if name.hasPrefix("policy.") { #expect(result.tensors[name] == tensor, "\(name)") }
    }
    let count = "observation-normalizer.count"
    #expect(try result.doubles(count)[0] == first.doubles(count)[0] + 512)
  }

  @Test func aRunThatIsStoppedBeforeItsFirstCheckpointStartsWithTheSamePolicy() throws {
    try train(experiment(), "first")
    let second = try experiment(["from": folder.file("first"), "seed": "9"])
    try train(second, "whole")
    _ = try second.start(in: folder.file("stopped"), threads: 1)
    // Not needed any longer.
    try FileSystem.removeFolder(folder.file("first"))
    try StoredRun(folder.file("stopped")).resume(threads: 1).train()
    #expect(try latest("whole").policy == latest("stopped").policy)
    #expect(try latest("whole").trainer == latest("stopped").trainer)
  }

  @Test(
    arguments: [
      (["policy-hidden": "[8]"], "8 hidden units"), (["activation": "relu"], "relu"),
      (["normalize-observations": "false"], "no normaliser"),
    ])
  func policiesOfAnotherShapeAreRefusedAndLeaveNothing(
    changes: [String: String], words: String
  ) throws {
    try train(experiment(changes), "first")
    let second = try experiment(["from": folder.file("first")])
    #expect {
      try second.start(in: folder.file("second"), threads: 1)
    } throws: { "\($0)".contains("does not fit") && "\($0)".contains(words) }
    #expect(folder.contents == ["first"])
    let controller = try experiment(["from": "walker-heuristic"])
    #expect(throws: ConfigurationError.self) {
      try controller.start(in: folder.file("second"), threads: 1)
    }
    let missing = try experiment(["from": folder.file("nowhere/at")])
    #expect(throws: FileError.self) { try missing.start(in: folder.file("second"), threads: 1) }
    #expect(folder.contents == ["first"])
  }

  @Test func anExtendedRunIsExactHoweverItIsStopped() throws {
    for name in ["whole", "stopped"] { try train(experiment(), name) }
    let before = try latest("whole").policy
    try SeedGroup.evaluateFinally(RunFolder(path: folder.file("whole")), episodes: 1, threads: 1)
    var whole = try StoredRun(folder.file("whole"))
    try whole.extend(by: 2048)
    #expect(try whole.resume(threads: 1).train() == .finished)
    var stopped = try StoredRun(folder.file("stopped"))
    try stopped.extend(by: 2048)
    // Once before its first checkpoint, once after it.
    _ = try stopped.resume(threads: 1)
    #expect(try StoredRun(folder.file("stopped")).resume(threads: 1).train { true } == .interrupted)
    #expect(try StoredRun(folder.file("stopped")).resume(threads: 1).train() == .finished)
    #expect(try latest("whole").manifest.steps == 4096)
    #expect(try latest("whole").policy != before)
    // The final evaluation was of the earlier policy.
    #expect(!FileSystem.exists(folder.file("whole/final.csv")))
    #expect(try latest("whole").policy == latest("stopped").policy)
    #expect(try latest("whole").trainer == latest("stopped").trainer)
    let steps = try rows("whole", column: "steps").map { $0 }
    #expect(steps == (1...8).map { Double(512 * $0) })
    #expect(try folder.text("whole/config.yaml").contains("extensions:"))
  }

  /// A column of a run's metrics.
  private func rows(_ run: String, column: String) throws -> [Double] {
    let lines = try folder.text("\(run)/metrics.csv").split(separator: "\n")
    let index = try #require(lines[0].split(separator: ",").firstIndex { $0 == column })
    return lines.dropFirst().compactMap {
      Double($0.split(separator: ",", omittingEmptySubsequences: false)[index])
    }
  }

  /// Anew, then constant with a stop before the first checkpoint, then anew again.
  @Test func schedulesBeginAnewOrKeepTheirValues() throws {
    try train(experiment(["learning-rate-schedule": "linear"]), "run")
    func extend(_ keepsSchedules: Bool) throws {
      var run = try StoredRun(folder.file("run"))
      try run.extend(by: 1024, keepingSchedules: keepsSchedules)
      _ = try run.resume(threads: 1)
      try StoredRun(folder.file("run")).resume(threads: 1).train()
    }
    try extend(false)
    try extend(true)
    #expect(try folder.text("run/config.yaml").contains("constant-extensions: [3072]"))
    try extend(false)
    let rates = try rows("run", column: "learning-rate")
    #expect(
      rates.map { (100 * $0 / rates[0]).rounded() }
        == [100, 75, 50, 25, 100, 50, 100, 100, 100, 50])
  }

  @Test func onlyFinishedRunsAreExtended() throws {
    try experiment().start(in: folder.file("run"), threads: 1).train { true }
    var run = try StoredRun(folder.file("run"))
    #expect { try run.extend(by: 100) } throws: {
      "\($0)".contains("has taken 512 of its 2048 steps")
    }
    #expect { try run.extend(by: 0) } throws: { "\($0)".contains("must lie in") }
    try StoredRun(folder.file("run")).resume(threads: 1).train()
    let finished = try folder.text("run/config.yaml")
    #expect(try StoredRun(folder.file("run")).resume(threads: 1).isFinished)
    #expect(try folder.text("run/config.yaml") == finished)
    for (key, words) in [
      ("extensions", "extensions must be ascending"),
      ("constant-extensions", "constant-extensions must be some of"),
    ] {
      let impossible = try experiment([key: "[4096]"])
      #expect { try impossible.start(in: folder.file("other")) } throws: {
        "\($0)".contains(words)
      }
    }
  }
}
