import Experiments
import Foundation
import Recording
import Storage
import TestSupport
import Testing
import Training

/// Recordings that go on in another way from some step on.
@Suite struct EpisodeBranchTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func record(_ controller: String, _ environment: String) throws -> RecordingReader {
    try StoredPolicy(controller, environment: environment).record(to: folder.path, seed: 5)[0]
  }

  private func hashes(_ recording: RecordingReader) throws -> [UInt64] {
    try (1...recording.stepCount).map { try recording.step($0).hash }
  }

  /// A controller with a gait to remember, on Box2D, which can't be copied; a planner; and sampled
  /// actions: each goes on as it did, since it has seen what came before.
  @Test(arguments: [
    ("walker-heuristic", "walker", 200), ("mppi:horizon=3,samples=8", "pendulum-v1", 150),
    ("random", "lander", 40),
  ])
  func theRecordingsOwnPolicyGoesOnAsItDid(
    name: String, environment: String, step: Int
  ) throws {
    let whole = try record(name, environment)
    let policy = try StoredPolicy(name, environment: environment)
    for acting in [policy, nil] {
      let branch = try EpisodeBranch(whole, at: step, with: acting)
        .record(to: folder.file("branch.rlrec"), overwrites: true)
      #expect(try hashes(branch) == hashes(whole))
      #expect(branch.fingerprint == whole.fingerprint && branch.end == whole.end)
      #expect(
        branch.header.branch
          == .init(
            recording: whole.fingerprint, step: step, agent: whole.header.agent,
            policy: whole.header.policy))
    }
  }

  @Test func anotherPolicyActsFromTheStepOn() throws {
    let whole = try record("walker-heuristic", "walker")
    func branch(seed: UInt64?, at step: Int = 150) throws -> RecordingReader {
      let path = folder.file("\(step)-\(seed.map { "\($0)" } ?? "own").rlrec")
      return try EpisodeBranch(
        whole, at: step, with: StoredPolicy("random", environment: "walker"), seed: seed
      ).record(to: path)
    }
    let (own, first, second) = (
      try branch(seed: nil), try branch(seed: 1), try branch(seed: 2)
    )
    for branch in [own, first, second] {
      #expect(try hashes(branch).prefix(150) == hashes(whole).prefix(150))
      #expect(try branch.step(151).hash != whole.step(151).hash)
      #expect(branch.header.agent == "random" && branch.header.mode == .stochastic)
      #expect(branch.header.branch?.agent == "walker-heuristic")
    }
    #expect(Set([own, first, second].map(\.fingerprint)).count == 3)
    // Branches have branches, also at their start.
    let again = try EpisodeBranch(first, at: 0).record(to: folder.file("again.rlrec"))
    #expect(
      again.fingerprint == first.fingerprint && again.header.agent == "random"
        && again.header.branch?.recording == first.fingerprint)
    // What was drawn is that of a recording from the start.
    let random = try StoredPolicy("random", environment: "walker").record(
      to: folder.file("random"), seed: 5)[0]
    #expect(try own.step(151).action == random.step(151).action)
  }

  @Test func whatCannotBeBranchedIsRefused() throws {
    let whole = try record("cartpole-linear", "cartpole-v1")
    #expect(whole.isTruncated && whole.stepCount == 500)
    for step in [-1, 500] {
      #expect {
        try EpisodeBranch(whole, at: step)
      } throws: { error in
        error is ConfigurationError && "\(error)".contains("0...499, and not at \(step)")
      }
    }
    let policy = try StoredPolicy("cartpole-linear", environment: "cartpole")
    #expect {
      try EpisodeBranch(whole, at: 5, with: policy)
    } throws: {
      "\($0)".contains("acts in cartpole, and")
    }
    #expect(throws: ConfigurationError.self) {
      try EpisodeBranch(
        whole, at: 5, with: StoredPolicy("cartpole-linear", environment: "cartpole-v1"),
        mode: .stochastic)
    }
    let branch = try EpisodeBranch(whole, at: 499)
    _ = try branch.record(to: folder.file("a/b.rlrec"))
    #expect { try branch.record(to: folder.file("a/b.rlrec")) } throws: {
      "\($0)".contains("--overwrite")
    }
    // An episode that was left runs on; one that was cut off is one of these.
    let short = try RecordingPlan(
      StoredPolicy("cartpole-linear", environment: "cartpole-v1"), seed: 5, stepLimit: 30,
      to: folder.file("short")
    ).run()[0]
    let longer = try EpisodeBranch(
      short, at: 30, with: StoredPolicy("cartpole-linear", environment: "cartpole-v1")
    ).record(to: folder.file("longer.rlrec"))
    #expect(longer.fingerprint == whole.fingerprint)
  }
}
