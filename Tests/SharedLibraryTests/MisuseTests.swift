import CRLSuite
import Experiments
import Foundation
import RLCore
import Testing

/// Every mistake is a status with a sentence, and changes nothing.
@Suite struct MisuseTests {
  @Test(
    arguments: [
      (nil, "the configuration is NULL"),
      ("", "the configuration is not JSON"),
      ("[]", "the configuration is not a JSON object"),
      (String(repeating: "[", count: 100_000), "the configuration is not JSON"),
      ("{}", "the configuration has no 'environment'"),
      (#"{"environment": 3}"#, "the configuration has an impossible 'environment'"),
      (#"{"environment": "walkr"}"#, "did you mean 'walker'?"),
      (#"{"environment": "walker", "environment-count": 2}"#, "unknown member 'environment-count'"),
      (#"{"environment": "walker", "environments": 0}"#, "environments must lie in 1...65536"),
      (#"{"environment": "walker", "environments": 1e300}"#, "has a number beyond its range"),
      (#"{"environment": "walker", "threads": 0}"#, "threads must lie in 1...1024"),
      (#"{"environment": "walker", "autoreset": "never"}"#, "unknown autoreset 'never'"),
      (#"{"environment": "walker", "parameters": {"gravty": 1}}"#, "did you mean 'gravity'?"),
      (#"{"environment": "walker", "parameters": {"gravity": 1e9}}"#, "gravity must lie in"),
      (#"{"environment": "walker", "parameters": {"gravity": "1"}}"#, "'parameters.gravity'"),
      (#"{"environment": "diagnostic-two-goals", "disturbances": true}"#, "takes no disturbances"),
      (#"{"environment": "walker", "randomize": "mass"}"#, "mass"),
      (#"{"environment": "walker", "perturb": "action-delay=-1"}"#, "action-delay"),
    ] as [(String?, String)])
  func impossibleConfigurationsAreRefused(text: String?, sentence: String) {
    var handle: UInt64 = 77
    #expect(rlsuite_create(text, &handle) == RLSUITE_USAGE)
    #expect(lastError().contains(sentence), "\(lastError())")
    #expect(handle == 77)
  }

  @Test func unknownHandlesAreRefused() throws {
    let vector = try LentVector(#"{"environment": "cartpole-v1"}"#)
    for handle in [0, 1 << 40, .max, vector.handle + 1000] as [UInt64] {
      #expect(rlsuite_step(handle) == RLSUITE_USAGE)
      #expect(rlsuite_destroy(handle) == RLSUITE_USAGE)
      #expect(lastError() == "there is nothing with the handle \(handle)")
    }
    #expect(rlsuite_policy_begin(vector.handle, 0, 1) == RLSUITE_USAGE)
    #expect(lastError() == "the handle \(vector.handle) is not of a policy")
  }

  /// Expects a failure whose sentence has these words.
  private func expectMisuse(
    _ status: Int32, _ words: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(status == RLSUITE_USAGE, sourceLocation: sourceLocation)
    #expect(lastError().contains(words), "\(lastError())", sourceLocation: sourceLocation)
  }

  @Test func buffersOfAnotherSizeAreRefused() throws {
    let vector = try LentVector(#"{"environment": "walker", "environments": 2}"#)
    let size = Int64(MemoryLayout<rlsuite_buffers>.size)
    func bind(_ change: (inout rlsuite_buffers) -> Void) -> Int32 {
      var buffers = vector.buffers
      change(&buffers)
      return rlsuite_bind(vector.handle, &buffers, size)
    }
    expectMisuse(bind { $0.action_count = 7 }, "actions has 7 elements instead of 8")
    expectMisuse(bind { $0.actions = nil }, "actions is NULL")
    expectMisuse(bind { $0.observation_count = -48 }, "observations has -48 elements")
    expectMisuse(bind { $0.reward_count = .max }, "rewards has")
    expectMisuse(bind { $0.terminated = nil }, "terminated is NULL")
    expectMisuse(bind { $0.truncated_count = 0 }, "truncated has 0")
    expectMisuse(bind { $0.final_observation_count = 1 }, "final observations has 1")
    expectMisuse(bind { $0.disturbance_count = 1 }, "disturbances has 1")
    expectMisuse(rlsuite_bind(vector.handle, nil, size), "NULL")
    var buffers = vector.buffers
    expectMisuse(rlsuite_bind(vector.handle, &buffers, size - 8), "bytes instead of")
    try vector.reset()
    expectMisuse(rlsuite_reset(vector.handle, [1], 1, nil, 0), "seeds has 1 elements instead of 2")
    expectMisuse(rlsuite_reset(vector.handle, nil, 2, nil, 0), "seeds has 2 elements instead of 0")
    expectMisuse(rlsuite_reset(vector.handle, nil, 0, [1, 1, 1], 3), "the mask has 3")
    expectMisuse(rlsuite_get_parameters(vector.handle, 2, nil, 0), "no environment 2 among 2")
    var pixels = [UInt8](repeating: 0, count: 10)
    expectMisuse(rlsuite_render(vector.handle, 0, 64, 64, &pixels, 10), "instead of 12288")
    expectMisuse(rlsuite_render(vector.handle, 0, .max, 64, &pixels, 10), "width and height")
    expectMisuse(rlsuite_render(vector.handle, -1, 64, 64, &pixels, 10), "no environment -1")
    expectMisuse(rlsuite_describe("walker", nil, -1, nil), "the capacity is -1")
    expectMisuse(rlsuite_describe("walker", nil, 10, nil), "the buffer is NULL")
  }

  @Test func impossibleActionsAreRefusedAndChangeNothing() throws {
    for (id, wrong) in [
      ("walker", [.nan, .infinity, -.infinity]), ("cartpole-v1", [.nan, 0.5, 2, -1, 1e30]),
    ] as [(String, [Float])] {
      let vector = try LentVector(#"{"environment": "\#(id)", "environments": 2}"#)
      expectMisuse(rlsuite_step(vector.handle), "environment 0 must be reset")
      try vector.reset()
      let hashes = try [vector.hash(0), vector.hash(1)]
      for value in wrong {
        vector.actions[vector.actionWidth] = value
        expectMisuse(rlsuite_step(vector.handle), "the action of environment 1 is")
      }
      #expect(try [vector.hash(0), vector.hash(1)] == hashes)
      vector.actions[vector.actionWidth] = 0
      try vector.step()
    }
    let pushed = try LentVector(#"{"environment": "walker", "disturbances": true}"#)
    try pushed.reset()
    for value in [Float.nan, .infinity, 1e9] {
      pushed.disturbances[0] = value
      expectMisuse(rlsuite_step(pushed.handle), "must lie within")
    }
  }

  @Test func drawingAndHashingNeedAnEpisode() throws {
    let vector = try LentVector(#"{"environment": "walker"}"#)
    var pixels = [UInt8](repeating: 0, count: 64 * 64 * 3)
    var (hash, length): (UInt64, Int64) = (0, 0)
    expectMisuse(
      rlsuite_render(vector.handle, 0, 64, 64, &pixels, Int64(pixels.count)), "must be reset")
    expectMisuse(rlsuite_state_hash(vector.handle, 0, &hash), "must be reset")
    expectMisuse(rlsuite_snapshot(vector.handle, 0, nil, 0, &length), "no running episode")
    expectMisuse(rlsuite_set_parameter(vector.handle, 0, "gravity", .nan), "gravity must lie in")
    expectMisuse(rlsuite_set_parameter(vector.handle, 5, "gravity", 1), "no environment 5")
    expectMisuse(rlsuite_set_parameter(vector.handle, 0, nil, 1), "NULL")
  }

  @Test(arguments: ["walker", "cartpole-v1"])
  func damagedSnapshotsAreRefused(id: String) throws {
    let vector = try LentVector(#"{"environment": "\#(id)"}"#)
    try vector.reset([1])
    for _ in 0..<5 { try vector.step() }
    let whole = try vector.snapshot(0)
    let hash = try vector.hash(0)
    var generator = SystemRandomNumberGenerator()
    var refused = 0
    for k in 0..<400 {
      var bytes = whole
      if k % 4 == 0 {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      } else {
        for _ in 0...k % 3 {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
            in: 0...255, using: &generator)
        }
      }
      let status = rlsuite_restore(vector.handle, 0, bytes, Int64(bytes.count))
      #expect([RLSUITE_OK, RLSUITE_DAMAGED, RLSUITE_USAGE].contains { $0 == status })
      refused += status == RLSUITE_OK ? 0 : 1
    }
    #expect(refused > 300)
    try expectSuccess(rlsuite_restore(vector.handle, 0, whole, Int64(whole.count)))
    #expect(try vector.hash(0) == hash)
    let other = try LentVector(#"{"environment": "pendulum-v1"}"#)
    try other.reset()
    #expect(
      rlsuite_restore(other.handle, 0, whole, Int64(whole.count)) == RLSUITE_DAMAGED)
    #expect(lastError().contains("not of pendulum-v1"))
  }
}
