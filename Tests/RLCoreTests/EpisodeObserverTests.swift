import LinearAlgebra
import RLCore
import TestSupport
import Testing

/// An observer sees whole episodes as they happen, and the same ones when they are restored.
@Suite struct EpisodeObserverTests {
  /// Adds up actions and pushes; ends at 5.
  struct Pushed: Environment {
    struct Parameters: EnvironmentParameters {
      var gain = 1.0
    }

    static let specification = EnvironmentSpecification(
      identifier: "pushed", summary: "adds up", observationSpace: .box(low: [-99], high: [99]),
      observationComponents: [.init("sum")], actionSpace: .box(low: [-1], high: [1]),
      actionComponents: [.init("addend")], timeStep: 1, episodeSteps: 12, solvedReturn: nil,
      source: "none")
    static let parameterTable: [PhysicalParameter<Parameters>] = [
      .init("gain", unit: "1", range: 0...2, "factor on actions", \.gain)
    ]
    static let disturbanceComponents = [DisturbanceComponent("push", unit: "1", bound: 1)]
    let parameters: Parameters
    var sum: Float
    var push: Float = 0

    init(
      parameters: Parameters, using random: inout NumPyRandom,
      observation: inout MutableSpan<Float>
    ) {
      self.parameters = parameters
      sum = Float(random.uniform(-1, 1))
      observation[0] = sum
    }

    mutating func step(
      action: Span<Float>, observation: inout MutableSpan<Float>
    ) -> StepOutcome {
      sum += Float(parameters.gain) * action[0] + push
      push = 0
      observation[0] = sum
      return StepOutcome(reward: Double(sum), end: sum > 5 ? .completed : nil)
    }

    mutating func disturb(_ disturbance: Span<Float>) { push = disturbance[0] }

    func hashState(into hasher: inout StateHasher) { hasher.combine(sum) }
  }

  /// What an observer is told, in order.
  enum Event: Equatable {
    case reset(episode: Int, seed: UInt64, gain: Double, hash: UInt64, observation: Float)
    case step(ObservedStep, action: Float, disturbance: [Float], observation: Float)
  }

  final class Witness: EpisodeObserver {
    var events: [Event] = []

    func didReset(_ start: EpisodeStart, observation: Span<Float>) {
      events.append(
        .reset(
          episode: start.episode, seed: start.seed, gain: start.parameters[0].value,
          hash: start.stateHash, observation: observation[0]))
    }

    func didStep(
      _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>,
      observation: Span<Float>
    ) {
      events.append(
        .step(
          step, action: action[0], disturbance: disturbance.indices.map { disturbance[$0] },
          observation: observation[0]))
    }
  }

  /// A watched vector at the start of its first episodes.
  private func make(isDisturbed: Bool = true) -> (VectorEnvironment, Witness) {
    let vector = VectorEnvironment(Pushed.self, count: 3)
    vector.takesDisturbances = isDisturbed
    let witness = Witness()
    vector.observe(environment: 1, with: witness)
    vector.reset(seeds: .training(runSeed: 9))
    return (vector, witness)
  }

  /// Steps with actions and pushes that depend on the step alone.
  private func step(_ vector: VectorEnvironment, _ steps: Range<Int>) {
    let actions = Matrix(rows: 3, columns: 1)
    for t in steps {
      for i in 0..<3 {
        actions[i, 0] = Float(t % 4) / 4 + Float(i) / 10
        vector.disturbances?[i, 0] = Float(t % 3 - 1) / 8
      }
      vector.step(actions: actions, in: 0..<3)
    }
  }

  @Test func oneEnvironmentIsSeenStepByStep() throws {
    let (vector, witness) = make()
    var hash = vector.stateHash(of: 1)
    let seed = EpisodeSeeds.training(runSeed: 9).seed(environment: 1, episode: 0)
    #expect(
      witness.events == [
        .reset(
          episode: 0, seed: seed, gain: 1, hash: hash, observation: vector.batch.observations[1, 0])
      ])
    step(vector, 0..<1)
    hash = vector.stateHash(of: 1)
    guard case .step(let seen, let action, let disturbance, let observation) = witness.events[1]
    else {
      Issue.record("\(witness.events)")
      return
    }
    #expect(seen.stateHash == hash && seen.reward == vector.batch.rewards[1])
    #expect(!seen.terminated && !seen.truncated)
    #expect(action == 0.1 && disturbance == [-0.125])
    #expect(observation == vector.batch.observations[1, 0])
  }

  @Test func whoeverComesLateSeesTheNextEpisode() throws {
    let (vector, first) = make(isDisturbed: false)
    step(vector, 0..<1)
    let late = Witness()
    vector.observe(environment: 1, with: late)
    var steps = 1
    while !vector.batch.hasEnded(1) {
      step(vector, steps..<steps + 1)
      steps += 1
    }
    #expect(first.events.count == 2 && late.events.count == 1)
    guard case .reset(episode: 1, _, _, _, _) = late.events.first else {
      Issue.record("\(late.events)")
      return
    }
    step(vector, steps..<steps + 1)
    #expect(late.events.count == 2)
  }

  @Test func theEndIsSeenBeforeTheNextEpisode() throws {
    let (vector, witness) = make(isDisturbed: false)
    var steps = 0
    while !vector.batch.hasEnded(1) {
      step(vector, steps..<steps + 1)
      steps += 1
    }
    #expect(witness.events.count == steps + 2)
    guard case .step(let last, _, let disturbance, let observation) = witness.events[steps],
      case .reset(let episode, _, _, let hash, let first) = witness.events[steps + 1]
    else {
      Issue.record("\(witness.events)")
      return
    }
    #expect(last.end == vector.batch.ends[1] && last.terminated != last.truncated)
    #expect(disturbance.isEmpty && observation == vector.batch.finalObservations[1, 0])
    #expect(episode == 1 && hash == vector.stateHash(of: 1) && hash != last.stateHash)
    #expect(first == vector.batch.observations[1, 0])
  }

  @Test(arguments: [3, 7, 12, 20])
  func aRestoredEpisodeIsSeenFromItsStart(cut: Int) throws {
    let (whole, first) = make()
    step(whole, 0..<40)
    let (interrupted, second) = make()
    step(interrupted, 0..<cut)
    let snapshots = (0..<3).map { interrupted.snapshot(of: $0) }
    let (resumed, third) = make()
    for i in 0..<3 { try resumed.restore(snapshots[i], to: i) }
    step(resumed, cut..<40)
    // Up to the episode that was interrupted, and from its start.
    let start = second.events.lastIndex { if case .reset = $0 { true } else { false } } ?? 0
    let seen = second.events[..<start] + third.events.dropFirst()
    #expect(Array(seen) == first.events)
    #expect(
      first.events.contains { if case .step(_, _, let d, _) = $0 { d != [0] } else { false } })
  }

  @Test func watchingChangesNothing() {
    let (watched, _) = make()
    let alone = VectorEnvironment(Pushed.self, count: 3)
    alone.takesDisturbances = true
    alone.reset(seeds: .training(runSeed: 9))
    step(watched, 0..<30)
    step(alone, 0..<30)
    #expect((0..<3).map { watched.stateHash(of: $0) } == (0..<3).map { alone.stateHash(of: $0) })
  }
}
