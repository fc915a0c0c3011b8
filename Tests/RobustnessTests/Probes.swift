import LinearAlgebra
import RLCore
import Robustness

/// Shows what acted in the last step: the number of steps, the two actions and the two disturbances.
struct Probe: Environment {
  static let specification = EnvironmentSpecification(
    identifier: "probe", summary: "shows what acts",
    observationSpace: .box(
      low: .init(repeating: -100, count: 5), high: .init(repeating: 100, count: 5)),
    observationComponents: (0..<5).map { .init("\($0)") },
    actionSpace: .box(low: [-2, 1], high: [2, 5]), actionComponents: [.init("a"), .init("b")],
    timeStep: 1, episodeSteps: 50, solvedReturn: nil, source: "none")
  static let disturbanceComponents = [
    DisturbanceComponent("x", unit: "N", bound: 2), DisturbanceComponent("y", unit: "N", bound: 4),
  ]
  private var steps = 0
  private var push: (Float, Float) = (0, 0)

  init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) { for j in 0..<5 { observation[j] = 0 } }

  mutating func disturb(_ disturbance: Span<Float>) { push = (disturbance[0], disturbance[1]) }

  mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    steps += 1
    observation[0] = Float(steps)
    (observation[1], observation[2]) = (action[0], action[1])
    (observation[3], observation[4]) = push
    push = (0, 0)
    return StepOutcome(reward: 0)
  }

  func hashState(into hasher: inout StateHasher) { hasher.combine(steps) }
}

/// Shows the choice that acted, of four.
struct ChoiceProbe: Environment {
  static let specification = EnvironmentSpecification(
    identifier: "choice-probe", summary: "shows what acts",
    observationSpace: .box(low: [0], high: [3]), observationComponents: [.init("choice")],
    actionSpace: .discrete(count: 4), actionComponents: (0..<4).map { .init("\($0)") },
    timeStep: 1, episodeSteps: 50, solvedReturn: nil, source: "none")

  init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) { observation[0] = 0 }

  mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    observation[0] = action[0]
    return StepOutcome(reward: 0)
  }

  func hashState(into hasher: inout StateHasher) {}
}

/// One component after another is observed in many episodes under perturbations.
///
/// - Parameters:
///   - text: The perturbations.
///   - environment: The environment.
///   - episodes: Number of episodes, one after another in one slot.
///   - pushes: Disturbances of the caller; nil if they are off.
///   - action: The action of a step, counted from 0.
/// - Throws: `ConfigurationError` if the perturbations are not allowed.
/// - Returns: Observations after each reset and step, [episodes][steps + 1][O].
func observe(
  _ text: String, in environment: RegisteredEnvironment = RegisteredEnvironment(Probe.self),
  episodes: Int = 1, pushes: [Float]? = nil,
  action: (Int) -> [Float] = { _ in [0, 3] }
) throws -> [[[Float]]] {
  let conditions = try EpisodeConditions(
    Randomization(), Perturbations(parsing: text), in: environment)
  let vector = try environment.makeVector(2)
  vector.takesDisturbances = pushes != nil
  vector.resetsEndedEpisodes = false
  conditions.apply(to: vector)
  let actions = Matrix(rows: 2, columns: environment.specification.actionWidth)
  let seeds = EpisodeSeeds.training(runSeed: 3)
  return (0..<episodes).map { episode in
    vector.reset(environment: 1, seed: seeds.seed(environment: 1, episode: episode))
    var rows = [Array(vector.batch.observations.row(1))]
    for step in 0..<environment.specification.episodeSteps {
      for (j, value) in action(step).enumerated() { actions[1, j] = value }
      for (j, value) in (pushes ?? []).enumerated() { vector.disturbances?[1, j] = value }
      vector.step(actions: actions, in: 1..<2)
      rows.append(Array(vector.batch.observations.row(1)))
    }
    return rows
  }
}

/// Greatest distance between the share of values below one of them and its probability.
func distance(_ values: [Double], _ probability: (Double) -> Double) -> Double {
  let sorted = values.sorted()
  let count = Double(sorted.count)
  return sorted.enumerated().map { i, value in
    let expected = probability(value)
    return max(abs(Double(i) / count - expected), abs(Double(i + 1) / count - expected))
  }.max() ?? 1
}

/// Kolmogorov and Smirnov's bound for a number of draws, at a level of 0.1 %.
func bound(_ count: Int) -> Double { 1.95 / Double(count).squareRoot() }
