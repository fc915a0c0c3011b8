import Foundation
import TestSupport
import Testing
import Storage
import Experiments

@Suite struct CheckpointTests {
  private func sample(steps: Int, value: Float = 1) -> Checkpoint {
    var (policy, trainer) = (TensorArchive(), TensorArchive())
    policy.set("w", .floats([value, 2]))
    trainer.set("stream", .words([1, 2, 3]))
    return Checkpoint(
      manifest: CheckpointManifest(
        environment: "walker", agent: "ppo", steps: steps, iterations: 3),
      policy: policy, trainer: trainer)
  }

  @Test func roundTrip() throws {
    let folder = try TemporaryFolder()
    try sample(steps: 10).write(to: folder.file("10"))
    let copy = try Checkpoint(path: folder.file("10"))
    #expect(copy.policy == sample(steps: 10).policy)
    #expect(copy.trainer == sample(steps: 10).trainer)
    #expect(copy.manifest.components.map(\.name) == ["policy.safetensors", "trainer.safetensors"])
    #expect(folder.contents == ["10"], "no temporary folder stays")
  }

  @Test func writingAgainReplaces() throws {
    let folder = try TemporaryFolder()
    try sample(steps: 10).write(to: folder.file("10"))
    try sample(steps: 10, value: 7).write(to: folder.file("10"))
    #expect(try Checkpoint(path: folder.file("10")).policy.floats("w") == [7, 2])
    #expect(folder.contents == ["10"])
  }

  @Test(arguments: ["policy.safetensors", "trainer.safetensors", "manifest.json"])
  func everyDamagedByteIsFound(file: String) throws {
    let folder = try TemporaryFolder()
    try sample(steps: 10).write(to: folder.file("10"))
    let path = folder.file("10/\(file)")
    let good = try FileSystem.read(path)
    for index in good.indices where file != "manifest.json" || good[index] > 0x20 {
      var damaged = good
      damaged[index] ^= 0x01
      try FileSystem.write(damaged, to: path)
      let copy = try? Checkpoint(path: folder.file("10"))
      // A manifest's own counters are checked against the trainer's; its text is not summed.
      if file == "manifest.json" {
        #expect(copy.map { $0.policy == sample(steps: 10).policy } ?? true)
      } else {
        #expect(copy == nil, "byte \(index)")
      }
    }
    for count in 0..<good.count - 1 {
      try FileSystem.write(good.prefix(count), to: path)
      #expect(throws: FileError.self) { _ = try Checkpoint(path: folder.file("10")) }
    }
  }

  @Test func missingPartsAreTold() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FileError.missing(path: folder.file("10"))) {
      _ = try Checkpoint(path: folder.file("10"))
    }
    try sample(steps: 10).write(to: folder.file("10"))
    try FileSystem.remove(folder.file("10/policy.safetensors"))
    let error = #expect(throws: FileError.self) { _ = try Checkpoint(path: folder.file("10")) }
    #expect(error?.description.contains("policy.safetensors") == true)
    guard case .damaged = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func manifestsCanNotNameFilesElsewhere() throws {
    let folder = try TemporaryFolder()
    try sample(steps: 10).write(to: folder.file("10"))
    let path = folder.file("10/manifest.json")
    let text = try folder.text("10/manifest.json")
      .replacingOccurrences(of: "policy.safetensors", with: "../secret")
    try FileSystem.write(Data(text.utf8), to: path)
    #expect(throws: FileError.self) { _ = try Checkpoint(path: folder.file("10")) }
  }

  @Test func otherVersionsAreRefused() throws {
    let folder = try TemporaryFolder()
    try sample(steps: 10).write(to: folder.file("10"))
    let text = try folder.text("10/manifest.json")
      .replacingOccurrences(
        of: "\"version\" : \(CheckpointManifest.currentVersion)", with: "\"version\" : 1")
    try FileSystem.write(Data(text.utf8), to: folder.file("10/manifest.json"))
    let error = #expect(throws: FileError.self) { _ = try Checkpoint(path: folder.file("10")) }
    #expect(error?.description.contains("version 1") == true)
  }

  @Test func pruningKeepsTheNewestAndTheBest() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(path: folder.path)
    try FileSystem.makeFolder(run.checkpointsFolder)
    for steps in [100, 200, 900, 1000, 1100] {
      try sample(steps: steps).write(to: run.checkpoint("\(steps)"))
    }
    try run.prune(keep: 2, best: 200)
    #expect(run.checkpointSteps == [200, 1000, 1100])
    #expect(try run.latestCheckpoint() == run.checkpoint("1100"))
  }
}

@Suite struct FileSystemTests {
  @Test(arguments: [
    ("a", "", "a"), ("a/", "", "a"), ("a/b", "a", "b"), ("/a", "/", "a"), ("/", "", "/"),
    ("a//b//", "a", "b"), ("", "", ""), ("/runs/x.y/1", "/runs/x.y", "1"),
  ])
  func pathsAreSplitAtTheLastSlash(path: String, folder: String, name: String) {
    let parts = FileSystem.split(path)
    #expect(parts.folder == folder && parts.name == name)
  }

  @Test func writeReplacesWholeFiles() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Data("old".utf8), to: folder.file("f"))
    try FileSystem.write(Data("new".utf8), to: folder.file("f"))
    #expect(try folder.text("f") == "new")
    #expect(folder.contents == ["f"])
  }

  @Test func failingToWriteTellsWhyAndLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) {
      try FileSystem.write(Data(), to: folder.file("none/f"))
    }
    #expect(
      error
        == .unwritable(path: folder.file("none/f"), reason: "no such file or directory"))
    // A folder of the file's name makes the rename fail after the data is written.
    try FileSystem.makeFolder(folder.file("taken/inner"))
    #expect(throws: FileError.self) {
      try FileSystem.write(Data("x".utf8), to: folder.file("taken"))
    }
    #expect(folder.contents == ["taken"])
  }

  @Test func linksAreReplaced() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(path: folder.path)
    try FileSystem.makeFolder(run.checkpointsFolder)
    try FileSystem.link(run.checkpoint("latest"), to: "100")
    try FileSystem.link(run.checkpoint("latest"), to: "200")
    #expect(run.linkedStep("latest") == 200)
  }

  @Test func runFoldersAreNumbered() throws {
    let folder = try TemporaryFolder()
    for k in 1...3 {
      let run = try RunFolder.make(in: folder.path, environment: "walker", agent: "ppo")
      #expect(run.path == folder.file("walker-ppo-\(k)"))
    }
    #expect(throws: FileError.self) { _ = try RunFolder.make(at: folder.path) }
  }
}
