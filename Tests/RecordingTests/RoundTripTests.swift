import Environments
import Foundation
import RLCore
import Recording
import TestSupport
import Testing
import Storage

/// What is recorded is what happened, bit for bit.
@Suite struct RoundTripTests {
  /// Keeps what it sees.
  private final class Witness: EpisodeObserver {
    var starts: [(EpisodeStart, [Float])] = []
    var steps: [(ObservedStep, action: [Float], disturbance: [Float], observation: [Float])] = []

    func didReset(_ start: EpisodeStart, observation: Span<Float>) {
      starts.append((start, observation.indices.map { observation[$0] }))
    }

    func didStep(
      _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
    ) {
      steps.append(
        (
          step, action.indices.map { action[$0] }, disturbance.indices.map { disturbance[$0] },
          observation.indices.map { observation[$0] }
        ))
    }
  }

  @Test(arguments: EnvironmentRegistry.all.map(\.identifier))
  func everyEnvironmentComesBack(identifier: String) throws {
    let environment = try environment(identifier)
    let isDisturbed = !environment.construct(1).disturbanceComponents.isEmpty
    let contents = try record(identifier, isDisturbed: isDisturbed)
    // The same episode, watched by somebody else.
    let vector = environment.construct(1)
    let reader = try RecordingReader(contents, path: "test")
    let header = reader.header
    #expect(header.environment == identifier && header.seed == 7)
    #expect(header.layout.disturbances == vector.disturbanceComponents.count)
    let replay = try Replay(reader, environment: vector)
    let witness = Witness()
    vector.observe(environment: 0, with: witness)
    vector.reset(environment: 0, seed: header.seed)
    for number in 1...reader.stepCount {
      let step = try reader.step(number)
      play(vector, limit: 1, disturb: { _ in step.disturbance }, choose: { _, _ in step.action })
      let seen = witness.steps[number - 1]
      #expect(step.action.map(\.bitPattern) == seen.action.map(\.bitPattern))
      #expect(step.observation.map(\.bitPattern) == seen.observation.map(\.bitPattern))
      #expect(step.disturbance == seen.disturbance)
      #expect(step.reward.bitPattern == seen.0.reward.bitPattern)
      #expect(step.terminated == seen.0.terminated && step.truncated == seen.0.truncated)
      if step.terminated { #expect(header.end == seen.0.end) }
      let hash = RecordingHash.step(
        state: seen.0.stateHash, action: seen.action.span, disturbance: seen.disturbance.span)
      #expect(step.hash == hash)
    }
    let start = try #require(witness.starts.first)
    #expect(header.initialObservation.map(\.bitPattern) == start.1.map(\.bitPattern))
    #expect(header.parameters.map(\.value) == start.0.parameters.map(\.value))
    #expect(reader.isTerminated || reader.isTruncated)
    #expect(reader.totalReward == vector.batch.episodeReturns[0])
    #expect(replay.recording.stepCount == vector.batch.episodeLengths[0])
    // And the way the module itself does it.
    #expect(try Recording.Replay(reader, environment: environment.construct(1)).verify() == nil)
  }

  @Test func headersComeBackExactly() throws {
    var header = makeHeader(try environment("pendulum-v1"))
    header.actionSpace = .box(low: [-.infinity], high: [.infinity])
    header.seed = .max
    header.initialHash = 5
    header.end = .goalReached
    header.initialObservation = [-0.0, .leastNonzeroMagnitude, 1 / 3]
    header.disturbanceComponents = []
    header.policy = .init(fingerprint: 1 << 63, steps: 12)
    header.perturbations = [.init(name: "wind", parameters: header.parameters)]
    let values = [
      -0.0, 0, 1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1 + 0.2, 1.0.nextUp, 1e22,
      123_456_789_012_345_680, 5e-5,
    ]
    header.parameters = values.map { .init(name: "p\($0)", value: $0, unit: "1") }
    let copy = try RecordingHeader(json: Data(header.json))
    #expect(copy == header)
    #expect(copy.parameters.map(\.value.bitPattern) == values.map(\.bitPattern))
    #expect(copy.initialObservation[0].bitPattern == (-0.0 as Float).bitPattern)
    #expect(copy.json == header.json)
  }

  @Test func equalEpisodesGiveEqualBytes() throws {
    #expect(try record("walker", seed: 3) == record("walker", seed: 3))
    #expect(try record("walker", seed: 3) != record("walker", seed: 4))
  }

  @Test func fingerprintsTellPoliciesApart() {
    func fingerprint(_ name: String, _ values: [Float], shape: [Int]) -> UInt64 {
      var archive = TensorArchive()
      archive.set(name, .floats(values), shape: shape)
      archive.set("other", .words([1]))
      return RecordingHash.policy(archive)
    }
    let all = [
      fingerprint("a", [1, 2], shape: [2]), fingerprint("b", [1, 2], shape: [2]),
      fingerprint("a", [1, 2], shape: [1, 2]), fingerprint("a", [1, 3], shape: [2]),
      RecordingHash.policy(named: "a"), RecordingHash.policy(named: "b"),
    ]
    #expect(Set(all).count == all.count)
    #expect(all[0] == fingerprint("a", [1, 2], shape: [2]))
  }
}
