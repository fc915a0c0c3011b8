import Experiments
import Foundation
import Storage
import TestSupport
import Testing

/// What a session finds in a run's folder: links, leftovers, and what a killed one could not do.
@Suite struct RunFolderTests {
  /// Trains a short run with a checkpoint and an evaluation per thousand steps.
  @discardableResult private func train(
    _ path: String, keep: Int = 3, isInterrupted: Bool = false
  ) throws -> RunFolder {
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    for key in ["checkpoints.every", "evaluation.every", "recordings.every"] {
      try experiment.set(key, to: 1000)
    }
    try experiment.set("steps", to: 3000)
    try experiment.set("checkpoints.keep", to: keep)
    try experiment.set("evaluation.episodes", to: 2)
    try experiment.set("policy-hidden", to: [8])
    try experiment.set("steps-per-rollout", to: 125)
    try experiment.set("minibatch-size", to: 125)
    let run = try experiment.start(in: path, threads: 1)
    try run.train { isInterrupted }
    return run.folder
  }

  private func resume(_ path: String) throws -> TrainingRun {
    try StoredRun(path).resume(threads: 1)
  }

  private func damage(_ body: () throws -> Void) -> String {
    do {
      try body()
    } catch FileError.damaged(let path, let reason) {
      return "\(path): \(reason)"
    } catch {
      Issue.record("\(error)")
    }
    return ""
  }

  private func write(_ text: String, to path: String) throws {
    try FileSystem.write(Data(text.utf8), to: path)
  }

  // MARK: - Links

  /// `--resume` removed the hidden files of the folder to which the link points.
  @Test func nothingIsRemovedThroughALink() throws {
    let home = try TemporaryFolder()
    try FileSystem.makeFolder(home.file(".ssh"))
    for name in [".bashrc", ".ssh/key", ".100.7.tmp"] { try write("x", to: home.file(name)) }
    let before = home.contents
    let run = try train(home.file("project/run"), isInterrupted: true)
    try FileSystem.rename(run.checkpointsFolder, to: home.file("project/moved"))
    try FileSystem.link(run.checkpointsFolder, to: "../..")
    #expect(damage { _ = try resume(run.path) }.contains("run/checkpoints: it is a link"))
    #expect(home.contents == before + ["project"])
    #expect(try home.text(".ssh/key") == "x")
  }

  @Test(arguments: [
    "metrics.csv", "metrics.jsonl", "timing.csv", "evaluations.csv", "config.yaml", "manifest.json",
    "tensorboard", "recordings", "checkpoints", "checkpoints/latest-step",
  ])
  func linksInTheFolderAreRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"), isInterrupted: true)
    let steps = try #require(run.checkpointSteps.last)
    let path = run.path + "/" + name.replacingOccurrences(of: "latest-step", with: "\(steps)")
    try FileSystem.rename(path, to: folder.file("outside"))
    try FileSystem.link(path, to: folder.file("outside"))
    let before = try? FileSystem.read(folder.file("outside"))
    #expect(damage { _ = try resume(run.path) }.contains("it is a link"))
    #expect((try? FileSystem.read(folder.file("outside"))) == before)
    #expect(FileSystem.kind(path) == .link)
    guard name == "recordings" else { return }
    #expect(damage { try StoredPolicy(run.path).record() }.contains("recordings: it is a link"))
  }

  @Test func bestAndLatestPointToCheckpointsOfTheRun() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"))
    let other = try train(folder.file("other"))
    let steps = try #require(other.checkpointSteps.last)
    try FileSystem.link(run.checkpoint("best"), to: "../../other/checkpoints/\(steps)")
    let expected = "best: it does not point to a checkpoint of this run"
    #expect(damage { _ = try StoredPolicy(run.path) }.hasSuffix(expected))
    #expect(damage { _ = try run.findCheckpoint("best") }.hasSuffix(expected))
    #expect(damage { _ = try resume(run.path) }.hasSuffix(expected))
    try FileSystem.link(run.checkpoint("best"), to: "7")
    #expect(throws: FileError.missing(path: run.checkpoint("7"))) { try run.findCheckpoint("best") }
    for name in ["../../other/checkpoints/\(steps)", "..", "", "+\(steps)", "0\(steps)"] {
      #expect(throws: FileError.missing(path: run.checkpoint(name))) {
        try run.findCheckpoint(name)
      }
    }
  }

  /// As `cp -rL` and some synchronisers do.
  @Test func aCopyThatFollowedLinksCanBeReadAndIsExplained() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"), isInterrupted: true)
    let steps = try #require(run.checkpointSteps.last)
    try FileSystem.remove(run.checkpoint("latest"))
    try FileManager.default.copyItem(
      atPath: run.checkpoint("\(steps)"), toPath: run.checkpoint("latest"))
    #expect(run.linkedStep("latest") == steps)
    #expect(try StoredPolicy(run.path, checkpoint: "latest").steps == steps)
    #expect(damage { _ = try resume(run.path) }.contains("latest: it is a folder, since"))
    try FileSystem.remove(run.checkpoint("latest"))
    #expect(try resume(run.path).train() == .finished)
  }

  /// FAT, some network file systems and some containers have none.
  @Test(arguments: [EPERM, EOPNOTSUPP, ENOSYS]) func runsNeedNoSymbolicLinks(error: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    try FileSystem.$linkError.withValue(error) {
      try train(path, isInterrupted: true)
      #expect(try resume(path).train() == .finished)
    }
    let run = RunFolder(path: path)
    for name in ["best", "latest"] {
      #expect(FileSystem.kind(run.checkpoint(name)) == .file)
      let steps = try #require(run.linkedStep(name))
      let policies = try [
        StoredPolicy(path, checkpoint: name), StoredPolicy(run.checkpoint(name)),
        StoredPolicy(run.checkpoint("\(steps)")),
      ]
      #expect(policies.map(\.steps) == [steps, steps, steps])
    }
    #expect(run.linkedStep("latest") == 3000)
    #expect(try StoredPolicy(path).steps == run.linkedStep("best"))
  }

  // MARK: - Leftovers

  @Test func onlyOwnLeftoversAreRemoved() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"), isInterrupted: true)
    let own = [
      ".manifest.json.12.tmp", ".metrics.csv.12.tmp", "checkpoints/.latest.12.tmp",
      "checkpoints/.5000.12.tmp", "checkpoints/.5000.tmp",
      "recordings/.episode-000000.rlrec.12.tmp",
    ]
    let others = [
      ".gitignore", ".notes.12.tmp", "checkpoints/.ssh", "checkpoints/.nfs0001",
      "checkpoints/.5000.tmp.swp", "checkpoints/.x.12.tmp", "recordings/.notes.12.tmp",
    ]
    for name in own + others { try write("x", to: "\(run.path)/\(name)") }
    _ = try resume(run.path)
    for name in own { #expect(!FileSystem.exists("\(run.path)/\(name)"), "\(name)") }
    for name in others { #expect(FileSystem.exists("\(run.path)/\(name)"), "\(name)") }
  }

  @Test func aRunWhoseStartWasKilledBeginsOrContinues() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    // Before the settings were written, it begins in the same folder.
    try FileSystem.makeFolder(path)
    try write("", to: "\(path)/lock.json")
    try write("seed:", to: "\(path)/.config.yaml.12.tmp")
    let run = try train(path)
    #expect(FileSystem.contents(path).allSatisfy { !$0.hasPrefix(".") && $0 != "lock.json" })
    // After that, it continues, whatever else was written.
    for kept in [[], ["checkpoints"], ["manifest.json"]] {
      let copy = RunFolder(path: folder.file("copy"))
      try FileSystem.makeFolder(copy.path)
      for name in ["config.yaml"] + kept where name != "checkpoints" {
        try FileManager.default.copyItem(
          atPath: "\(run.path)/\(name)", toPath: "\(copy.path)/\(name)")
      }
      if kept == ["checkpoints"] { try FileSystem.makeFolder(copy.checkpointsFolder) }
      #expect(throws: FileError.missing(path: copy.checkpoint("latest"))) {
        try StoredPolicy(copy.path)
      }
      let error = #expect(throws: FileError.self) { try train(copy.path) }
      #expect(error?.description.contains("which --resume continues") == true)
      #expect(try resume(copy.path).train() == .finished)
      for name in ["metrics.csv", "metrics.jsonl", "evaluations.csv"] {
        let (first, second) = ("\(run.path)/\(name)", "\(copy.path)/\(name)")
        #expect(try FileSystem.read(first) == FileSystem.read(second), "\(name)")
      }
      try FileSystem.remove(copy.path)
    }
  }

  /// Killed when the log was created and its header was not yet written.
  @Test func logsWithoutHeadersGetThem() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"))
    let copy = RunFolder(path: folder.file("copy"))
    try FileSystem.makeFolder(copy.path)
    try FileManager.default.copyItem(
      atPath: run.configurationFile, toPath: copy.configurationFile)
    for file in [copy.metricsFile, copy.timingFile] { try write("", to: file) }
    try write("steps,mo", to: copy.evaluationsFile)
    _ = try resume(copy.path).train()
    #expect(try FileSystem.read(copy.metricsFile) == FileSystem.read(run.metricsFile))
    #expect(try FileSystem.read(copy.evaluationsFile) == FileSystem.read(run.evaluationsFile))
    #expect(try folder.text("copy/timing.csv").hasPrefix("iteration,steps,seconds"))
  }

  // MARK: - Finished runs

  /// Bytes of all event files, whose names may be the same within a second.
  private func events(_ run: RunFolder) throws -> Int {
    try FileSystem.contents(run.tensorBoardFolder).map {
      try FileSystem.read("\(run.tensorBoardFolder)/\($0)").count
    }.reduce(0, +)
  }

  @Test func finishedRunsAreRepaired() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"), keep: 1)
    let (steps, best) = (run.checkpointSteps, run.linkedStep("best"))
    let before = try events(run)
    let manifest = try RunManifest(folder: run)
    // The state between the last checkpoint's name and what follows it.
    try FileManager.default.copyItem(
      atPath: run.checkpoint("3000"), toPath: run.checkpoint("500"))
    for name in ["best", "latest"] { try FileSystem.link(run.checkpoint(name), to: "500") }
    var killed = manifest
    (killed.sessions[0].ended, killed.sessions[0].outcome) = (nil, nil)
    try killed.write(to: run)
    #expect(try resume(run.path).isFinished)
    #expect(run.checkpointSteps == steps)
    #expect(run.linkedStep("latest") == 3000 && run.linkedStep("best") == best)
    killed.sessions[0].outcome = "finished"
    #expect(try RunManifest(folder: run) == killed)
    let repaired = try events(run)
    #expect(repaired > before, "the success that was not recorded")
    // Nothing is left to do.
    #expect(try resume(run.path).train() == .finished)
    #expect(try RunManifest(folder: run) == killed)
    #expect(try events(run) == repaired)
    #expect(!FileSystem.exists(run.lockFile))
  }

  /// Nothing is opened before training begins.
  @Test func resumingWithoutTrainingWritesNoLogs() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder.file("run"), isInterrupted: true)
    let (before, bytes) = (try FileSystem.read(run.metricsFile), try events(run))
    try FileSystem.write(before + Data("torn".utf8), to: run.metricsFile)
    _ = try resume(run.path)
    #expect(try events(run) == bytes)
    #expect(try FileSystem.read(run.metricsFile) == before + Data("torn".utf8))
  }

  // MARK: - Two at once

  @Test func aFolderBelongsToOneRun() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run")
    let started = try Experiment(environment: "cartpole-v1", agent: "ppo").start(in: path)
    for attempt in [{ _ = try resume(path) }, { try train(path) }] {
      let error = #expect(throws: FileError.self) { try attempt() }
      #expect(error?.description.contains("process \(getpid()) on") == true)
    }
    try started.train { true }
    // Training has ended, so another may continue, and then the first may not.
    _ = try resume(path).train { true }
    let error = #expect(throws: FileError.self) { try started.train() }
    #expect(error?.description.contains("another session has continued the run") == true)
    #expect(!FileSystem.exists(RunFolder(path: path).lockFile))
  }
}
