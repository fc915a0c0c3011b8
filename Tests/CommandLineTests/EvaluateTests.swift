import Experiments
import Foundation
import Recording
import Storage
import TestSupport
import Testing

/// What `evaluate` says of a policy, and how it judges one.
@Suite struct EvaluateTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func evaluate(_ words: String...) throws -> Tool.Result {
    let process = try Tool.start(["evaluate"] + words, in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private func object(_ text: some StringProtocol) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any])
  }

  /// A policy of a run that has hardly learnt, so that many episodes fail.
  private func train(_ more: String...) throws {
    let words = [
      "train", "--env", "cartpole-v1", "--agent", "ppo", "--steps", "3000", "--eval-every", "1000",
      "--eval-episodes", "2", "--out", "run", "--quiet",
    ]
    let process = try Tool.start(words + more, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 0, "\(errors)")
  }

  // MARK: What is shown

  /// The mean lies in the interval beside it, in a table that a terminal can hold.
  @Test func theTableShowsTheMeanInItsInterval() throws {
    try train()
    let result = try evaluate("run", "--episodes", "30")
    #expect(result.status == 0, "\(result.errors)")
    let lines = result.output.split(separator: "\n").dropFirst()
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(lines.first?.contains("deterministic") == true)
    func cells(_ label: String) throws -> [Double] {
      let line = try #require(lines.first { $0.hasPrefix(label) }, "\(label)")
      return line.dropFirst(label.count).split(separator: " ").compactMap { Double($0) }
    }
    let (means, bounds) = try (
      cells("mean return"), cells("95 % interval over episodes of this policy")
    )
    try #require(means.count == 2 && bounds.count == 4)
    for mode in 0..<2 {
      #expect(bounds[2 * mode] < means[mode] && means[mode] < bounds[2 * mode + 1])
    }
    for label in ["minimum", "5 % quantile", "median", "solved, a return of at least 475", "fell"] {
      #expect(try cells(label).count == 2, "\(label)")
    }
    #expect(!result.output.contains("IQM") && !result.output.contains("success"))
  }

  @Test func oneEpisodeSaysNothingOfOthers() throws {
    let result = try evaluate("cartpole-linear", "--episodes", "1")
    let dashes = result.output.split(separator: "\n").filter { $0.hasSuffix(" -") }
    #expect(
      dashes.map { $0.split(separator: "  ")[0] }
        == ["95 % interval over episodes of this policy", "standard deviation", "5 % quantile"])
    let report = try object(evaluate("cartpole-linear", "--episodes", "1", "--json").output)
    for key in ["mean-interval-95", "std", "quantile-5"] { #expect(report[key] == nil, "\(key)") }
    #expect(report["median"] as? Double == 500)
  }

  /// Shares add up, and success has an interval of its own.
  @Test func jsonHoldsEverything() throws {
    let report = try object(evaluate("quadcopter-cascade", "--episodes", "20", "--json").output)
    let ends = try #require(report["ends"] as? [String: Double])
    #expect(Set(ends.keys) == ["fell", "out of bounds", "time limit"])
    #expect(abs(ends.values.reduce(0, +) - 1) < 1e-12)
    let interval = try #require(report["success-interval-95"] as? [Double])
    let rate = try #require(report["success-rate"] as? Double)
    #expect(interval.count == 2 && interval[0] < rate && rate <= interval[1])
    #expect((report["episode-ends"] as? [String])?.count == 20)
    #expect(report["iqm"] == nil && report["gates"] == nil)
    let mean = try #require(report["mean"] as? Double)
    let bounds = try #require(report["mean-interval-95"] as? [Double])
    #expect(bounds[0] < mean && mean < bounds[1])
  }

  /// The walker that passes the flag succeeds; one that falls or stands still does not.
  @Test func theWalkersGoalIsASuccess() throws {
    let report = try object(
      evaluate("walker-heuristic", "--episodes", "12", "--json", "--threads", "2").output)
    let ends = try #require(report["episode-ends"] as? [String])
    let reached = ends.count { $0 == "goal reached" }
    #expect(reached > 0 && reached < 12)
    #expect(report["success-rate"] as? Double == Double(reached) / 12)
  }

  // MARK: Gates

  @Test func aGateJudgesTheMostLikelyActionsAlone() throws {
    try train()
    let low = try evaluate("run", "--episodes", "5", "--min-return", "1")
    #expect(low.status == 0 && !low.output.contains("stochastic"), "\(low.errors)")
    let high = try evaluate("run", "--episodes", "5", "--min-return", "501", "--json")
    #expect(high.status == 1 && high.output.split(separator: "\n").count == 1)
    #expect(high.errors.hasPrefix("rlsuite: deterministic mean return "))
    #expect(high.errors.hasSuffix(" is below --min-return 501\n"))
    let report = try object(high.output)
    let gate = try #require((report["gates"] as? [[String: Any]])?.first)
    #expect(gate["gate"] as? String == "min-return" && gate["threshold"] as? Double == 501)
    #expect(gate["passes"] as? Bool == false)
    #expect(gate["value"] as? Double == report["mean"] as? Double)
    let both = try evaluate(
      "run", "--episodes", "5", "--min-return", "501", "--deterministic", "--stochastic")
    #expect(both.status == 1 && both.errors.contains("and stochastic mean return"))
    #expect(try evaluate("run", "--episodes", "5", "--min-return", "1", "--stochastic").status == 0)
  }

  /// The lower end is judged, which 20 episodes with one fall don't reach although their mean does.
  @Test func theLowerEndIsAGateOfItsOwn() throws {
    let words = ["quadcopter-cascade", "--episodes", "20", "--json"]
    let report = try object(evaluate(words[0], words[1], words[2], words[3]).output)
    let mean = try #require(report["mean"] as? Double)
    let bound = try #require(report["mean-interval-95"] as? [Double])[0]
    let between = "\((mean + bound) / 2)"
    func status(_ gate: String, _ threshold: String) throws -> Int32 {
      try evaluate("quadcopter-cascade", "--episodes", "20", gate, threshold).status
    }
    #expect(try status("--min-return", between) == 0)
    #expect(try status("--min-lower-bound", between) == 1)
    #expect(try status("--min-lower-bound", "\(bound)") == 0)
    #expect(try status("--min-success", "0.9") == 0)
    // No 20 episodes can show that 95 % succeed: Wilson's interval of 20 of 20 begins at 0.84.
    #expect(try status("--min-success-lower-bound", "0.95") == 1)
    #expect(try folder.text("stderr").contains("lower bound of the success rate"))
  }

  @Test(arguments: [
    (["cartpole-linear", "--min-success", "0.5"], "does not say which episodes succeed"),
    (["quadcopter-cascade", "--min-success", "95"], "for 95 % write 0.95"),
    (["quadcopter-cascade", "--min-return", "nan"], "--min-return must be a finite number"),
    (["quadcopter-cascade", "-n", "1", "--min-lower-bound", "3"], "needs at least 2 episodes"),
    (["pendulum-energy", "--record-failures", "failures"], "needs --min-return"),
  ])
  func impossibleGatesAreRefused(words: [String], sentence: String) throws {
    let process = try Tool.start(["evaluate"] + words, in: folder)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
    #expect(try folder.text("stderr").contains(sentence))
    #expect(try folder.text("stdout").isEmpty)
  }

  // MARK: Files

  @Test func verdictsAndFailuresAreKept() throws {
    try train()
    let result = try evaluate(
      "run", "--episodes", "6", "--min-return", "501", "--min-lower-bound", "2",
      "--summary", "results/deep/summary.json", "--junit", "results/report.xml",
      "--record-failures", "results/failures")
    #expect(result.status == 1, "\(result.errors)")
    let summary = try object(folder.text("results/deep/summary.json"))
    #expect(summary["passes"] as? Bool == false && summary["first-seed"] as? Int == 0)
    let mode = try #require((summary["modes"] as? [[String: Any]])?.first)
    let gates = try #require(mode["gates"] as? [[String: Any]])
    #expect(gates.map { $0["passes"] as? Bool } == [false, true])
    #expect(gates.map { $0["threshold"] as? Double } == [501, 2])
    let report = try folder.text("results/report.xml")
    #expect(report.matches(of: /<testcase\b/).count == 3, "finite results, and two gates")
    #expect(report.matches(of: /<failure message="[^"]* is below --min-return 501"\/>/).count == 1)
    #expect(report.contains("<testsuites tests=\"3\" failures=\"1\">"))
    // No return is above 500, so every episode is a failure; the recordings are those episodes.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("results/failures"))
    #expect(names.sorted() == (0..<6).map { "cartpole-v1-ppo-seed\($0).rlrec" })
    let returns = try #require(mode["returns"] as? [Double])
    for (seed, episodeReturn) in returns.enumerated() {
      let path = folder.file("results/failures/cartpole-v1-ppo-seed\(seed).rlrec")
      #expect(try RecordingReader(path: path).totalReward == episodeReturn)
    }
    let replayed = try Tool.run(
      "replay", "--verify", "results/failures/cartpole-v1-ppo-seed3.rlrec", in: folder)
    #expect(replayed.status == 0, "\(replayed.errors)")
    #expect((mode["failures"] as? [[String: Any]])?.count == 6)
  }

  @Test func successfulEpisodesAreNotRecorded() throws {
    let result = try evaluate(
      "cartpole-linear", "--episodes", "4", "--record-failures", "failures", "--junit", "a.xml")
    #expect(result.status == 0 && result.output.contains("no failing episodes to record"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("failures")).isEmpty)
    #expect(try folder.text("a.xml").contains("failures=\"0\""))
  }

  @Test func namesAreEscapedInReports() throws {
    try train()
    let best = try FileSystem.read(folder.file("run/checkpoints/best/policy.safetensors"))
    try FileSystem.write(best, to: folder.file("a&b<\"c\">"))
    _ = try evaluate("a&b<\"c\">", "--episodes", "2", "--junit", "a.xml", "--deterministic")
    #expect(try folder.text("a.xml").contains("name=\"evaluate a&amp;b&lt;&quot;c&quot;&gt;\""))
  }

  @Test func unwritableFilesAreNoticedBeforeTheEpisodes() throws {
    try FileSystem.makeFolder(folder.file("taken"))
    let result = try evaluate("cartpole-linear", "--summary", "taken")
    #expect(result.status == 74 && result.output.isEmpty && result.errors.contains("taken"))
  }

  // MARK: Progress

  /// Silent elsewhere; on a terminal a line counts the episodes.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func terminalsSeeTheProgress() throws {
    let plain = try evaluate("cartpole-linear", "--episodes", "3")
    #expect(plain.errors.isEmpty)
    let process = try Tool.start(
      [
        "-qec", "\(Tool.program.path) evaluate cartpole-linear --episodes 3 --json >json",
        "/dev/null",
      ], in: folder, program: "/usr/bin/script")
    process.waitUntilExit()
    #expect(try folder.text("stdout").contains("deterministic: 0 of 3 episodes"))
    #expect(try !folder.text("json").contains("0 of 3"))
  }
}
