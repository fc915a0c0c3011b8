import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training

@Suite struct TRPOTests {
  /// A rollout of random numbers and a policy with large weights.
  private struct Setup {
    let policy: MLPPolicy
    let rollout: RolloutBuffer
    let space: ParameterSpace
    let learner: TrustRegionLearner

    init(discrete: Bool, _ adjust: (inout TRPOConfiguration) -> Void = { _ in }) {
      let low = [Float](repeating: -10, count: 5)
      let specification = EnvironmentSpecification(
        identifier: "trust-region", summary: "none",
        observationSpace: .box(low: low, high: low.map { -$0 }),
        observationComponents: low.map { _ in .init("x") },
        actionSpace: discrete ? .discrete(count: 3) : .box(low: [-9, -9], high: [9, 9]),
        actionComponents: [.init("a")], timeStep: 1, episodeSteps: 10, solvedReturn: nil,
        source: "none")
      var random = RandomStream(seed: 3, name: "trust-region")
      policy = MLPPolicy(
        specification: specification, hidden: [16, 12], activation: .tanh, usesLayerNorm: false,
        initialLogDeviation: -0.3, normalizesObservations: false, random: &random)
      for parameter in policy.network.parameters.parameters {
        for i in 0..<parameter.value.rows {
          for j in 0..<parameter.value.columns {
            parameter.value[i, j] = 0.4 * random.normalPair().0
          }
        }
      }
      policy.network.parametersDidChange()
      rollout = RolloutBuffer(
        environments: 4, steps: 60, observationWidth: 5, actionWidth: discrete ? 1 : 2,
        episodeSteps: 10)
      for row in 0..<rollout.count {
        for j in 0..<5 { rollout.normalizedObservations[row, j] = random.normalPair().0 }
        for j in 0..<rollout.actions.columns {
          rollout.actions[row, j] =
            discrete ? Float(random.integer(below: 3)) : random.normalPair().0
        }
        rollout.advantages[row] = 3 + random.normalPair().0
      }
      space = ParameterSpace([policy.network.parameters, policy.distribution.parameters])
      var configuration = TRPOConfiguration()
      configuration.conjugateGradientSteps = 30
      adjust(&configuration)
      learner = TrustRegionLearner(configuration, policy: policy, rollout: rollout)
    }

    /// The policy's distribution on the rollout, copied.
    func batch() -> DistributionBatch {
      let workspace = policy.network.makeWorkspace(rows: rollout.count)
      policy.network.forward(
        rollout.normalizedObservations, rows: rollout.count, in: workspace)
      let current = policy.distribution.parameters.parameters[0].value
      let own = Matrix(rows: 1, columns: current.columns)
      own.copyRow(0, from: current, row: 0)
      return DistributionBatch(outputs: workspace.output, own: own)
    }

    func logProbabilities() -> [Double] {
      let result = Vector(count: rollout.count)
      policy.likelihood.logProbabilities(
        of: rollout.actions, outputs: batch().outputs, rows: rollout.count, into: result)
      return result.array.map { Double($0) }
    }

    func values() -> [Float] {
      let vector = Vector(count: space.dimension)
      space.copyValues(to: vector)
      return vector.array
    }
  }

  /// Divergence and gain are computed anew, from the policies before and after.
  @Test(arguments: [false, true], [(0.01, 1), (0.5, 1), (0.01, 7)])
  func stepsStayInTheTrustRegionAndImprove(
    discrete: Bool, kind: (target: Float, stride: Int)
  ) {
    let setup = Setup(discrete: discrete) {
      ($0.targetKL, $0.fisherStride) = (kind.target, kind.stride)
    }
    for _ in 0..<3 {
      let (old, before) = (setup.batch(), setup.logProbabilities())
      setup.learner.improve()
      #expect(setup.learner.isLearning)
      let divergence = setup.policy.distribution.divergence(
        old, from: setup.batch(), rows: setup.rollout.count)
      #expect(abs(setup.learner.divergence - divergence) < 1e-6)
      #expect(divergence <= Double(kind.target) && divergence > 0.1 * Double(kind.target))
      // Standardised advantages have mean 0, so that the loss before is 0.
      let advantages = Vector(count: setup.rollout.count)
      advantages.copy(from: setup.rollout.advantages)
      standardize(advantages, count: advantages.count)
      let gain = zip(setup.logProbabilities(), before).enumerated().reduce(0.0) {
        $0 + ScalarMaths.exp($1.1.0 - $1.1.1) * Double(advantages[$1.0])
      }
      #expect(gain > 0)
      #expect(abs(setup.learner.gain - gain / Double(advantages.count)) < 1e-5)
    }
  }

  /// Without damping the quadratic model is the divergence's, so that the first trial is nearly as
  /// long as allowed.
  @Test(arguments: [false, true]) func theModelOfTheDivergenceIsItsOwn(discrete: Bool) {
    let setup = Setup(discrete: discrete) {
      ($0.targetKL, $0.damping, $0.lineSearchFactor, $0.lineSearchSteps) = (1e-5, 1e-6, 0.99, 20)
    }
    setup.learner.improve()
    #expect(setup.learner.isLearning)
    let shortening = ScalarMaths.pow(0.99, Double(setup.learner.trials - 1))
    let expected = 1e-5 * shortening * shortening
    #expect(abs(setup.learner.divergence - expected) < 0.06 * expected)
  }

  @Test(arguments: [false, true]) func theGradientIsThatOfTheLoss(discrete: Bool) {
    let setup = Setup(discrete: discrete) {
      ($0.targetKL, $0.entropyCoefficient) = (0.2, 0.05)
    }
    setup.learner.improve()
    #expect(setup.learner.isLearning, "ratios must not be 1")
    let parameters = setup.space.blocks.flatMap(\.parameters).filter { $0.value.columns > 0 }
    let errors = gradientErrors(
      at: parameters.map { ($0.value, $0.gradient) }, step: 2e-3,
      didChange: { setup.policy.network.parametersDidChange() },
      loss: { setup.learner.computeGradient() })
    for (parameter, error) in zip(parameters, errors) { #expect(error < 4e-3, "\(parameter.name)") }
  }

  /// Equal advantages leave no direction, and a step that fails leaves every weight as it was.
  @Test(arguments: [false, true]) func withoutAnAllowedStepNothingChanges(discrete: Bool) {
    let flat = Setup(discrete: discrete)
    flat.rollout.advantages.fill(2)
    // One trial of a step that is far too long for the model.
    let long = Setup(discrete: discrete) {
      ($0.targetKL, $0.lineSearchSteps, $0.damping) = (30, 1, 1e-3)
    }
    for setup in [flat, long] {
      let before = setup.values()
      setup.learner.improve()
      #expect(!setup.learner.isLearning && setup.learner.named.minibatch == nil)
      #expect(setup.learner.stepSize == 0 && setup.learner.gain == 0)
      #expect(setup.learner.divergence == 0)
      #expect(setup.values() == before)
    }
    #expect(long.learner.trials == 1)
  }

  private func agent<E: Environment>(
    _: E.Type, environments: Int, _ adjust: (inout TRPOConfiguration) -> Void
  ) -> TRPOAgent {
    let environment = VectorEnvironment(E.self, count: environments)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = TRPOConfiguration()
    adjust(&configuration)
    #expect(configuration.problem(environments: environments, totalSteps: 50_000) == nil)
    return TRPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 50_000))
  }

  /// r = −(a − 0.7)².
  @Test func continuousBanditIsSolved() throws {
    let agent = agent(ContinuousBandit.self, environments: 16) {
      $0.stepsPerRollout = 32
      $0.initialLogStd = -1
    }
    while agent.environmentSteps < 40_000 { _ = try agent.iterate() }
    let actor = agent.policy.makeActor(rows: 1)
    let (observation, action) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    observation[0, 0] = 1
    var streams: [RandomStream] = []
    actor.act(
      on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: action)
    #expect(abs(action[0, 0] - 0.7) < 0.1)
  }

  @Test func settingsWithoutEffectAreRefused() {
    var configuration = TRPOConfiguration()
    #expect(configuration.problem(environments: 8, totalSteps: 100_000) == nil)
    configuration.maximumGradientNorm = 0.5
    #expect(
      configuration.problem(environments: 8, totalSteps: 100_000)?.contains("leave it at .inf")
        == true)
    configuration.maximumGradientNorm = .infinity
    configuration.stepsPerRollout = 16
    configuration.fisherStride = 129
    #expect(
      configuration.problem(environments: 8, totalSteps: 100_000)?.contains("set fisher-stride=128")
        == true)
  }
}
