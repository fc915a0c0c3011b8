import Environments
import LinearAlgebra
import RLCore
import Testing

/// Copies for planners against the environments that they copy.
@Suite struct PlanningModelTests {
  /// Environments whose copies continue bit for bit.
  static let exact = [
    "pendulum-v1", "cartpole-v1", "cartpole-continuous", "cartpole-infinite", "quadcopter",
    "quadcopter-hidden-goal",
    "diagnostic-two-goals", "diagnostic-memory", "acrobot-v1", "mountain-car",
    "mountain-car-continuous",
  ]

  /// Steps an environment and copies of its states with the same random actions.
  private func follow(
    _ identifier: String, parameters: [ParameterValue] = [], known: ModelParameters = .nominal,
    steps: Int, copyEvery: Int,
    compare: (_ true: [Float], _ copy: [Float], StepOutcome, StepOutcome) -> Void
  ) throws {
    let environment = try #require(EnvironmentRegistry.find(identifier))
    let vector = try environment.makeVector(1, parameters: parameters)
    vector.resetsEndedEpisodes = false
    let space = environment.specification.actionSpace
    let actions = Matrix(rows: 1, columns: space.width)
    for seed in 0..<5 as Range<UInt64> {
      var random = RandomStream(seed: seed, name: "test")
      vector.reset(environment: 0, seed: seed)
      var model: (any PlanningModel)?
      for t in 0..<steps {
        if t % copyEvery == 0 { model = vector.planningModel(of: 0, known) }
        for j in 0..<space.width {
          switch space {
          case .box(let low, let high): actions[0, j] = random.uniform(from: low[j], to: high[j])
          case .discrete(let count): actions[0, j] = Float(random.integer(below: UInt32(count)))
          }
        }
        var seen = [Float](repeating: 0, count: environment.specification.observationWidth)
        var span = seen.mutableSpan
        let copied = try #require(model?.step(action: actions.row(0).span, observation: &span))
        vector.step(actions: actions, in: 0..<1)
        let end = vector.batch.ends[0]
        compare(
          Array(vector.batch.observations.row(0)), seen,
          StepOutcome(reward: Double(vector.batch.rewards[0]), end: end), copied)
        if vector.batch.hasEnded(0) { break }
      }
    }
  }

  @Test(arguments: exact)
  func copiesContinueBitForBit(identifier: String) throws {
    var steps = 0
    try follow(identifier, steps: 100, copyEvery: 50) { observation, copy, outcome, copied in
      steps += 1
      // The sight of the hidden goal is no part of the physical state.
      #expect(observation.prefix(8).elementsEqual(copy.prefix(8)))
      #expect(outcome.reward == Double(Float(copied.reward)) && outcome.end == copied.end)
    }
    // Five episodes, of which those of the memory task have four steps.
    #expect(steps > (identifier == "diagnostic-memory" ? 19 : 30))
  }

  /// Box2D's solver and the equations differ by what its joints give and take.
  @Test func cartPolesFollowTheEquations() throws {
    var differences: [Float] = []
    try follow("cartpole-swingup", steps: 500, copyEvery: 50) { observation, copy, _, _ in
      differences.append(max(abs(observation[2] - copy[2]), abs(observation[3] - copy[3])))
    }
    differences.sort()
    let (middle, high) = (differences[1250], differences[2375])
    #expect(differences.count == 2500 && middle > 0 && middle < 0.01, "\(middle)")
    #expect(high < 0.1, "\(high)")
  }

  /// Copies have nominal constants, or the episode's if they are told.
  @Test func copiesKnowWhatTheyAreTold() throws {
    let mass = [ParameterValue(name: "mass", value: 1.5)]
    var differences = 0
    for known in ModelParameters.allCases {
      try follow("quadcopter", parameters: mass, known: known, steps: 5, copyEvery: 5) {
        observation, copy, _, _ in
        if known == .episode { #expect(observation == copy) }
        if observation != copy { differences += 1 }
      }
    }
    #expect(differences == 25)
  }

  @Test func statesOfOtherWorldsAreNotCopied() throws {
    let planned = EnvironmentRegistry.all.filter(\.canBePlanned).map(\.identifier)
    #expect(Set(planned) == Set(Self.exact + ["cartpole", "cartpole-swingup"]))
  }
}
