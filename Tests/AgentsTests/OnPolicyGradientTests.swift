import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training

/// Every loss of on-policy methods against central differences of itself, in single precision.
@Suite struct OnPolicyGradientTests {
  private static func specification(discrete: Bool) -> EnvironmentSpecification {
    let low = [Float](repeating: -10, count: 5)
    return EnvironmentSpecification(
      identifier: "gradient-check", summary: "none",
      observationSpace: .box(low: low, high: low.map { -$0 }),
      observationComponents: low.map { _ in .init("x") },
      actionSpace: discrete ? .discrete(count: 3) : .box(low: [-9, -9], high: [9, 9]),
      actionComponents: [.init("a")], timeStep: 1, episodeSteps: 10, solvedReturn: nil,
      source: "none")
  }

  private struct Setup {
    let policy: MLPPolicy
    let critic: MLP
    let rollout: RolloutBuffer
    let surrogate: ClippedSurrogate
    let order: [Int32]
  }

  /// A rollout of random numbers whose old log-probabilities lie near, not at, the present ones.
  private static func setup(discrete: Bool) -> Setup {
    let specification = specification(discrete: discrete)
    var random = RandomStream(seed: 3, name: "gradient-check")
    let policy = MLPPolicy(
      specification: specification, hidden: [7, 6], activation: .tanh, usesLayerNorm: false,
      initialLogDeviation: -0.3, normalizesObservations: false, random: &random)
    let critic = MLP(
      name: "critic",
      architecture: MLPArchitecture(
        inputs: 5, hidden: [7, 6], outputs: 1, activation: .tanh, usesLayerNorm: false),
      initializer: .fanInUniform, random: &random)
    for parameter in policy.network.parameters.parameters {
      for i in 0..<parameter.value.rows {
        for j in 0..<parameter.value.columns {
          parameter.value[i, j] = 0.5 * random.normalPair().0
        }
      }
    }
    policy.network.parametersDidChange()
    let rollout = RolloutBuffer(
      environments: 4, steps: 6, observationWidth: 5, actionWidth: discrete ? 1 : 2,
      columns: [RolloutColumn(MLPPolicy.outputsColumn, width: policy.distribution.outputWidth)],
      episodeSteps: 10)
    let surrogate = ClippedSurrogate(count: rollout.count, rows: rollout.count)
    surrogate.clipRange = 0.2
    for row in 0..<rollout.count {
      for j in 0..<5 { rollout.normalizedObservations[row, j] = random.normalPair().0 }
      for j in 0..<rollout.actions.columns {
        rollout.actions[row, j] =
          discrete ? Float(random.integer(below: 3)) : random.normalPair().0
      }
      surrogate.oldLogProbabilities[row] = (discrete ? -1.1 : -2.5) + 0.4 * random.normalPair().0
      rollout.advantages[row] = random.normalPair().0
      rollout.returns[row] = random.normalPair().0
      rollout.values[row] = 0.5 * random.normalPair().0
    }
    return Setup(
      policy: policy, critic: critic, rollout: rollout, surrogate: surrogate,
      order: (0..<24).map { Int32(23 - $0) })
  }

  /// Losses of order 1 in single precision are good to 1e-7, and 1e-7 / 2e-3 is 5e-5.
  private static func check(
    _ parameters: [Parameter], changed: () -> Void, loss: () -> Double
  ) {
    let errors = gradientErrors(
      at: parameters.map { ($0.value, $0.gradient) }, step: 2e-3, didChange: changed, loss: loss)
    for (parameter, error) in zip(parameters, errors) {
      #expect(error < 4e-3, "\(parameter.name)")
    }
    #expect(parameters.contains { $0.gradient.row(0).contains { abs($0) > 1e-2 } })
  }

  @Test(arguments: [false, true]) func policyLossMatchesDifferences(discrete: Bool) {
    let setup = Self.setup(discrete: discrete)
    var settings = OnPolicySettings()
    settings.entropyCoefficient = 0.05
    let learner = PolicyLearner(
      setup.surrogate, settings, rule: .adam(AdamConfiguration()), policy: setup.policy,
      rollout: setup.rollout, rows: 24)
    var parameters = setup.policy.network.parameters.parameters
    if !discrete { parameters += setup.policy.distribution.parameters.parameters }
    Self.check(parameters, changed: { setup.policy.network.parametersDidChange() }) {
      learner.computeGradient(setup.order, 0..<24, task: 0)
      return Double(learner.loss) - 0.05 * Double(learner.entropy)
    }
    #expect(setup.surrogate.clipFraction > 0.1 && setup.surrogate.clipFraction < 0.9)
  }

  @Test(arguments: [false, true]) func policyGradientMatchesDifferences(discrete: Bool) {
    let setup = Self.setup(discrete: discrete)
    var settings = OnPolicySettings()
    settings.entropyCoefficient = 0.05
    settings.normalizeAdvantages = false
    let learner = PolicyLearner(
      PolicyGradient(), settings, rule: .rmsProp(RMSPropConfiguration()), policy: setup.policy,
      rollout: setup.rollout, rows: 24)
    var parameters = setup.policy.network.parameters.parameters
    if !discrete { parameters += setup.policy.distribution.parameters.parameters }
    Self.check(parameters, changed: { setup.policy.network.parametersDidChange() }) {
      learner.computeGradient(setup.order, 0..<24, task: 0)
      return Double(learner.loss) - 0.05 * Double(learner.entropy)
    }
  }

  private static func learner<Objective: PolicyObjective>(
    _ objective: Objective, _ setup: Setup
  ) -> PolicyLearner<Objective> {
    var settings = OnPolicySettings()
    settings.normalizeAdvantages = false
    return PolicyLearner(
      objective, settings, rule: .adam(AdamConfiguration()), policy: setup.policy,
      rollout: setup.rollout, rows: 24)
  }

  /// Fills the rollout's outputs with the policy's own, moved by noise.
  private static func fillOutputs(_ setup: Setup, noise: Float) {
    var random = RandomStream(seed: 4, name: "old-outputs")
    let workspace = setup.policy.network.makeWorkspace(rows: 24)
    let outputs = setup.policy.network.forward(
      setup.rollout.normalizedObservations, rows: 24, in: workspace)
    guard let column = setup.rollout.column(MLPPolicy.outputsColumn) else { return }
    for i in 0..<24 {
      for j in 0..<column.columns {
        column[i, j] = outputs[i, j] + noise * random.normalPair().0
      }
    }
  }

  @Test(arguments: [false, true], [Float(1), 1.4, 2])
  func mirrorDescentMatchesDifferences(discrete: Bool, index: Float) {
    let setup = Self.setup(discrete: discrete)
    Self.fillOutputs(setup, noise: 0.4)
    let loss = MirrorDescentLoss(
      policy: setup.policy, rollout: setup.rollout, rows: 24, tsallisIndex: index)
    loss.notePolicy()
    loss.stepSize = 0.3
    var parameters = setup.policy.network.parameters.parameters
    if !discrete {
      let own = setup.policy.distribution.parameters.parameters
      own[0].value[0, 0] += 0.2
      parameters += own
    }
    let learner = Self.learner(loss, setup)
    Self.check(parameters, changed: { setup.policy.network.parametersDidChange() }) {
      learner.computeGradient(setup.order, 0..<24, task: 0)
      return Double(learner.loss)
    }
    #expect(abs(loss.divergence) > 1e-4)
  }

  /// At the previous policy the divergence has no gradient and the ratio is 1, so that a single
  /// step is one of the plain policy gradient.
  @Test(arguments: [false, true]) func oneStepOfMirrorDescentIsThePolicyGradient(discrete: Bool) {
    let setup = Self.setup(discrete: discrete)
    Self.fillOutputs(setup, noise: 0)
    let loss = MirrorDescentLoss(
      policy: setup.policy, rollout: setup.rollout, rows: 24, tsallisIndex: 1)
    loss.notePolicy()
    loss.stepSize = 0.01
    func gradients(_ compute: () -> Void) -> [Float] {
      compute()
      let blocks = [setup.policy.network.parameters, setup.policy.distribution.parameters]
      return blocks.flatMap { block in (0..<block.count).map { block.gradients[$0] } }
    }
    let mirror = gradients {
      Self.learner(loss, setup).computeGradient(setup.order, 0..<24, task: 0)
    }
    let plain = gradients {
      Self.learner(PolicyGradient(), setup).computeGradient(setup.order, 0..<24, task: 0)
    }
    #expect(zip(mirror, plain).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(plain.contains { abs($0) > 1e-2 })
    #expect(abs(loss.divergence) < 1e-7)
  }

  @Test(arguments: [nil, Float(0.3)]) func valueLossMatchesDifferences(clip: Float?) {
    let setup = Self.setup(discrete: false)
    let learner = ValueLearner(
      setup.critic, setup.rollout, rows: 24, coefficient: 0.5, clipRange: clip,
      rule: .adam(AdamConfiguration()))
    Self.check(
      setup.critic.parameters.parameters, changed: { setup.critic.parametersDidChange() }
    ) {
      learner.computeGradient(setup.order, 0..<24)
      return 0.5 * Double(learner.loss)
    }
  }

  @Test func ratioIsExactlyOneBeforeTheFirstStep() {
    let environment = VectorEnvironment(RandomWalk.self, count: 3)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 16
    configuration.minibatchSize = 48
    configuration.epochs = 1
    configuration.learningRate = 1e-30
    let agent = PPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 1000))
    let report = try? agent.iterate()
    let kl = agent.metricNames.firstIndex(of: "approximate-kl").flatMap { report?.metrics[$0] }
    #expect(abs(kl ?? 1) < 1e-7)
  }

  /// An early stop by divergence shows in the number of minibatches.
  @Test(arguments: [nil, Float(1e-6)]) func minibatchesAreCounted(targetKL: Float?) throws {
    let environment = VectorEnvironment(RandomWalk.self, count: 3)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = PPOConfiguration()
    configuration.stepsPerRollout = 16
    configuration.minibatchSize = 16
    configuration.epochs = 4
    configuration.learningRate = 0.01
    configuration.targetKL = targetKL
    let agent = PPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 1000))
    let report = try agent.iterate()
    let column = try #require(agent.metricNames.firstIndex(of: "minibatches"))
    // 48 transitions in 3 minibatches, 4 times.
    #expect(
      targetKL == nil ? report.metrics[column] == 12 : (1..<12).contains(report.metrics[column]))
  }
}
