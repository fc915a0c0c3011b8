import Experiments
import Foundation
import Storage
import TestSupport
import Testing
import Training

/// Folders of runs with several seeds, read for tables and reports.
@Suite struct RunGroupTests {
  private let folder: TemporaryFolder

  /// Trains a short run, which is copied and changed for the others.
  init() throws {
    folder = try TemporaryFolder()
    var experiment = try Experiment(environment: "cartpole-v1", agent: "ppo")
    for (key, value) in [
      ("steps", 1536), ("evaluation.every", 512), ("evaluation.episodes", 2),
      ("steps-per-rollout", 64),
    ] {
      try experiment.set(key, to: value)
    }
    for seed in [10, 9] {
      try experiment.set("seed", to: seed)
      try experiment.start(in: folder.file("group/seed-\(seed)"), threads: 1).train()
    }
  }

  private func copy(_ name: String, to copy: String) throws {
    try FileManager.default.copyItem(atPath: folder.file(name), toPath: folder.file(copy))
  }

  /// Replaces text in a file of the group.
  private func edit(_ name: String, _ text: String, _ replacement: String) throws {
    let path = folder.file("group/\(name)")
    let old = try FileSystem.readText(path)
    try #require(old.contains(text), "\(name) has no \(text)")
    try FileSystem.write(Data(old.replacing(text, with: replacement).utf8), to: path)
  }

  private func group(_ names: String...) throws -> RunGroup {
    try RunGroup(names.map(folder.file))
  }

  @Test func aFolderOfSeedsIsReadInTheirOrder() throws {
    let group = try group("group")
    #expect(group.problems.isEmpty && group.environments == ["cartpole-v1"])
    #expect(group.runs.map(\.seed) == [9, 10], "by number, not by name")
    for run in group.runs {
      #expect(run.state == .finished && run.final == nil && run.seconds > 0)
      #expect(run.evaluations.map(\.steps) == [512, 1024, 1536])
      let means = run.evaluations.map(\.mean)
      #expect(run.best?.mean == means.max() && run.last?.mean == means.last)
      #expect(abs(try #require(run.meanOfEvaluations) - means.reduce(0, +) / 3) < 1e-12)
      let last = try #require(run.last)
      #expect(last.mean == last.returns.reduce(0, +) / 2 && last.lengths.count == 2)
      #expect(last.seeds.first == 1 << 40 && last.successRate == nil)
      #expect(try run.metrics().numbers("steps") == [512, 1024, 1536])
      #expect(try run.timing().numbers("seconds")?.last == run.seconds)
    }
    #expect(try self.group("group/seed-9", "group/seed-10").runs.count == 2, "a list is a group")
    #expect(try self.group("group/seed-9").runs.count == 1)
    #expect(throws: FileError.missing(path: folder.file("none"))) { try self.group("none") }
  }

  /// Each bad run is one sentence, and the others are read.
  @Test func badRunsAreSentences() throws {
    for seed in 1...6 { try copy("group/seed-10", to: "group/seed-\(seed)") }
    for seed in 1...6 where seed != 3 {
      try edit("seed-\(seed)/config.yaml", "seed: 10", "seed: \(seed)")
    }
    try edit("seed-1/config.yaml", "gae-lambda:", "gae-lambd:")
    let rows = try FileSystem.readText(folder.file("group/seed-2/evaluations.csv"))
    try FileSystem.write(
      Data(rows.dropLast(9).utf8), to: folder.file("group/seed-2/evaluations.csv"))
    try edit("seed-4/manifest.json", "\"version\" : 1", "\"version\" : 2")
    try edit("seed-5/config.yaml", "learning-rate: 0.001", "learning-rate: 0.01")
    try edit("seed-6/evaluations.csv", "1024,deterministic", "1024,determined")
    try FileSystem.makeFolder(folder.file("group/seed-7"))
    let group = try group("group")
    #expect(group.runs.map(\.seed) == [9, 10])
    let sentences = group.problems.map(\.description)
    let expected = [
      ("seed-1/config.yaml", "gae-lambd"), ("seed-2/evaluations.csv", "its last row is cut off"),
      ("seed-4/manifest.json", "it is of version 2, and this program reads 1"),
      ("seed-6/evaluations.csv", "its row 2 is no evaluation"),
      ("seed-7", "it is not the folder of a run"), ("seed-3", "it has seed 10, as"),
      ("seed-5", "settings.learning-rate is 0.001: here it is 0.01"),
    ]
    #expect(sentences.count == expected.count, "\(sentences)")
    for (file, reason) in expected {
      #expect(sentences.contains { $0.contains(file) && $0.contains(reason) }, "\(sentences)")
    }
  }

  @Test func aFolderWithoutRunsIsSaidSo() throws {
    try FileSystem.makeFolder(folder.file("empty"))
    let group = try group("empty", "group")
    #expect(group.runs.count == 2)
    #expect(
      group.problems.map(\.description) == [
        "\(folder.file("empty")) can't be used here: it is neither the folder of a run nor one of several runs"
      ])
  }

  /// A process that trains has written a part of a row.
  @Test func aRowThatIsBeingWrittenIsLeftOut() throws {
    let path = folder.file("group/seed-9")
    let lock = try FileLock("\(path)/lock.json", protecting: path)
    try edit("seed-9/evaluations.csv", "\n1536,", "\n15")
    let rows = try FileSystem.readText("\(path)/evaluations.csv")
    try FileSystem.write(Data(rows.dropLast(5).utf8), to: "\(path)/evaluations.csv")
    let run = try RunResults(path)
    #expect(run.isRunning && run.evaluations.map(\.steps) == [512, 1024])
    lock.release()
    #expect(throws: FileError.self) { try RunResults(path) }
  }

  @Test func groupsDifferInTheirSettings() throws {
    try copy("group", to: "other")
    for seed in [9, 10] {
      let path = folder.file("other/seed-\(seed)/config.yaml")
      let yaml = try FileSystem.readText(path).replacing(
        "learning-rate: 0.001", with: "learning-rate: 0.01")
      try FileSystem.write(Data(yaml.utf8), to: path)
    }
    let differences = RunGroup.differences([try group("group"), try group("other")])
    #expect(differences.map(\.key) == ["settings.learning-rate"])
    #expect(differences.first?.values == ["0.001", "0.01"])
  }

  /// Three runs against others of the same seeds, of which only one has other scores.
  @Test func runsOfTheSameSeedAreCompared() throws {
    try copy("group/seed-9", to: "group/seed-11")
    try edit("seed-11/config.yaml", "seed: 9", "seed: 11")
    try copy("group", to: "other")
    try FileSystem.remove(folder.file("other/seed-9/evaluations.csv"))
    try copy("group/seed-10/evaluations.csv", to: "other/seed-9/evaluations.csv")
    let groups = [try group("group"), try group("other"), try group("group/seed-9")]
    let comparison = try RunComparison(groups, score: .last, resamples: 1000)
    let scores = groups[0].runs.compactMap(\.last?.mean)
    let difference = try #require(comparison.pairs[0].pairedDifference)
    #expect(abs(difference.mean.value - (scores[0] - scores[1]) / 3) < 1e-9)
    #expect(difference.count == 3 && difference.wins == (scores[0] > scores[1] ? 2 : 1))
    let interval = try #require(difference.mean.interval)
    // A third of the resamples of three pairs lacks the one that differs.
    let ends = [0, scores[0] - scores[1]].sorted()
    #expect(interval.lowerBound == ends[0] && interval.upperBound == ends[1])
    // Fewer seeds are not the same seeds.
    #expect(comparison.pairs[1].pairedDifference == nil)
    #expect(comparison.pairs[2].pairedDifference == nil)
  }
}
