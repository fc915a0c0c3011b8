import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

extension RecordedEpisodes {
  /// Episodes of random actions, cut off after this many steps.
  static func random(
    in environment: RegisteredEnvironment, episodes: Int, steps: Int
  ) -> RecordedEpisodes {
    let vector = environment.construct(1)
    vector.resetsEndedEpisodes = false
    let specification = environment.specification
    let actions = Matrix(rows: 1, columns: specification.actionWidth)
    var random = RandomStream(seed: 4, name: "recorded")
    func observation() -> [Float] {
      (0..<specification.observationWidth).map { vector.batch.observations[0, $0] }
    }
    let recorded = (0..<episodes).map { k in
      vector.reset(environment: 0, seed: UInt64(k))
      var episode = Episode(observation: observation())
      while episode.rewards.count < steps {
        for j in 0..<actions.columns {
          switch specification.actionSpace {
          case .box(let low, let high):
            actions[0, j] = random.uniform(from: max(low[j], -1e3), to: min(high[j], 1e3))
          case .discrete(let count): actions[0, 0] = Float(random.integer(below: UInt32(count)))
          }
        }
        vector.step(actions: actions, in: 0..<1)
        episode.append(
          action: (0..<actions.columns).map { actions[0, $0] }, reward: vector.batch.rewards[0],
          observation: observation())
        if case .task = vector.batch.end(of: 0) { episode.isTerminated = true }
        guard vector.batch.end(of: 0) == nil else { break }
      }
      return episode
    }
    return RecordedEpisodes(
      recorded, observationWidth: specification.observationWidth, actionWidth: actions.columns)
  }
}

/// The losses of behaviour cloning, and the order of its steps.
@Suite struct BehaviorCloningTests {
  private static let low: [Float] = [-2, 0]
  private static let high: [Float] = [2, 3]

  private static func distribution(_ name: String) -> any ActionDistribution {
    switch name {
    case "categorical": Categorical(choices: 3)
    case "gaussian": DiagonalGaussian(low: low, high: high, initialLogDeviation: -0.4)
    default: SquashedGaussian(low: low, high: high, logDeviations: -1...1)
    }
  }

  /// Against central differences, at the outputs and at the distribution's own parameters.
  @Test(
    arguments: [
      ("categorical", CloningLoss.Kind.likelihood), ("gaussian", .likelihood),
      ("gaussian", .squaredError), ("squashed", .likelihood), ("squashed", .squaredError),
    ])
  func gradientsAreThoseOfTheLoss(name: String, kind: CloningLoss.Kind) {
    let distribution = Self.distribution(name)
    // Large enough to be seen beside the gradient of an action at a bound.
    let entropyWeight: Float = kind == .squaredError ? 0 : name == "squashed" ? 3 : 0.3
    let loss = CloningLoss(
      kind, of: distribution, entropyCoefficient: entropyWeight, rows: 6)
    var random = RandomStream(seed: 2, name: "outputs")
    let outputs = Matrix(rows: 6, columns: distribution.outputWidth)
    let actions = Matrix(rows: 6, columns: distribution.actionWidth)
    for i in 0..<6 {
      for j in 0..<outputs.columns { outputs[i, j] = random.normalPair().0 }
      for j in 0..<actions.columns {
        actions[i, j] =
          name == "categorical"
          ? Float(i % 3) : random.uniform(from: Self.low[j], to: Self.high[j])
      }
    }
    // At and beyond a bound.
    if name != "categorical" {
      (actions[0, 0], outputs[0, 0]) = (2, 2.5)
      (actions[1, 0], outputs[1, 0]) = (2, 1.5)
      (actions[2, 0], outputs[2, 0]) = (-2, -4)
    }
    let gradient = Matrix(rows: 6, columns: outputs.columns)
    let own = distribution.parameters.parameters.filter { $0.value.columns > 0 }
    let errors = gradientErrors(
      at: [(outputs, gradient)] + own.map { ($0.value, $0.gradient) }, step: 2e-3, didChange: {}
    ) {
      let value = loss.differentiate(
        outputs: outputs, actions: actions, rows: 6, outputGradient: gradient)
      return Double(value) - (kind == .likelihood ? Double(entropyWeight * loss.entropy) : 0)
    }
    for error in errors { #expect(error < 4e-3) }
    if name == "gaussian", kind == .squaredError {
      #expect(gradient[0, 0] == 0 && gradient[1, 0] < 0 && gradient[2, 0] == 0)
    }
  }

  /// Steps with numbers for observations, learnt from one minibatch at a time.
  private func seenSteps(
    heldOut: Double, minibatch: Int, iterations: Int
  ) throws -> [Float: Int] {
    let episodes = (0..<3).map { e in
      var episode = RecordedEpisodes.Episode(observation: [Float(100 * e)])
      for t in 1...10 {
        episode.append(action: [0.5], reward: 0, observation: [Float(100 * e + t)])
      }
      return episode
    }
    var settings = BehaviorCloningConfiguration()
    (settings.minibatchSize, settings.updatesPerIteration) = (minibatch, 1)
    (settings.heldOut, settings.normalizeObservations) = (heldOut, false)
    let environment = RegisteredEnvironment(ConstantReward.self).construct(1)
    environment.reset(seeds: .training(runSeed: 3))
    let agent = BehaviorCloningAgent(
      configuration: settings,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 3, totalSteps: 1000,
        recordings: RecordedEpisodes(episodes, observationWidth: 1, actionWidth: 1)))
    var seen: [Float: Int] = [:]
    for _ in 0..<iterations {
      _ = try agent.iterate()
      let minibatch = try #require(agent.networks[0].minibatch)
      for i in 0..<minibatch.rows { seen[minibatch.input[i, 0], default: 0] += 1 }
    }
    return seen
  }

  @Test func everyStepIsLearntFromOnceBeforeAnyAgain() throws {
    let seen = try seenSteps(heldOut: 0, minibatch: 20, iterations: 3)
    let steps = (0..<3).flatMap { e in (0..<10).map { Float(100 * e + $0) } }
    #expect(seen == Dictionary(uniqueKeysWithValues: steps.map { ($0, 2) }))
  }

  @Test func nothingIsLearntFromHeldOutEpisodes() throws {
    let seen = try seenSteps(heldOut: 0.1, minibatch: 20, iterations: 1)
    #expect(seen.count == 20)
    #expect(Set(seen.keys.map { Int($0) / 100 }).count == 2)
  }
}
