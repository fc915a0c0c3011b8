import Agents
import LinearAlgebra
import NeuralNetworks
import RLCore
import TestSupport
import Testing
import Training

@Suite struct VMPOTests {
  private static let count = 24

  /// A rollout of random numbers, whose recorded outputs lie near those of the policy.
  private struct Setup {
    let policy: MLPPolicy
    let rollout: RolloutBuffer
    let loss: VMPOLoss
    let learner: PolicyLearner<VMPOLoss>
    let order = (0..<Int32(count)).map { Int32(count) - 1 - $0 }

    init(discrete: Bool, _ adjust: (inout VMPOConfiguration) -> Void = { _ in }) {
      let low = [Float](repeating: -10, count: 5)
      let specification = EnvironmentSpecification(
        identifier: "vmpo", summary: "none",
        observationSpace: .box(low: low, high: low.map { -$0 }),
        observationComponents: low.map { _ in .init("x") },
        actionSpace: discrete ? .discrete(count: 3) : .box(low: [-9, -9], high: [9, 9]),
        actionComponents: [.init("a")], timeStep: 1, episodeSteps: 10, solvedReturn: nil,
        source: "none")
      var random = RandomStream(seed: 3, name: "vmpo")
      policy = MLPPolicy(
        specification: specification, hidden: [7, 6], activation: .tanh, usesLayerNorm: false,
        initialLogDeviation: -0.3, normalizesObservations: false, random: &random)
      for parameter in policy.network.parameters.parameters {
        for i in 0..<parameter.value.rows {
          for j in 0..<parameter.value.columns {
            parameter.value[i, j] = 0.5 * random.normalPair().0
          }
        }
      }
      policy.network.parametersDidChange()
      rollout = RolloutBuffer(
        environments: 4, steps: 6, observationWidth: 5, actionWidth: discrete ? 1 : 2,
        columns: VMPO.columns(VMPOConfiguration(), policy: policy), episodeSteps: 10)
      for row in 0..<count {
        for j in 0..<5 { rollout.normalizedObservations[row, j] = random.normalPair().0 }
        for j in 0..<rollout.actions.columns {
          rollout.actions[row, j] =
            discrete ? Float(random.integer(below: 3)) : random.normalPair().0
        }
        rollout.advantages[row] = random.normalPair().0
      }
      var configuration = VMPOConfiguration()
      adjust(&configuration)
      loss = VMPOLoss(configuration, policy: policy, rollout: rollout, rows: count)
      learner = PolicyLearner(
        loss, configuration.shared, rule: .adam(AdamConfiguration()), policy: policy,
        rollout: rollout, rows: count)
      recordOutputs(noise: 0)
      loss.notePolicy()
    }

    /// Records the policy's outputs, moved by noise, as those of π_old.
    func recordOutputs(noise: Float) {
      var random = RandomStream(seed: 4, name: "old-outputs")
      let workspace = policy.network.makeWorkspace(rows: count)
      let outputs = policy.network.forward(
        rollout.normalizedObservations, rows: count, in: workspace)
      guard let column = rollout.column(MLPPolicy.outputsColumn) else { return }
      for i in 0..<count {
        for j in 0..<column.columns {
          column[i, j] = outputs[i, j] + noise * random.normalPair().0
        }
      }
    }

    /// Moves the policy's deviations away from those of π_old.
    func moveDeviations() {
      let own = policy.distribution.parameters.parameters[0].value
      for j in 0..<own.columns { own[0, j] += 0.2 + 0.3 * Float(j) }
    }

    func computeGradient() { learner.computeGradient(order, 0..<count, task: 0) }
  }

  @Test(arguments: [false, true], [0.5, 1]) func policyLossMatchesDifferences(
    discrete: Bool, topFraction: Double
  ) {
    let setup = Setup(discrete: discrete) {
      ($0.topFraction, $0.initialTemperature, $0.initialMultiplier) = (topFraction, 0.7, 1.3)
    }
    setup.recordOutputs(noise: 0.4)
    setup.moveDeviations()
    let parameters = [setup.policy.network.parameters, setup.policy.distribution.parameters]
      .flatMap(\.parameters).filter { $0.value.columns > 0 }
    let errors = gradientErrors(
      at: parameters.map { ($0.value, $0.gradient) }, step: 2e-3,
      didChange: { setup.policy.network.parametersDidChange() },
      loss: {
        setup.computeGradient()
        return Double(setup.learner.loss)
      })
    for (parameter, error) in zip(parameters, errors) { #expect(error < 4e-3, "\(parameter.name)") }
    #expect(setup.loss.divergences.allSatisfy { $0 > 1e-2 })
  }

  @Test(arguments: [false, true]) func dualLossesMatchDifferences(discrete: Bool) {
    let setup = Setup(discrete: discrete) { $0.initialTemperature = 0.7 }
    setup.recordOutputs(noise: 0.4)
    setup.moveDeviations()
    let limits: [Double] = [0.01, 5e-5]
    let errors = gradientErrors(
      at: setup.loss.duals.parameters.map { ($0.value, $0.gradient) }, step: 1e-2,
      didChange: {},
      loss: {
        setup.computeGradient()
        let multipliers = zip(setup.loss.multipliers, zip(limits, setup.loss.divergences))
        return multipliers.reduce(Double(setup.loss.temperatureLoss)) {
          $0 + Double($1.0) * ($1.1.0 - $1.1.1)
        }
      })
    #expect(errors.allSatisfy { $0 < 1e-3 }, "\(errors)")
    #expect(setup.loss.multipliers.count == (discrete ? 1 : 2))
  }

  /// At π_old the loss is a likelihood weighted by exp(A/η) on the better half alone.
  @Test func theBetterHalfIsWeighted() {
    let setup = Setup(discrete: false) { $0.initialTemperature = 0.5 }
    setup.computeGradient()
    let advantages = setup.rollout.advantages
    let rows = (0..<Self.count).sorted { advantages[$0] > advantages[$1] }
    let outputs = setup.rollout.column(MLPPolicy.outputsColumn)
    let logProbabilities = Vector(count: Self.count)
    _ = outputs.map {
      setup.policy.likelihood.logProbabilities(
        of: setup.rollout.actions, outputs: $0, rows: Self.count, into: logProbabilities)
    }
    var (sum, likelihood) = (0.0, 0.0)
    for row in rows.prefix(12) {
      let weight = ScalarMaths.exp(2 * Double(setup.rollout.advantages[row]))
      sum += weight
      likelihood += weight * Double(logProbabilities[row])
    }
    #expect(abs(Double(setup.learner.loss) + likelihood / sum) < 1e-5)
    let expected = 0.5 * (0.01 + ScalarMaths.log(sum / 12))
    #expect(abs(Double(setup.loss.temperatureLoss) - expected) < 1e-5)
    #expect(setup.loss.divergences.allSatisfy { abs($0) < 1e-7 })
  }

  /// With the deviations of π_old the first part is the whole divergence, with its means the second.
  @Test func theDivergenceOfAGaussianHasTwoParts() throws {
    let setup = Setup(discrete: false)
    let distribution = setup.policy.likelihood
    let own = Matrix(rows: 1, columns: 2)
    own.copyRow(0, from: distribution.parameters.parameters[0].value, row: 0)
    let workspace = setup.policy.network.makeWorkspace(rows: Self.count)
    let outputs = setup.policy.network.forward(
      setup.rollout.normalizedObservations, rows: Self.count, in: workspace)
    func parts() throws -> (parts: [Double], whole: Double) {
      setup.computeGradient()
      let old = DistributionBatch(
        outputs: try #require(setup.rollout.column(MLPPolicy.outputsColumn)), own: own)
      return (
        setup.loss.divergences,
        distribution.divergence(old, from: distribution.batch(outputs), rows: Self.count)
      )
    }
    // The loss gathers in another order, and the mean is the same.
    setup.recordOutputs(noise: 0.4)
    let means = try parts()
    #expect(abs(means.parts[0] - means.whole) < 1e-5 && abs(means.parts[1]) < 1e-7)
    setup.recordOutputs(noise: 0)
    setup.moveDeviations()
    let deviations = try parts()
    #expect(abs(deviations.parts[1] - deviations.whole) < 1e-5 && abs(deviations.parts[0]) < 1e-7)
    #expect(means.whole > 0.01 && deviations.whole > 0.01)
  }

  /// Multipliers fall while the divergence is below its limit, rise above it, and stay positive.
  @Test func dualsFollowTheirLimitsAndStayPositive() {
    let setup = Setup(discrete: false) { $0.dualLearningRate = 0.4 }
    for _ in 0..<4 {
      setup.computeGradient()
      setup.loss.didStep()
    }
    #expect(setup.loss.multipliers == [VMPOLoss.leastDual, VMPOLoss.leastDual])
    setup.recordOutputs(noise: 0.4)
    setup.moveDeviations()
    for _ in 0..<8 {
      setup.computeGradient()
      setup.loss.didStep()
    }
    #expect(setup.loss.multipliers.allSatisfy { $0 > 0.5 })
    #expect(setup.loss.temperature >= VMPOLoss.leastDual)
  }

  /// A step of the policy takes the duals along, and resets restore them.
  @Test func stepsAndResetsReachTheDuals() {
    let setup = Setup(discrete: false)
    setup.computeGradient()
    setup.learner.step(1e-3, gradientScale: 1)
    #expect(setup.loss.multipliers.allSatisfy { $0 < 1 } && setup.loss.temperature != 1)
    let own = setup.learner.named.own
    #expect(own.map(\.isMultiplier) == [false, true])
    #expect(own[1].optimizer.stepCount == 1)
  }

  /// r = −(a − 0.7)².
  @Test func continuousBanditIsSolved() throws {
    let environment = VectorEnvironment(ContinuousBandit.self, count: 16)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = VMPOConfiguration()
    configuration.stepsPerRollout = 32
    configuration.minibatchSize = 128
    configuration.learningRate = 3e-3
    configuration.dualLearningRate = 3e-3
    let agent = VMPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: 1), seed: 1, totalSteps: 50_000))
    while agent.environmentSteps < 40_000 { _ = try agent.iterate() }
    let actor = agent.policy.makeActor(rows: 1)
    let (observation, action) = (Matrix(rows: 1, columns: 1), Matrix(rows: 1, columns: 1))
    observation[0, 0] = 1
    var streams: [RandomStream] = []
    actor.act(
      on: observation, rows: 1, mode: .deterministic, streams: &streams, actions: action)
    #expect(abs(action[0, 0] - 0.7) < 0.1)
  }

  @Test func aFractionOfNothingIsRefused() {
    var configuration = VMPOConfiguration()
    #expect(configuration.problem(environments: 8, totalSteps: 100_000) == nil)
    (configuration.topFraction, configuration.minibatchSize) = (0.01, 64)
    #expect(
      configuration.problem(environments: 8, totalSteps: 100_000)?
        .contains("set top-fraction=0.015625 or more") == true)
  }
}
