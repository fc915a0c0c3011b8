import Experiments
import Foundation
import RLSuiteTool
import Storage
import TestSupport
import Testing

/// `train --seeds`, and the verbs that take a folder of seeds.
@Suite(.serialized) struct SeedTests {
  private static let settings = [
    "--env", "cartpole-v1", "--agent", "ppo", "--steps", "6000", "--envs", "4",
    "--set", "steps-per-rollout=64", "--set", "epochs=2", "--eval-every", "2000",
    "--eval-episodes", "2", "--checkpoint-every", "512", "--probes", "weight-norm",
    "--intervention", "l2:strength=1e-4", "--perturb", "action-noise=0.01",
  ]
  private static let group =
    ["train"] + settings + ["--out", "group", "--jobs", "2", "--final-episodes", "5"]

  private func run(_ arguments: [String], _ folder: TemporaryFolder) throws -> Tool.Result {
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  /// The rows of a file of a run, by the names of their columns.
  private func rows(_ file: String, _ folder: TemporaryFolder) throws -> [[String: String]] {
    let lines = try folder.text(file).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(zip(lines[0], $0), uniquingKeysWith: { $1 }) }
  }

  private func isBusy(_ seeds: ClosedRange<Int>, _ folder: TemporaryFolder) -> Bool {
    seeds.contains { RunFolder(path: folder.file("group/seed-\($0)")).isInUse }
  }

  // MARK: - Bytes

  /// The parent is killed or interrupted again and again, and the same command given each time.
  @Test func everySeedIsThatOfASingleRunWhateverStoppedIt() throws {
    let folder = try TemporaryFolder()
    for seed in 3...5 {
      let single = try run(
        ["train"] + Self.settings + ["--seed", "\(seed)", "--out", "single-\(seed)", "--quiet"],
        folder)
      #expect(single.status == 0, "\(single.errors)")
    }
    let words = Self.group + ["--seeds", "5,3...4", "--quiet"]
    var delay: UInt32 = 20_000
    for number in [SIGKILL, SIGINT, SIGKILL, SIGTERM, SIGKILL] {
      let process = try Tool.start(words, in: folder)
      try wait("a seed") { isBusy(3...5, folder) || !process.isRunning }
      usleep(delay)
      delay = delay &* 16_807 % 200_000
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      if number == SIGKILL {
        try wait("the end of the workers, which lose their parent") { !isBusy(3...5, folder) }
      } else if process.terminationReason == .exit {
        #expect([0, 130].contains(process.terminationStatus))
        #expect(!isBusy(3...5, folder), "workers end before their parent")
      }
    }
    let result = try run(
      ["train", "--resume", "group", "--quiet", "--final-episodes", "5"], folder)
    #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
    for seed in 3...5 {
      let contents = try exactContents(of: "group/seed-\(seed)", in: folder)
      #expect(try contents == exactContents(of: "single-\(seed)", in: folder), "seed \(seed)")
      #expect(try rows("group/seed-\(seed)/final.csv", folder).count == 1)
    }
    #expect(!folder.contents.contains("group/lock.json"))
  }

  /// Starts runs that do not end by themselves, two of which have written a checkpoint.
  private func startEndless(_ folder: TemporaryFolder) throws -> Process {
    let words = Self.group.map { ["6000", "2000"].contains($0) ? "100000000" : $0 }
    let process = try Tool.start(words + ["--seeds", "1...3"], in: folder)
    let runs = (1...2).map { RunFolder(path: folder.file("group/seed-\($0)")) }
    try wait("checkpoints") {
      !process.isRunning || runs.allSatisfy { !$0.checkpointSteps.isEmpty }
    }
    return process
  }

  @Test func aParentThatIsKilledLeavesNoWorkers() throws {
    struct Owner: Decodable { let process: Int32 }
    let folder = try TemporaryFolder()
    let process = try startEndless(folder)
    let owners = try (1...2).map { seed in
      let lock = try folder.text("group/seed-\(seed)/lock.json")
      return try JSONDecoder().decode(Owner.self, from: Data(lock.utf8)).process
    }
    #expect(Set(owners + [process.processIdentifier]).count == 3)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    defer { if isBusy(1...2, folder) { for owner in owners { kill(owner, SIGKILL) } } }
    try wait("the end of the workers") { !isBusy(1...2, folder) }
  }

  /// Both seeds that train, while the third waits.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aStopWritesACheckpointOfEverySeed(number: Int32) throws {
    let folder = try TemporaryFolder()
    let process = try startEndless(folder)
    let runs = (1...2).map { RunFolder(path: folder.file("group/seed-\($0)")) }
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    for (seed, run) in zip(1...2, runs) {
      let manifest = try folder.text("group/seed-\(seed)/manifest.json")
      #expect(manifest.contains("\"outcome\" : \"interrupted\""))
      let last = try #require(run.checkpointSteps.last)
      #expect(
        try rows("group/seed-\(seed)/metrics.csv", folder).last?["steps"] == "\(last)",
        "no iteration was lost")
    }
    #expect(!FileSystem.exists(folder.file("group/seed-3")))
    #expect(try folder.text("stdout").hasSuffix("train --resume group\n"))
  }

  // MARK: - Tables

  /// Every number of the table, from the files of the runs.
  @Test func theTableIsThatOfTheFiles() throws {
    let folder = try TemporaryFolder()
    let result = try run(Self.group + ["--seeds", "1...4", "--json"], folder)
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.count { $0.contains("\"event\":\"evaluation\"") } == 4 * 3)
    #expect(!result.output.contains("progress"))
    let table = try #require(
      try JSONSerialization.jsonObject(with: Data((lines.last ?? "").utf8)) as? [String: Any])
    let seeds = try #require(table["seeds"] as? [[String: Any]])
    var finals: [Double] = []
    for (seed, row) in zip(1...4, seeds) {
      let means = try rows("group/seed-\(seed)/evaluations.csv", folder).compactMap {
        Double($0["mean-return"] ?? "")
      }
      let final = try rows("group/seed-\(seed)/final.csv", folder)[0]
      let returns = (final["returns"] ?? "").split(separator: " ").compactMap { Double($0) }
      let seconds = try rows("group/seed-\(seed)/timing.csv", folder).last?["seconds"]
      #expect(means.count == 3 && returns.count == 5)
      #expect(row["best"] as? Double == means.max() && row["last"] as? Double == means.last)
      #expect(row["final"] as? Double == returns.reduce(0, +) / 5)
      #expect(row["seconds"] as? Double == Double(seconds ?? ""))
      #expect(row["seed"] as? Int == seed && row["state"] as? String == "finished")
      finals.append(returns.reduce(0, +) / 5)
    }
    finals.sort()
    let summary = try #require(table["final"] as? [String: Any])
    // Of four, one falls away at each end.
    #expect(abs((summary["iqm"] as? Double ?? 0) - (finals[1] + finals[2]) / 2) < 1e-9)
    let interval = try #require(summary["interval-95"] as? [Double])
    #expect(interval[0] >= finals[0] && interval[0] <= finals[2] && interval[1] >= finals[1])
    #expect(table["solved-seeds"] as? Int == finals.count { $0 >= 475 })

    // What is done is shown again at once, and more seeds can be added.
    let again = try run(Self.group + ["--seeds", "2...5"], folder)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.output.contains("seed 2: done before\n"), "\(again.output)")
    #expect(again.output.contains("seed 5: final "), "\(again.output)")
    #expect(again.output.contains("\nIQM            "), "\(again.output)")
    #expect(again.output.contains("final mean return of at least 475: "), "\(again.output)")
    #expect(try folder.text("group/seeds.json").contains("5"))
    try compare(folder)
    try evaluateAndTest(folder)
  }

  /// The same groups, by `evaluate` and `stress`.
  private func evaluateAndTest(_ folder: TemporaryFolder) throws {
    let words = ["evaluate", "group", "--episodes", "5", "--deterministic"]
    let text = try run(words + ["--min-return", "1", "--junit", "junit.xml"], folder)
    #expect(text.status == 0, "\(text.errors)")
    let finals = try (1...5).compactMap { seed in
      Double(try rows("group/seed-\(seed)/final.csv", folder)[0]["mean-return"] ?? "")
    }
    let middle = finals.sorted()[1...3].reduce(0, +) / 3
    #expect(
      text.output.contains("deterministic: IQM of 5 runs \(String(format: "%.2f", middle)), 95 %"),
      "\(text.output)")
    #expect(try folder.text("junit.xml").contains("classname=\"seed-3.cartpole-v1.deterministic\""))
    let json = try run(words + ["--json", "--min-return", "1000"], folder)
    #expect(json.status == 1 && json.errors.contains("seed-5: deterministic mean return"))
    #expect(json.output.split(separator: "\n").count == 6)
    let stress = try run(
      ["stress", "group", "--grid", "gravity=9..10:2", "--episodes", "2", "--out", "tests"], folder)
    #expect(stress.status == 0 && stress.output.contains("\nIQM "), "\(stress.errors)")
    #expect(FileSystem.exists(folder.file("tests/seed-4/cells.csv")))
  }

  /// The groups of the test above, by `compare`.
  private func compare(_ folder: TemporaryFolder) throws {
    let words = ["compare", "all=group", "group/seed-1,group/seed-2", "--score", "last"]
    let text = try run(words, folder)
    #expect(text.status == 0, "\(text.errors)")
    let last = try (1...5).compactMap { seed in
      Double(try rows("group/seed-\(seed)/evaluations.csv", folder).last?["mean-return"] ?? "")
    }
    let middle = last.sorted()[1...3].reduce(0, +) / 3
    #expect(text.output.contains(String(format: "all                        5     %.1f (", middle)))
    #expect(text.output.contains("all over group/seed-1,group/seed-2"), "\(text.output)")
    #expect(text.output.contains("no interval for fewer than 3 runs"))
    let csv = try run(words + ["--csv"], folder).output.split(separator: "\n")
    #expect(csv.first == "group,other,score,statistic,value,low,high,runs")
    #expect(csv.count == 1 + 2 * 4 + 1)
    let wins = last.reduce(0.0) { sum, mine in
      last.prefix(2).reduce(sum) { $0 + (mine > $1 ? 1 : mine == $1 ? 0.5 : 0) }
    }
    #expect(
      csv.last
        == "all,\"group/seed-1,group/seed-2\",last,probability-of-improvement,\(wins / 10),,,7")
    let json = try run(words + ["--json"], folder)
    #expect(json.output.contains("\"environments\":[\"cartpole-v1\"]"), "\(json.output)")
  }

  // MARK: - Bad input

  @Test(arguments: [
    (["--seeds", "5...1"], "write 1...5 for 5...1"), (["--seeds", "1..5"], "ranges such as 1...5"),
    (["--seeds", ""], "ranges such as"), (["--seeds", "1,1"], "has seed 1 twice"),
    (["--seeds", "-1"], "ranges such as"), (["--seeds", "1...2000"], "at most 1000 seeds"),
    (["--seeds", "1", "--seed", "2"], "--seed and --seeds can't be combined"),
    (["--jobs", "2"], "--jobs needs --seeds"),
    (["--seeds", "1", "--jobs", "0"], "--jobs must lie"),
    (["--seeds", "1", "--resume", "x"], "--seeds can't be combined with --resume"),
    (["--seeds", "1", "--final-episodes", "-1"], "--final-episodes must lie"),
    (["--seeds", "1", "--set", "learning-rat=1"], "did you mean 'learning-rate'"),
  ])
  func argumentsAreRefused(words: [String], reason: String) throws {
    let folder = try TemporaryFolder()
    let result = try run(["train"] + Self.settings + words, folder)
    #expect(result.status == 64 && result.errors.contains(reason), "\(result.errors)")
    #expect(folder.contents == ["stderr", "stdout"])
  }

  /// One seed's folder is damaged: it is a sentence, and the other is trained.
  @Test func aSeedThatFailsCostsNoOther() throws {
    let folder = try TemporaryFolder()
    let words = Self.group + ["--seeds", "1,2"]
    try FileSystem.makeFolder(folder.file("group"))
    try FileSystem.write(Data("x".utf8), to: folder.file("group/notes"))
    let other = try run(words, folder)
    #expect(other.status == 74 && other.errors.contains("contains no runs of 'train --seeds'"))
    try FileSystem.remove(folder.file("group"))
    try FileSystem.makeFolder(folder.file("group/seed-1"))
    try FileSystem.write(Data("steps: x".utf8), to: folder.file("group/seed-1/config.yaml"))
    try FileSystem.rename(folder.file("group/seed-1"), to: folder.file("damaged"))
    #expect(try run(words + ["--quiet"], folder).status == 0)
    try FileSystem.remove(folder.file("group/seed-1"))
    try FileSystem.rename(folder.file("damaged"), to: folder.file("group/seed-1"))
    let result = try run(words, folder)
    #expect(result.status == 65 && result.errors.contains("rlsuite: seed 1: "), "\(result.errors)")
    #expect(result.output.contains("\n2     "), "\(result.output)")
    let compared = try run(["compare", "group"], folder)
    #expect(compared.status == 65 && compared.output.contains("group  1     "))
    // A run that has just begun.
    try FileManager.default.copyItem(
      atPath: folder.file("group/seed-2"), toPath: folder.file("young"))
    for file in ["evaluations.csv", "final.csv"] {
      try FileSystem.remove(folder.file("young/\(file)"))
    }
    let young = try run(["compare", "young", "group"], folder)
    #expect(young.status == 65 && young.output.contains("group  1     "), "\(young.output)")
    #expect(young.errors.contains("young can't be read: it has no evaluation yet"))
    let settings = try run(words + ["--set", "discount=0.5"], folder)
    #expect(settings.status == 64 && settings.errors.contains("and here it is 0.5; choose another"))
    try FileSystem.write(Data("{}".utf8), to: folder.file("group/seeds.json"))
    #expect(try run(words, folder).status == 65, "the file of seeds is damaged")
    #expect(try run(["compare", "none"], folder).status == 66)
    #expect(try run(["compare", "group", "--scale", "walker=1..2"], folder).status == 64)
  }
}
