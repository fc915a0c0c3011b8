import LinearAlgebra
import RLCore
import TestSupport
import Testing

/// Episodes that end are reset in the same step, and nothing of the end is lost.
@Suite struct VectorEnvironmentTests {
  /// Counts up from the first digit of the seed's draw; ends at 5 where the action is 1.
  struct Counter: Environment {
    static let specification = EnvironmentSpecification(
      identifier: "counter", summary: "counts", observationSpace: .box(low: [0], high: [100]),
      observationComponents: [.init("count")], actionSpace: .discrete(count: 2),
      actionComponents: [.init("stay"), .init("may end")], timeStep: 1, episodeSteps: 8,
      solvedReturn: nil, source: "none")
    let start: Float
    var count: Float = 0

    init(
      parameters: NoParameters, using random: inout NumPyRandom,
      observation: inout MutableSpan<Float>
    ) {
      start = Float(10 * random.integers(1, 9))
      observation[0] = start
    }

    mutating func step(
      action: Span<Float>, observation: inout MutableSpan<Float>
    ) -> StepOutcome {
      count += 1
      observation[0] = start + count
      return StepOutcome(
        reward: Double(count), end: action[0] == 1 && count >= 5 ? .completed : nil)
    }

    func hashState(into hasher: inout StateHasher) {
      hasher.combine(start)
      hasher.combine(count)
    }
  }

  /// The first observation of a seed.
  private func first(_ seed: UInt64) -> Float {
    var random = NumPyRandom(seed: seed)
    return Float(10 * random.integers(1, 9))
  }

  @Test func endedEpisodesRestartInTheSameStep() {
    let vector = VectorEnvironment(Counter.self, count: 2)
    vector.reset(seeds: .consecutive(first: 100, environments: 2))
    let actions = Matrix(rows: 2, columns: 1)
    actions[0, 0] = 1  // ends after 5 steps; the other is truncated after 8
    for t in 1...16 {
      vector.step(actions: actions, in: 0..<2)
      let batch = vector.batch
      #expect(batch.ends[0] == (t % 5 == 0 ? .completed : nil) && !batch.truncated[0])
      #expect(batch.end(of: 1) == (t % 8 == 0 ? .timeLimit : nil))
      if batch.hasTerminated(0) {
        let episode = UInt64(t / 5)
        #expect(batch.finalObservations[0, 0] == first(100 + 2 * (episode - 1)) + 5)
        #expect(batch.observations[0, 0] == first(100 + 2 * episode))
        #expect(batch.episodeReturns[0] == 15 && batch.episodeLengths[0] == 5)
        #expect(batch.rewards[0] == 5)
      }
      if batch.truncated[1] {
        let episode = UInt64(t / 8)
        #expect(batch.finalObservations[1, 0] == first(101 + 2 * (episode - 1)) + 8)
        #expect(batch.observations[1, 0] == first(101 + 2 * episode))
        #expect(batch.episodeReturns[1] == 36 && batch.episodeLengths[1] == 8)
      }
    }
  }

  @Test func anEndAtTheLimitIsATermination() {
    let vector = VectorEnvironment(Counter.self, count: 1)
    vector.reset(seeds: .consecutive(first: 0, environments: 1))
    let actions = Matrix(rows: 1, columns: 1)
    for t in 1...8 {
      actions[0, 0] = t == 8 ? 1 : 0
      vector.step(actions: actions, in: 0..<1)
    }
    #expect(vector.batch.end(of: 0) == .task(.completed) && !vector.batch.truncated[0])
  }

  @Test func rangesLeaveTheOthersAlone() {
    let vector = VectorEnvironment(Counter.self, count: 3)
    vector.reset(seeds: .consecutive(first: 0, environments: 3))
    let before = (0..<3).map { vector.stateHash(of: $0) }
    vector.step(actions: Matrix(rows: 3, columns: 1), in: 1..<2)
    #expect(vector.stateHash(of: 0) == before[0] && vector.stateHash(of: 2) == before[2])
    #expect(vector.stateHash(of: 1) != before[1])
  }

  @Test func slotsThatHoldNoEpisodeAreNotStepped() async {
    await #expect(processExitsWith: .failure) {
      VectorEnvironment(Counter.self, count: 1).step(
        actions: Matrix(rows: 1, columns: 1), in: 0..<1)
    }
    await #expect(processExitsWith: .failure) {
      let vector = VectorEnvironment(Counter.self, count: 1)
      vector.resetsEndedEpisodes = false
      vector.reset(environment: 0, seed: 1)
      for _ in 0..<9 { vector.step(actions: Matrix(rows: 1, columns: 1), in: 0..<1) }
    }
  }

  @Test func seedsOfTrainingAndEvaluationNeverMeet() {
    var seen: Set<UInt64> = []
    for i in 0..<50 {
      for k in 0..<50 {
        let training = EpisodeSeeds.training(runSeed: 1).seed(environment: i, episode: k)
        let other = EpisodeSeeds.consecutive(first: 1, environments: 50)
          .seed(environment: i, episode: k)
        #expect(training >> 63 == 1 && other >> 63 == 0)
        #expect(seen.insert(training).inserted && seen.insert(other).inserted)
      }
    }
    #expect(
      EpisodeSeeds.training(runSeed: 2).seed(environment: 0, episode: 0)
        != EpisodeSeeds.training(runSeed: 1).seed(environment: 0, episode: 0))
  }
}

/// Parameters belong to an episode: to a slot, a snapshot, a seed.
@Suite struct EpisodeParameterTests {
  private static let drawn = EpisodeParameters { episode in
    episode.environment == 0
      ? []
      : [
        .init(
          name: "reward", value: Double(episode.seed % 100) / 100 - Double(episode.number) / 99)
      ]
  }

  /// A vector that has taken some steps without touching its start.
  private func make(draws: Bool, steps: Int = 0) -> VectorEnvironment {
    let vector = VectorEnvironment(RandomWalk.self, count: 3)
    vector.episodeParameters = draws ? Self.drawn : nil
    vector.reset(seeds: .consecutive(first: 5, environments: 3))
    step(vector, steps)
    return vector
  }

  private func step(_ vector: VectorEnvironment, _ steps: Int) {
    let actions = Matrix(rows: 3, columns: 1)
    actions.fill(1)
    for _ in 0..<steps { vector.step(actions: actions, in: 0..<3) }
  }

  private func reward(of slot: Int, in vector: VectorEnvironment) -> Double {
    vector.snapshot(of: slot).parameters[0].value
  }

  @Test func everyEpisodeDrawsItsOwn() {
    let vector = make(draws: true)
    for _ in 0..<100 {
      for slot in 0..<3 {
        let episode = vector.snapshot(of: slot)
        let drawn = Self.drawn.values(
          .init(environment: slot, number: episode.episode, seed: episode.seed))
        #expect(episode.parameters == (slot == 0 ? [.init(name: "reward", value: 1)] : drawn))
      }
      step(vector, 1)
    }
    #expect(vector.snapshot(of: 1).episode > 2)
    #expect(vector.parameterValues(of: 1) == [.init(name: "reward", value: 1)], "the base stays")
  }

  @Test func aRestoredEpisodeHasTheParametersItHad() throws {
    let original = make(draws: true, steps: 30)
    let copy = make(draws: false)
    try copy.restore(original.snapshot(of: 2), to: 2)
    #expect(copy.snapshot(of: 2) == original.snapshot(of: 2))
    #expect(reward(of: 2, in: copy) != 1)
    var foreign = original.snapshot(of: 2)
    foreign.parameters[0].value = 3
    #expect(throws: SnapshotError.malformed(environment: 1)) { try copy.restore(foreign, to: 1) }
  }

  @Test func aSlotIsSetAlone() throws {
    let one = VectorEnvironment(RandomWalk.self, count: 3)
    try one.setParameter("reward", to: 0.5, of: 1)
    one.reset(seeds: .consecutive(first: 5, environments: 3))
    #expect((0..<3).map { reward(of: $0, in: one) } == [1, 0.5, 1])
    try one.setParameters([.init(name: "reward", value: -1)])
    #expect(reward(of: 1, in: one) == 0.5, "not before its next episode")
    step(one, 40)
    #expect((0..<3).map { reward(of: $0, in: one) } == [-1, -1, -1])
  }
}
