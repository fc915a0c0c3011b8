import Foundation
import Storage
import TestSupport
import Testing

/// Adversaries, attacks, impulses and certificates of the verb `stress`.
@Suite struct StressOpponentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func stress(_ arguments: [String]) throws -> Tool.Result {
    let process = try Tool.start(["stress"] + arguments, in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private struct Report: Decodable {
    struct Row: Decodable {
      var name: String
      var mean: Double
    }
    struct Impulse: Decodable { var magnitude: Double }
    struct Certificate: Decodable {
      struct Bound: Decodable {
        var budget: Double
        var mean: Double
      }
      var mean: Double
      var bounds: [Bound]
    }
    var nominal: Row
    var attacks: [Row]
    var adversaries: [Row]
    var impulse: Impulse?
    var certificate: Certificate?
  }

  private static let cart = ["cartpole-linear", "--env", "cartpole-v1"]

  @Test func everythingIsReported() throws {
    let words =
      Self.cart + [
        "-n", "4", "--attack", "random:0.2", "--attack", "random:0.05", "--impulse", "5",
        "--certify", "0.1", "--floor", "0", "--certify-episodes", "100", "--adversary", "3000",
        "--adversary-seeds", "2", "--out", "test",
      ]
    let result = try stress(words + ["--json"])
    #expect(result.status == 0, "\(result.errors)")
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    #expect(report.attacks.map(\.name) == ["attack random:0.2", "attack random:0.05"])
    #expect(report.attacks[0].mean < report.nominal.mean)
    #expect(
      report.adversaries.map(\.name)
        == ["adversary of 3,000 steps, seed 1", "adversary of 3,000 steps, seed 2"])
    let magnitude = try #require(report.impulse?.magnitude)
    #expect((0...1).contains(magnitude))
    let certificate = try #require(report.certificate)
    #expect(certificate.bounds[0].mean <= certificate.mean)
    #expect(
      zip(certificate.bounds, certificate.bounds.dropFirst()).allSatisfy { $0.mean >= $1.mean })
    let file = try folder.text("test/attacks.json")
    let plain = try stress(words + ["--threads", "1"])
    #expect(try folder.text("test/attacks.json") == file, "whatever the threads")
    for line in [
      "opponent", "none", "attack random:0.2", "largest impulse of 5 steps", "certificate",
    ] {
      #expect(plain.output.lines.contains { $0.hasPrefix(line) }, "\(line): \(plain.output)")
    }
  }

  @Test func gatesDecideTheExitCode() throws {
    let words = Self.cart + ["-n", "2", "--attack", "random:0.1", "--impulse", "2"]
    #expect(try stress(words + ["--min-attack", "1", "--min-impulse", "0"]).status == 0)
    let missed = try stress(words + ["--min-attack", "501", "--junit", "report.xml"])
    #expect(
      missed.status == 1 && missed.errors.contains("is below --min-attack 501"), "\(missed.errors)")
    #expect(try folder.text("report.xml").contains("failures=\"1\""))
    let both = try stress(
      words + ["--grid", "force=5..15:2", "--out", "grid", "--min-worst", "501"])
    #expect(both.status == 1 && both.errors.contains("is below --min-worst 501"))
    #expect(folder.contents.contains("grid"))
    #expect(FileSystem.exists(folder.file("grid/attacks.json")))
    #expect(FileSystem.exists(folder.file("grid/cells.csv")))
  }

  @Test(arguments: [
    (["--attack", "random"], "attack 'random' must be random:SIZE, gradient:SIZE"),
    (["--attack", "gradient:0.1"], "needs the gradient of a multilayer perceptron"),
    (["--impulse", "0"], "the impulse's steps must be at least 1 and are 0"),
    (["--impulse", "501"], "episodes of cartpole-v1 have at most 500 steps"),
    (["--impulse", "5", "--survival", "2"], "survival must lie in 0...1, above 0, and is 2"),
    (["--certify", "0.1"], "--certify needs --floor"),
    (["--certify", "0.1", "--floor", "0", "--certify-episodes", "5"], "at least 20 episodes"),
    (["--floor", "0", "--impulse", "5"], "--floor needs --certify"),
    (["--adversary", "0"], "the adversary's steps must lie in 1...1000000000 and are 0"),
    (["--adversary", "100", "--adversary-strength", "2"], "adversary-strength must lie in 0...1"),
    (["--adversary", "100", "--adversary-seeds", "0"], "--adversary-seeds must lie in 1...100"),
    (["--impulse", "5", "--min-worst", "1"], "--min-worst needs --grid or --samples"),
    (["--impulse", "5", "--min-attack", "1"], "--min-attack needs --attack"),
    (["--impulse", "5", "-n", "0"], "episodes must lie in 1...10000000 and is 0"),
  ]) func mistakesAreRefused(extra: [String], words: String) throws {
    let result = try stress(Self.cart + extra + ["--out", "test"])
    #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
    #expect(!FileSystem.exists(folder.file("test")))
  }

  @Test func aPortIsNeeded() throws {
    for option in [["--adversary", "1000"], ["--impulse", "3"]] {
      let result = try stress(["zero", "--env", "diagnostic-two-goals"] + option)
      #expect(result.status == 64 && result.errors.contains("has no disturbance"), "\(option)")
    }
  }
}
