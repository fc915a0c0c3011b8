import Agents
import Environments
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training

/// The losses of SAC against central differences of themselves, in single precision.
@Suite struct SACGradientTests {
  private static let specification = EnvironmentSpecification(
    identifier: "gradient-check", summary: "none",
    observationSpace: .box(low: [-9, -9, -9], high: [9, 9, 9]),
    observationComponents: [.init("x"), .init("y"), .init("z")],
    actionSpace: .box(low: [-2, -3], high: [2, 3]), actionComponents: [.init("a"), .init("b")],
    timeStep: 1, episodeSteps: 10, solvedReturn: nil, source: "none")
  private static let rows = 6

  private static func configuration(
    _ adjust: (inout SACConfiguration) -> Void = { _ in }
  ) -> SACConfiguration {
    var configuration = SACConfiguration()
    configuration.batchSize = rows
    configuration.policyHidden = [7, 6]
    configuration.criticHidden = [7, 6]
    configuration.activation = .tanh
    adjust(&configuration)
    return configuration
  }

  private static func randomMatrix(
    _ rows: Int, _ columns: Int, _ random: inout RandomStream, scale: Float = 1
  ) -> Matrix {
    let matrix = Matrix(rows: rows, columns: columns)
    for i in 0..<rows {
      for j in 0..<columns { matrix[i, j] = scale * random.normalPair().0 }
    }
    return matrix
  }

  private static func points(_ block: ParameterBlock) -> [(value: Matrix, gradient: Matrix)] {
    block.parameters.map { ($0.value, $0.gradient) }
  }

  /// Single precision and a step of 5e-3 leave errors of some thousandths.
  private func check(
    _ block: ParameterBlock, didChange: () -> Void, loss: () -> Float
  ) {
    let errors = gradientErrors(at: Self.points(block), step: 5e-3, didChange: didChange) {
      Double(loss())
    }
    for (parameter, error) in zip(block.parameters, errors) {
      #expect(error < 4e-3, "\(parameter.name)")
    }
  }

  @Test(arguments: CriticKind.allCases) func criticLoss(kind: CriticKind) {
    var random = RandomStream(seed: 5, name: "sac-gradients")
    let configuration = Self.configuration(kind.adjust)
    let critic = SACCritic(
      0, configuration, observationWidth: 3, actionWidth: 2, seed: 1, random: &random)
    let observations = Self.randomMatrix(Self.rows, 3, &random)
    let actions = Self.randomMatrix(Self.rows, 2, &random, scale: 0.5)
    // Far from the predictions, so that no error crosses a kink of the Huber loss.
    let quantiles = configuration.quantiles
    let targets = Self.randomMatrix(Self.rows, quantiles == 1 ? 1 : 5, &random, scale: 3)
    let nextObservations = Self.randomMatrix(Self.rows, 3, &random, scale: 2)
    check(critic.network.parameters, didChange: critic.network.parametersDidChange) {
      critic.dropoutStream = RandomStream(seed: 2, name: "fixed-dropout")
      if !configuration.usesTargetNetworks {
        critic.evaluateJointly(
          observations: observations, actions: actions, nextObservations: nextObservations,
          nextActions: actions)
      }
      critic.computeGradient(observations: observations, actions: actions, targets: targets)
      return critic.loss
    }
  }

  /// Through the density and through the value: with either cut the differences would not agree.
  @Test(
    arguments: SACCriticCombination.allCases.flatMap { combination in
      [Float(0), 0.7].map { (combination, $0, CriticKind.plain) }
    } + CriticKind.allCases.map { (.mean, 0.7, $0) })
  func policyLoss(combination: SACCriticCombination, temperature: Float, kind: CriticKind) {
    var random = RandomStream(seed: 6, name: "sac-gradients")
    let configuration = Self.configuration {
      kind.adjust(&$0)
      $0.policyCombination = combination
      $0.lowestLogStd = -2
      $0.highestLogStd = 1
    }
    let actor = SACActor(configuration, specification: Self.specification, random: &random)
    let critics = (0..<2).map {
      SACCritic($0, configuration, observationWidth: 3, actionWidth: 2, seed: 1, random: &random)
    }
    // Critics with slopes worth speaking of.
    for critic in critics {
      for parameter in critic.network.parameters.parameters where parameter.isWeight {
        for i in 0..<parameter.value.rows {
          for j in 0..<parameter.value.columns {
            parameter.value[i, j] *= kind == .plain ? 3 : 1.5
          }
        }
      }
      critic.network.parametersDidChange()
    }
    let observations = Self.randomMatrix(Self.rows, 3, &random)
    let network = actor.policy.network
    check(network.parameters, didChange: network.parametersDidChange) {
      var noise = RandomStream(seed: 9, name: "fixed-noise")
      actor.sampleCurrent(observations, using: &noise)
      for critic in critics {
        critic.dropoutStream = RandomStream(seed: 2, name: "fixed-dropout")
        critic.evaluatePolicy(observations: observations, actions: actor.sample.actions)
      }
      actor.computeGradient(observations, critics: critics, temperature: temperature)
      return actor.loss
    }
  }

  /// With a previous policy that differs, both densities and the value carry gradients.
  @Test(arguments: [Float(1), 1.3, 2]) func mirrorDescentLoss(index: Float) {
    var random = RandomStream(seed: 6, name: "sac-gradients")
    let configuration = Self.configuration {
      $0.mirrorCoefficient = 0.6
      $0.tsallisIndex = index
      $0.lowestLogStd = -2
      $0.highestLogStd = 1
    }
    let actor = SACActor(configuration, specification: Self.specification, random: &random)
    let critics = (0..<2).map {
      SACCritic($0, configuration, observationWidth: 3, actionWidth: 2, seed: 1, random: &random)
    }
    let network = actor.policy.network
    for parameter in network.parameters.parameters {
      for i in 0..<parameter.value.rows {
        for j in 0..<parameter.value.columns {
          parameter.value[i, j] += 0.2 * random.normalPair().0
        }
      }
    }
    network.parametersDidChange()
    let observations = Self.randomMatrix(Self.rows, 3, &random)
    check(network.parameters, didChange: network.parametersDidChange) {
      var noise = RandomStream(seed: 9, name: "fixed-noise")
      actor.sampleCurrent(observations, using: &noise)
      for critic in critics {
        critic.evaluatePolicy(observations: observations, actions: actor.sample.actions)
      }
      actor.computeGradient(observations, critics: critics, temperature: 0.3)
      return actor.loss
    }
    #expect(abs(actor.previous?.divergence ?? 0) > 1e-3)
  }

  /// `dL/d log α = −mean(logπ + H̄)`: a policy below the target entropy raises the temperature.
  @Test func temperatureSeeksTheTargetEntropy() {
    for (target, rises) in [(Float(3), true), (-30, false)] {
      var random = RandomStream(seed: 7, name: "sac-gradients")
      let configuration = Self.configuration { $0.targetEntropyPerComponent = target }
      let actor = SACActor(configuration, specification: Self.specification, random: &random)
      let observations = Self.randomMatrix(Self.rows, 3, &random)
      actor.sampleCurrent(observations, using: &random)
      let before = actor.temperature
      actor.learnTemperature(learningRate: 0.01)
      #expect((actor.temperature > before) == rises)
    }
  }
}

/// The kinds of critics, each with a policy of the same kind where there is one.
enum CriticKind: String, CaseIterable, CustomTestStringConvertible {
  case plain, quantiles, dropout, simba, bro, batchNorm, joint
  var testDescription: String { rawValue }

  func adjust(_ configuration: inout SACConfiguration) {
    switch self {
    case .plain: break
    case .quantiles: configuration.quantiles = 4
    case .dropout: (configuration.criticDropout, configuration.criticLayerNorm) = (0.3, true)
    case .simba:
      (configuration.criticArchitecture, configuration.policyArchitecture) = (.simba, .simba)
      (configuration.criticHidden, configuration.policyHidden) = ([5, 5], [5])
    case .batchNorm:
      (configuration.criticBatchNorm, configuration.usesTargetNetworks) = (true, false)
    case .joint:
      Self.dropout.adjust(&configuration)
      Self.quantiles.adjust(&configuration)
      configuration.usesTargetNetworks = false
    case .bro:
      (configuration.criticArchitecture, configuration.policyArchitecture) = (.bro, .bro)
      (configuration.criticHidden, configuration.policyHidden) = ([7, 7], [7])
    }
  }
}

@Suite struct SACLearningTests {
  /// At first the mean forgets with a tenth of the updates so far, later with the decay.
  @Test func averagesFollowTheirFormula() throws {
    let environment = try #require(EnvironmentRegistry.find("pendulum-v1"))
    var random = RandomStream(seed: 1, name: "policy")
    let actor = SACActor(
      SACConfiguration(), specification: environment.specification, random: &random)
    let average = AveragedPolicy(of: actor.policy, decay: 0.9)
    let (source, mean) = (actor.policy.network.parameters, average.policy.network.parameters)
    #expect(mean.values[0] == source.values[0])
    var expected = source.values[0]
    for n in 1...200 {
      for k in 0..<source.count { source.values[k] = Float((n + k) % 7) }
      average.follow(actor.policy)
      let rate = max(0.1, 10 / Float(n + 10))
      let value = Float(n % 7)
      expected += rate * (value - expected)
      #expect(abs(mean.values[0] - expected) < 1e-4)
    }
    #expect(average.updates == 200)
    average.restart(from: actor.policy)
    #expect(mean.values[0] == source.values[0] && average.updates == 0)
  }

  private func agent<E: Environment>(
    _: E.Type, _ adjust: (inout SACConfiguration) -> Void
  ) -> SACAgent {
    let environment = VectorEnvironment(E.self, count: 1)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = SACConfiguration()
    configuration.policyHidden = [32, 32]
    configuration.criticHidden = [32, 32]
    configuration.batchSize = 64
    configuration.warmUpSteps = 100
    configuration.criticLearningRate = 3e-3
    configuration.policyLearningRate = 3e-3
    configuration.temperatureLearningRate = 3e-3
    adjust(&configuration)
    #expect(configuration.problem(environments: 1, totalSteps: 10_000) == nil)
    return SACAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 10_000))
  }

  /// Reward 1 for ever, truncated every 10 steps, γ = 0.9: Q is 10 without entropy; masking
  /// truncation as if it were termination gives at most 6.5.
  @Test(arguments: [1, 3]) func truncationBootstraps(multiStep: Int) throws {
    let agent = agent(ConstantReward.self) {
      $0.discount = 0.9
      $0.multiStep = multiStep
      $0.learnsTemperature = false
      $0.initialTemperature = 1e-6
      $0.targetRate = 0.05
    }
    for _ in 0..<3 { _ = try agent.iterate() }
    let critic = agent.networks[1].network
    let input = Matrix(rows: 1, columns: 2)
    (input[0, 0], input[0, 1]) = (1, 0.3)
    let value = critic.forward(input, rows: 1, in: critic.makeWorkspace(rows: 1))[0, 0]
    #expect(abs(value - 10) < 0.3, "\(value)")
  }

  /// With α = 1, γ = 0.9 and the policy's entropy H, Q is 10 + H B / (1 − B).
  ///
  /// B is the mean discount of what bootstraps: 0.9, or with three rewards and episodes of ten steps
  /// (8 · 0.9³ + 0.9² + 0.9) / 10.  Entropies between rewards count in no target, so not in the bias.
  @Test(arguments: [(1, Float(0.9)), (3, 0.754_2)])
  func valuesCountEntropyWhereTheyBootstrap(multiStep: Int, bootstrap: Float) throws {
    let agent = agent(ConstantReward.self) {
      $0.discount = 0.9
      $0.multiStep = multiStep
      $0.learnsTemperature = false
      $0.targetRate = 0.05
    }
    for _ in 0..<3 { _ = try agent.iterate() }
    let report = try agent.iterate()
    func metric(_ name: String) throws -> Float {
      Float(report.metrics[try #require(agent.metricNames.firstIndex(of: name))])
    }
    let entropy = try metric("entropy")
    #expect(entropy > 0.5 && entropy < 0.6932)
    let expected = 10 + entropy * bootstrap / (1 - bootstrap)
    #expect(abs(try metric("mean-q") - expected) < 0.3)
    #expect(abs(try metric("q-bias")) < 0.8)
  }

  /// Constant critics, of which the policy learns from a combination that is right: reward 1 for
  /// ever and γ = 0.9 make 10.
  @Test(
    arguments: [
      (SACCriticCombination.minimum, [Float(10), 30]), (.mean, [2, 18]), (.mean, [-4, 8, 26]),
    ])
  func theBiasIsThatOfWhatThePolicyLearnsFrom(
    combination: SACCriticCombination, values: [Float]
  ) throws {
    let agent = agent(ConstantReward.self) {
      ($0.critics, $0.targetCritics) = (values.count, values.count)
      ($0.policyCombination, $0.discount) = (combination, 0.9)
      ($0.quantiles, $0.droppedQuantiles) = values.count == 3 ? (5, 1) : (1, 0)
      ($0.learnsTemperature, $0.initialTemperature) = (false, 1e-6)
      ($0.criticLearningRate, $0.policyLearningRate) = (1e-9, 1e-9)
    }
    for (named, value) in zip(agent.networks.dropFirst(), values) {
      let last = try #require(named.network.denseLayers.last)
      last.weight.value.fill(0)
      // Quantiles about their mean.
      let columns = last.bias.value.columns
      for k in 0..<columns { last.bias.value[0, k] = value + Float(2 * k - columns + 1) }
      named.network.parametersDidChange()
    }
    let metrics = try agent.iterate().metrics
    let bias = metrics[try #require(agent.metricNames.firstIndex(of: "q-bias"))]
    #expect(abs(bias) < 1e-3, "\(bias)")
  }

  /// The whole family finds the best arm.
  @Test(arguments: ["sac", "redq", "tqc", "resets", "fractional", "droq", "simba", "bro", "crossq"])
  func continuousBanditIsSolved(member: String) throws {
    let agent = agent(ContinuousBandit.self) {
      $0.targetEntropyPerComponent = -3
      switch member {
      case "redq": ($0.critics, $0.targetCritics, $0.policyCombination) = (5, 2, .mean)
      case "tqc":
        ($0.quantiles, $0.droppedQuantiles, $0.policyCombination) = (5, 1, .mean)
      case "resets": $0.resetEvery = 900
      case "droq":
        ($0.criticDropout, $0.criticLayerNorm, $0.policyCombination) = (0.02, true, .mean)
      case "crossq":
        ($0.criticBatchNorm, $0.usesTargetNetworks) = (true, false)
        ($0.adamBeta1, $0.policyDelay) = (0.5, 3)
      case "simba":
        ($0.policyArchitecture, $0.criticArchitecture) = (.simba, .simba)
        ($0.policyHidden, $0.normalizeObservations) = ([32], true)
      case "bro":
        ($0.policyArchitecture, $0.criticArchitecture) = (.bro, .bro)
        ($0.policyHidden, $0.temperatureAdamBeta1) = ([32], 0.5)
      case "fractional": $0.replayRatio = 0.5
      default: break
      }
    }
    for _ in 0..<2 { _ = try agent.iterate() }
    let actor = agent.policy.makeActor(rows: 1)
    let (observation, action) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    observation[0, 0] = 1
    var streams: [RandomStream] = []
    actor.act(
      on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: action)
    #expect(abs(action[0, 0] - 0.7) < 0.15, "\(action[0, 0])")
  }

  @Test(arguments: [(0.5, 0.5), (1, 1), (3, 3), (0.3, 0.3)])
  func theReplayRatioIsMeasured(wanted: Double, expected: Double) throws {
    let agent = agent(ContinuousBandit.self) {
      $0.replayRatio = wanted
      $0.stepsPerIteration = 200
    }
    _ = try agent.iterate()
    let report = try agent.iterate()
    let column = try #require(agent.metricNames.firstIndex(of: "replay-ratio"))
    #expect(abs(report.metrics[column] - expected) < 0.006)
  }

  /// r = 1, γ = 0.99, min Q̄ = 9.5, α = 0.2, logπ = −1.3: y = 10.6624; a termination leaves r alone.
  @Test func targetsAreSoftValuesOfTheNextState() {
    let target = softTarget(reward: 1, discount: 0.99, nextValue: 9.5, entropyTerm: 0.2 * -1.3)
    #expect(abs(target - 10.6624) < 1e-5)
    #expect(softTarget(reward: 1, discount: 0, nextValue: 9.5, entropyTerm: 0.2 * -1.3) == 1)
  }
}
