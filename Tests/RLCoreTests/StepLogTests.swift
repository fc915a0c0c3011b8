import LinearAlgebra
import RLCore
import Testing

/// What snapshots hold of episodes that begin at different times.
@Suite struct StepLogTests {
  /// Two actions and a push; ends if the first action is above 0.8, after 7 steps at the latest.
  struct Pair: Environment {
    static let specification = EnvironmentSpecification(
      identifier: "pair", summary: "sums", observationSpace: .box(low: [-9], high: [9]),
      observationComponents: [.init("sum")], actionSpace: .box(low: [-1, -1], high: [1, 1]),
      actionComponents: [.init("may end"), .init("other")], timeStep: 1, episodeSteps: 7,
      solvedReturn: nil, source: "none")
    static let disturbanceComponents = [DisturbanceComponent("push", unit: "1", bound: 1)]
    var sum: Float = 0

    init(
      parameters: NoParameters, using random: inout NumPyRandom,
      observation: inout MutableSpan<Float>
    ) { observation[0] = 0 }

    mutating func disturb(_ disturbance: Span<Float>) { sum += disturbance[0] }

    mutating func step(
      action: Span<Float>, observation: inout MutableSpan<Float>
    ) -> StepOutcome {
      sum += action[0] - action[1]
      observation[0] = sum
      return StepOutcome(reward: 1, end: action[0] > 0.8 ? .completed : nil)
    }

    func hashState(into hasher: inout StateHasher) { hasher.combine(sum) }
  }

  @Test func snapshotsHoldWhatWasAskedForSinceTheReset() throws {
    let vector = VectorEnvironment(Pair.self, count: 3)
    vector.takesDisturbances = true
    vector.reset(seeds: .consecutive(first: 1, environments: 3))
    let (actions, pushes) = (Matrix(rows: 3, columns: 2), try #require(vector.disturbances))
    var random = RandomStream(seed: 1, name: "step-log")
    var (asked, pushed) = ([[Float]](repeating: [], count: 3), [[Float]](repeating: [], count: 3))
    for t in 0..<300 {
      let range = t % 3 == 0 ? 1..<3 : 0..<3  // slots that lose step with each other
      for slot in range {
        for j in 0..<2 { actions[slot, j] = random.uniform(from: -1, to: 1) }
        pushes[slot, 0] = random.uniform(from: -1, to: 1)
        asked[slot] += Array(actions.row(slot))
        pushed[slot].append(pushes[slot, 0])
      }
      vector.step(actions: actions, in: range)
      for slot in range where vector.batch.hasEnded(slot) { (asked[slot], pushed[slot]) = ([], []) }
      if t % 20 == 19 {
        try vector.restore(vector.snapshot(of: 0), to: 2)
        (asked[2], pushed[2]) = (asked[0], pushed[0])
      }
      for slot in 0..<3 {
        let snapshot = vector.snapshot(of: slot)
        #expect(snapshot.actions == asked[slot] && snapshot.disturbances == pushed[slot])
      }
    }
  }
}
