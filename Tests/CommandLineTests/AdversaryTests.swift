import Foundation
import Storage
import TestSupport
import Testing

/// A run's adversaries against policies, in evaluations and recordings.
@Suite struct AdversaryTests {
  private func train(_ agent: String, _ more: String..., in folder: TemporaryFolder) throws {
    let process = try Tool.start(
      [
        "train", "--env", "cartpole-swingup", "--agent", agent, "--steps", "3000", "--envs", "4",
        "--set", "steps-per-rollout=50", "--eval-episodes", "1", "--quiet", "--out", agent,
      ] + more, in: folder)
    process.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(process.terminationStatus == 0, "\(errors)")
  }

  @Test func adversariesAreEvaluatedAndRecorded() throws {
    let folder = try TemporaryFolder()
    try train(
      "rap", "--set", "population=2", "--set", "adversary-strength=1", "--set", "adversary-ramp=0",
      "--set", "adversary.ppo.minibatch-size=50", "--record-every", "1", in: folder)
    func returns(_ arguments: String...) throws -> String {
      let process = try Tool.start(
        ["evaluate", "rap", "-n", "2", "--deterministic", "--json"] + arguments, in: folder)
      process.waitUntilExit()
      let output = try folder.text("stdout")
      return String(try #require(output.firstMatch(of: /"returns":\[([^\]]*)\]/)?.1))
    }
    let (alone, first, second) = (
      try returns(), try returns("--adversary", "rap"), try returns("--adversary", "rap:1")
    )
    let again = try returns("--adversary", "rap:0")
    #expect(alone != first && first != second && first == again)
    let recorded = try Tool.run(
      "record", "rap", "-n", "2", "--adversary", "rap", "--out", "episodes", "--json", in: folder)
    #expect(recorded.status == 0, "\(recorded.errors)")
    let own = recorded.output.matches(of: /"return":([^,]*),/).map(\.1).joined(separator: ",")
    #expect(own == first)
    let inspected = try Tool.run(
      "inspect", "episodes/cartpole-swingup-rap-adversary-seed0.rlrec", in: folder)
    #expect(inspected.output.contains("pole force along x"), "\(inspected.output)")
    // Training's own recordings hold the pushes too.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("rap/recordings"))
    let name = try #require(names.first)
    let replayed = try Tool.run("replay", "rap/recordings/\(name)", "--verify", in: folder)
    #expect(replayed.status == 0, "\(replayed.errors)")
  }

  @Test func otherRunsAndNumbersAreRefused() throws {
    let folder = try TemporaryFolder()
    try train("rarl", in: folder)
    try train("ppo", "--set", "minibatch-size=50", in: folder)
    for (adversary, status, sentence) in [
      ("ppo", Int32(64), "ppo is a run of ppo, which has no adversary; choose one of rarl, rap or"),
      ("rarl:1", 64, "rarl has 1 adversary, counted from 0, and no number 1"),
      ("nothing", 66, "nothing"),
    ] {
      let result = try Tool.run("evaluate", "ppo", "--adversary", adversary, in: folder)
      #expect(result.status == status && result.errors.contains(sentence), "\(result.errors)")
    }
    let other = try Tool.run("evaluate", "quadcopter-cascade", "--adversary", "rarl", in: folder)
    #expect(other.status == 64, "\(other.errors)")
    #expect(other.errors.contains("an adversary for cartpole-swingup can't act in quadcopter"))
    let alien = try Tool.run(
      "train", "--env", "diagnostic-two-goals", "--agent", "rarl", "--out", "none", in: folder)
    #expect(alien.status == 64 && alien.errors.contains("or choose one of cartpole, cartpole-v1"))
    #expect(!FileSystem.exists(folder.file("none")))
  }
}
