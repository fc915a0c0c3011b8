import Environments
import Foundation
import LinearAlgebra
import RLCore
import Recording
import TestSupport
import Testing
import Storage

/// Whatever is changed in a recording is found, at its step and by name.
@Suite struct VerificationTests {
  /// On slippery ground the heuristic neither falls nor arrives before the time is up.
  static let walker = Result {
    try record("walker", seed: 2, parameters: ["friction": 0.3], by: "walker-heuristic")
  }

  /// Replays changed contents; where they first differ.
  private func difference(
    _ change: (inout EditableRecording) -> Void
  ) throws -> RecordingDifference? {
    var recording = try EditableRecording(Self.walker.get())
    change(&recording)
    return try replay(recording.contents).verify()
  }

  @Test func aWalkersSixteenHundredStepsReplay() throws {
    let replay = try replay(Self.walker.get())
    #expect(replay.recording.stepCount == 1600 && replay.recording.isTruncated)
    #expect(try replay.verify() == nil)
    #expect(replay.step == 1600 && replay.hasEnded)
    #expect(replay.totalReward == replay.recording.totalReward)
    // Put together anew it is the same file: the changes below change nothing else.
    #expect(try EditableRecording(Self.walker.get()).contents == Self.walker.get())
  }

  @Test(arguments: 0..<32)
  func everyBitOfAnActionCounts(bit: Int) throws {
    let step = 37 * bit + 200
    var recording = try EditableRecording(Self.walker.get())
    recording.flip(step: step, column: bit % 4, bit: bit)
    if let reason = damage(recording.contents) {
      // An exponent full of ones is no number.
      #expect(reason == "the action of step \(step) is not finite")
    } else {
      #expect(try replay(recording.contents).verify()?.step == step)
    }
  }

  @Test func anActionBeyondTheMotorsReachCounts() throws {
    // Both are clipped to 1.
    let values: [Float] = [4, 5]
    let files = try values.map { value in
      let walker = try environment("walker")
      let vector = walker.construct(1)
      let recorder = EpisodeRecorder(header: makeHeader(walker))
      vector.observe(environment: 0, with: recorder)
      vector.reset(environment: 0, seed: 0)
      play(vector, choose: { step, _ in [step == 5 ? value : 0.01, 0, 0, 0] })
      return try #require(recorder.takeFinished().first?.contents)
    }
    var first = try EditableRecording(files[0])
    let second = try EditableRecording(files[1])
    #expect(first.rows[0].hashes[5] != second.rows[0].hashes[5])
    #expect(first.rows[0].hashes[6] == second.rows[0].hashes[6])
    first.edit(step: 6) { rows, row in
      rows.words[row * rows.layout.width] = (5 as Float).bitPattern
    }
    let difference = try replay(first.contents).verify()
    #expect(difference?.step == 6)
    #expect(difference?.field == "the hash of state, action and disturbance")
  }

  @Test func everyFieldOfAStepIsNamed() throws {
    let layout = try EditableRecording(Self.walker.get()).header.layout
    let walker = try environment("walker").specification
    var found = try difference { $0.flip(step: 600, column: layout.rewardColumn, bit: 0) }
    #expect(found?.step == 600 && found?.field == "reward")
    for (j, component) in walker.observationComponents.enumerated() {
      let column = layout.observationColumn + j
      found = try difference { $0.flip(step: 1 + 60 * j, column: column, bit: j) }
      #expect(found?.step == 1 + 60 * j)
      #expect(found?.field == "observation \"\(component.name)\"")
      #expect(found?.recorded != found?.simulated)
    }
    found = try difference { recording in
      recording.edit(step: 1234) { rows, row in rows.hashes[row] ^= 1 << 40 }
    }
    #expect(found?.step == 1234 && found?.field == "the hash of state, action and disturbance")
    found = try difference { recording in
      recording.edit(step: 1600) { rows, row in rows.flags[row] = StepFlags.terminated }
    }
    #expect(found?.step == 1600 && found?.field == "terminated")
    found = try difference { recording in
      recording.edit(step: 1600) { rows, row in rows.flags[row] = 0 }
    }
    #expect(found?.step == 1600 && found?.field == "truncated")
    #expect(found?.recorded == "false" && found?.simulated == "true")
  }

  @Test func everyPartOfTheStartCounts() throws {
    let count = try environment("walker").parameters.count
    for i in 0..<count {
      let found = try difference { $0.header.parameters[i].value = 1.0.nextUp }
      // What shows depends on the parameter; that it shows at once is the hash's merit.
      #expect(found?.step == 0)
    }
    var found = try difference { $0.header.seed ^= 1 }
    #expect(found?.step == 0)
    found = try difference { $0.header.initialHash ^= 1 << 63 }
    #expect(found?.step == 0 && found?.field == "the hash of state, seed and parameters")
    found = try difference { $0.header.initialObservation[4] += 1 }
    let name = try environment("walker").specification.observationComponents[4].name
    #expect(found?.step == 0 && found?.field == "observation \"\(name)\"")
  }

  @Test func everyBitOfADisturbanceCounts() throws {
    let contents = try record("quadcopter", isDisturbed: true, scale: 0.1)
    #expect(try replay(contents).verify() == nil)
    let layout = try EditableRecording(contents).header.layout
    try #require(layout.disturbances > 0)
    for bit in 0..<32 {
      var recording = try EditableRecording(contents)
      recording.flip(step: 3 + bit % 7, column: layout.actions, bit: bit)
      if let reason = damage(recording.contents) {
        #expect(reason.hasPrefix("the disturbance of step \(3 + bit % 7) is"))
      } else {
        #expect(try replay(recording.contents).verify()?.step == 3 + bit % 7)
      }
    }
  }

  @Test func anotherParameterReplaysWithItsValue() throws {
    let contents = try record("cartpole-v1", parameters: ["gravity": 12.5])
    let replay = try replay(contents)
    #expect(try replay.verify() == nil)
    #expect(replay.environment.parameterValues.first?.value == 12.5)
  }

  @Test func recordingsOfOtherEnvironmentsAreRefused() throws {
    func reason(_ change: (inout RecordingHeader) -> Void) throws -> String? {
      var recording = try EditableRecording(record("cartpole-v1"))
      change(&recording.header)
      let reader = try RecordingReader(recording.contents, path: "test.rlrec")
      do throws(FileError) {
        _ = try Replay(reader, environment: VectorEnvironment(CartPoleV1.self, count: 1))
        return nil
      } catch {
        guard case .damaged("test.rlrec", let reason) = error else { return nil }
        return reason
      }
    }
    #expect(try reason { _ in } == nil)
    #expect(
      try reason { $0.environment = "cartpole" }
        == "it is a recording of cartpole, not of cartpole-v1")
    #expect(try reason { $0.environmentVersion = 2 }?.contains("version 2 of cartpole-v1") == true)
    #expect(try reason { $0.episodeSteps = 501 }?.contains("step limit is 501") == true)
    #expect(try reason { $0.parameters.swapAt(0, 1) }?.contains("parameters") == true)
    #expect(try reason { $0.parameters.removeLast() }?.contains("parameters") == true)
    #expect(
      try reason { $0.parameters[0].value = 1e9 }
        == "its parameter gravity is 1000000000.0, out of range")
    #expect(try reason { $0.actionSpace = .discrete(count: 3) }?.contains("3 actions") == true)
    #expect(
      try reason { $0.actionSpace = .box(low: [0], high: [1]) }?.contains("another kind") == true)
    #expect(
      try reason { $0.perturbations = [.init(name: "wind", parameters: [])] } == nil,
      "what they did is in the steps")
  }
}
