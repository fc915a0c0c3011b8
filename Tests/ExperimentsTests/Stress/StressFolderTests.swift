import Environments
import Experiments
import Foundation
import RLCore
import Robustness
import Storage
import TestSupport
import Testing
import Training

/// Stress tests that are stopped, damaged and continued.
@Suite struct StressFolderTests {
  private let registry: Registry
  private let folder: TemporaryFolder

  init() throws {
    var registry = Registry.standard
    try registry.add(RegisteredEnvironment(Payment.self))
    self.registry = registry
    folder = try TemporaryFolder()
  }

  private func makeTest(_ grid: String = "pay=0..2:5", episodes: Int = 4) throws -> StressTest {
    let policy = try StoredPolicy("zero", environment: "payment", registry: registry)
    return try StressTest(
      policy, over: ConditionGrid(parsing: [grid], in: policy.environment), episodes: episodes)
  }

  private func run(_ name: String, stopAfter cells: Int = .max) throws -> StressResult? {
    try StressFolder(makeTest(), at: folder.file(name)).run(threads: 1) {
      $0.finishedCells < cells
    }
  }

  @Test func aStoppedTestContinuesExactly() throws {
    let whole = try #require(try run("whole"))
    #expect(try run("parts", stopAfter: 2) == nil)
    #expect(try folder.text("parts/cells.jsonl").lines.count == 2)
    let test = try makeTest()
    #expect(try StressFolder(test, at: folder.file("parts")).finishedCells == 2)
    // As a process leaves it that was killed while it wrote.
    let text = try folder.text("parts/cells.jsonl") + "{\"cell\":4,\"failu"
    try FileSystem.write(Data(text.utf8), to: folder.file("parts/cells.jsonl"))
    #expect(try run("parts", stopAfter: 4) == nil)
    #expect(try run("parts") == whole)
    for file in ["cells.jsonl", "test.json"] {
      #expect(try folder.text("parts/\(file)") == folder.text("whole/\(file)"))
    }
    // A finished one runs nothing.
    var episodes = 0
    let again = try StressFolder(test, at: folder.file("whole")).run { _ in
      episodes += 1
      return true
    }
    #expect(again == whole && episodes == 0)
  }

  @Test func returnsThatAreNotFiniteAreKept() throws {
    _ = try run("first", stopAfter: 1)
    let cell =
      "{\"cell\":2,\"failures\":0,\"lengths\":[1,1,1,1],\"returns\":[\"nan\",\"1.5\","
      + "\"-inf\",\"0.1\"],\"successes\":0}\n"
    let text = try folder.text("first/cells.jsonl") + cell
    try FileSystem.write(Data(text.utf8), to: folder.file("first/cells.jsonl"))
    let result = try #require(try run("first"))
    #expect(result.cells[2].returns[0].isNaN && result.cells[2].returns[2] == -.infinity)
    #expect(result.notFinite == 2 && result.worst == 2)
    #expect(try folder.text("first/cells.jsonl").contains(cell))
  }

  @Test func otherTestsAndDamagesAreRefused() throws {
    _ = try run("first", stopAfter: 2)
    for test in [try makeTest("pay=0..1:5"), try makeTest(episodes: 5)] {
      let error = #expect(throws: FileError.self) {
        try StressFolder(test, at: folder.file("first"))
      }
      #expect(error?.description.contains("it contains another stress test") == true)
    }
    try FileSystem.makeFolder(folder.file("other"))
    try FileSystem.write(Data("x".utf8), to: folder.file("other/notes.txt"))
    let foreign = #expect(throws: FileError.self) {
      try StressFolder(makeTest(), at: folder.file("other"))
    }
    #expect(foreign?.description.contains("contains no stress test") == true)
    let good = try folder.text("first/cells.jsonl")
    for line in [
      "{}",
      "{\"cell\":5,\"failures\":0,\"lengths\":[1,1,1,1],\"returns\":[\"1\",\"1\",\"1\",\"1\"]}",
      "{\"cell\":1,\"failures\":0,\"lengths\":[1,1,1],\"returns\":[\"1\",\"1\",\"1\"],\"successes\":0}",
      "{\"cell\":1,\"failures\":0,\"lengths\":[1,1,1,1],\"returns\":[\"1\",\"x\",\"1\",\"1\"],"
        + "\"successes\":0}",
    ] {
      try FileSystem.write(Data((good + line + "\n").utf8), to: folder.file("first/cells.jsonl"))
      let error = #expect(throws: FileError.self) {
        try StressFolder(makeTest(), at: folder.file("first"))
      }
      #expect(error?.description.contains("line 3") == true, "\(error?.description ?? "")")
    }
  }

  @Test func oneProcessAtATime() throws {
    let first = try StressFolder(makeTest(), at: folder.file("first"))
    #expect(throws: FileError.self) { try StressFolder(makeTest(), at: folder.file("first")) }
    first.removeIfEmpty()
    #expect(!FileSystem.exists(folder.file("first")))
  }
}
