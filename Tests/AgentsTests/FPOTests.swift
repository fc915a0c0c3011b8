import Agents
import Environments
import Foundation
import LinearAlgebra
import NeuralNetworks
import RLCore
import Storage
import TestSupport
import Testing
import Training

/// Flow policy optimisation: what it learns, and the state beside its weights.
@Suite struct FPOTests {
  private func makeAgent<E: Environment & ~Copyable>(
    _: E.Type, environments: Int = 8, threads: Int = 1, totalSteps: Int = 100_000,
    _ change: (inout FPOConfiguration) -> Void
  ) -> FPOAgent {
    let environment = VectorEnvironment(E.self, count: environments)
    environment.reset(seeds: .training(runSeed: 1))
    var configuration = FPOConfiguration()
    configuration.policyHidden = [16, 16]
    configuration.criticHidden = [16, 16]
    configuration.stepsPerRollout = 16
    configuration.minibatchSize = 64
    change(&configuration)
    #expect(configuration.problem(environments: environments, totalSteps: totalSteps) == nil)
    return FPOAgent(
      configuration: configuration,
      context: AgentContext(
        environment: environment, pool: WorkerPool(threads: threads), seed: 1,
        totalSteps: totalSteps))
  }

  private func metric(_ name: String, of agent: FPOAgent) throws -> Double {
    let report = try agent.iterate()
    return report.metrics[try #require(agent.metricNames.firstIndex(of: name))]
  }

  /// r = −(a − 0.7)² with a in −2...2: zero noise and random noise end near the best action.
  @Test func continuousBanditIsSolved() throws {
    let agent = makeAgent(ContinuousBandit.self, environments: 16, totalSteps: 20_000) {
      $0.learningRate = 3e-3
      $0.learningRateSchedule = .linear
      $0.stepsPerRollout = 32
      $0.minibatchSize = 128
    }
    while agent.environmentSteps < 20_000 { _ = try agent.iterate() }
    for mode in ActionMode.allCases {
      let actions = act(agent.policy, mode, rows: 64)
      #expect(abs(actions.reduce(0, +) / 64 - 0.7) < 0.15, "\(mode)")
    }
  }

  private func act(_ policy: any Policy, _ mode: ActionMode, rows: Int) -> [Float] {
    let (observations, actions) = (
      Matrix(rows: rows, columns: 1), Matrix(rows: rows, columns: 1)
    )
    observations.fill(1)
    var streams = (0..<rows).map { RandomStream(seed: 2, name: "act", index: $0) }
    policy.makeActor(rows: rows).act(
      on: observations, rows: rows, mode: mode, streams: &streams, actions: actions)
    return (0..<rows).map { actions[$0, 0] }
  }

  @Test(arguments: [FPOConfiguration.Ratio.averaged, .perSample])
  func ratiosAreOneThroughoutAnUpdateWithoutSteps(ratio: FPOConfiguration.Ratio) throws {
    let agent = makeAgent(PendulumV1.self) {
      $0.ratio = ratio
      $0.learningRate = 1e-30
      $0.epochs = 2
    }
    for _ in 0..<2 { #expect(try metric("ratio-deviation", of: agent) == 0) }
  }

  /// The linear part of the velocity is the best one for the actions that it makes, so that the
  /// gradient of their loss vanishes but for the error of 2048 actions; without it, it does not.
  @Test func anUntrainedFlowMatchesItsOwnActions() throws {
    func correlation(_ deviation: Float?) -> Float {
      var configuration = FPOConfiguration()
      configuration.policyHidden = []
      configuration.initialDeviation = deviation
      var random = RandomStream(seed: 1, name: "untrained")
      let policy = FPO.makePolicy(
        configuration, specification: ContinuousBandit.specification, random: &random)
      policy.network.parameters.values.fill(0)
      policy.network.parametersDidChange()
      let (environments, steps) = (32, 64)
      let rollout = RolloutBuffer(
        environments: environments, steps: steps, observationWidth: 1, actionWidth: 1,
        columns: FPO.columns(configuration, policy: policy), episodeSteps: steps)
      let actor = policy.makeRolloutActor(rows: environments, rollout: rollout)
      var streams = (0..<environments).map { RandomStream(seed: 5, name: "noise", index: $0) }
      for t in 0..<steps {
        actor.act(
          on: Matrix(rows: environments, columns: 1),
          for: RolloutBlock(rollout: rollout, environments: 0..<environments, step: t),
          streams: &streams, actions: Matrix(rows: environments, columns: 1))
      }
      let batch = FlowBatch(
        policy.network, policy: policy, rollout: rollout,
        loss: FlowMatchingLoss(configuration, actionWidth: 1), transitions: rollout.count)
      let slopes = Vector(count: batch.inputs.rows)
      slopes.fill(1 / Float(batch.inputs.rows))
      batch.gather((0..<Int32(rollout.count)).map { $0 }, 0..<rollout.count)
      batch.evaluate()
      batch.setOutputGradient(slopes)
      // Noise counts as negative near the action, so that both ends of the flow pull one way.
      return (0..<batch.rows).reduce(0) { sum, n in
        let side: Float = batch.time(n) < 0.5 ? -1 : 1
        return sum + side * batch.outputGradient[n, 0] * batch.inputs[n, 1]
      }
    }
    #expect(abs(correlation(0.5)) < 0.05)
    #expect(abs(correlation(1)) < 0.05)
    #expect(correlation(nil) < -0.5)
  }

  /// Flow matching alone, without any advantages, learns both modes of a target.
  @Test(arguments: [FPOConfiguration.Loss.velocity, .noise])
  func flowMatchingFitsTwoModes(loss: FPOConfiguration.Loss) throws {
    var configuration = FPOConfiguration()
    configuration.policyHidden = [32, 32]
    (configuration.flowLoss, configuration.timeSampling) = (loss, .continuous)
    configuration.samplesPerAction = 4
    configuration.normalizeObservations = false
    var random = RandomStream(seed: 1, name: "modes")
    let policy = FPO.makePolicy(
      configuration, specification: ContinuousBandit.specification, random: &random)
    let rollout = RolloutBuffer(
      environments: 1, steps: 256, observationWidth: 1, actionWidth: 1,
      columns: FPO.columns(configuration, policy: policy), episodeSteps: 256)
    rollout.normalizedObservations.fill(1)
    let batch = FlowBatch(
      policy.network, policy: policy, rollout: rollout,
      loss: FlowMatchingLoss(configuration, actionWidth: 1), transitions: 256)
    let optimizer = Optimizer(policy.network.parameters)
    let slopes = Vector(count: batch.inputs.rows)
    slopes.fill(1 / Float(batch.inputs.rows))
    let times = try #require(rollout.column(FlowPolicy.timesColumn))
    let noise = try #require(rollout.column(FlowPolicy.noiseColumn))
    let order = (0..<Int32(256)).map { $0 }
    for _ in 0..<600 {
      for row in 0..<256 {
        let side: Float = random.uniform() < 0.3 ? -1 : 1
        rollout.actions[row, 0] = side * 1.5 + 0.1 * random.normalPair().0
        random.fillNormal(noise, row: row, inPairs: true)
        for i in 0..<4 {
          policy.lossTimes.time(at: random.uniform(), steps: 10).store(
            in: times, row: row, column: i * FlowTime.storedWidth)
        }
      }
      batch.gather(order, 0..<256)
      batch.evaluate()
      batch.setOutputGradient(slopes)
      batch.backward()
      optimizer.step(learningRate: 3e-3)
      policy.network.parametersDidChange()
    }
    let (observations, points) = (Matrix(rows: 1000, columns: 1), Matrix(rows: 1000, columns: 1))
    observations.fill(1)
    for i in 0..<1000 { random.fillNormal(points, row: i, inPairs: false) }
    FlowIntegrator(policy, rows: 1000, steps: 32).integrate(
      policy.network, observations: observations, rows: 1000, points: points)
    let ends = (0..<1000).map { points[$0, 0] }
    #expect((200...400).contains(ends.count { abs($0 + 1.5) < 0.5 }))
    #expect((600...800).contains(ends.count { abs($0 - 1.5) < 0.5 }))
  }

  /// N = 2 and k = 1 in one dimension: H = ψ(2) − ψ(1) + log 2 + log d = 1 + log 2d; a triangle of
  /// sides 1, 1 and √2 in the plane.
  @Test func entropiesAreThoseOfTheirFormula() throws {
    for (points, neighbor, expected) in [
      ([[Float(0)], [0.25]], 1, 1 + log(0.5)),
      ([[0, 0], [1, 0], [0, 1]], 1, 1.5 + log(Double.pi)),
      ([[0, 0], [1, 0], [0, 1]], 2, 0.5 + log(Double.pi) + 2.0 / 3 * log(2)),
    ] as [([[Float]], Int, Double)] {
      let (samples, width) = (points.count, points[0].count)
      var configuration = FPOConfiguration()
      configuration.policyHidden = []
      configuration.samplesPerAction = samples
      configuration.entropyNeighbor = neighbor
      configuration.initialDeviation = nil
      var random = RandomStream(seed: 1, name: "entropy")
      let bound = [Float](repeating: 1, count: width)
      let specification = EnvironmentSpecification(
        identifier: "entropy-check", summary: "none", observationSpace: .box(low: [0], high: [1]),
        observationComponents: [.init("x")],
        actionSpace: .box(low: bound.map { -$0 }, high: bound),
        actionComponents: bound.map { _ in .init("a") }, timeStep: 1, episodeSteps: 9,
        solvedReturn: nil, source: "none")
      let policy = FPO.makePolicy(configuration, specification: specification, random: &random)
      policy.network.parameters.values.fill(0)
      policy.network.parametersDidChange()
      let rollout = RolloutBuffer(
        environments: 1, steps: 1, observationWidth: 1, actionWidth: width,
        columns: FPO.columns(configuration, policy: policy), episodeSteps: 9)
      let times = try #require(rollout.column(FlowPolicy.timesColumn))
      let noise = try #require(rollout.column(FlowPolicy.noiseColumn))
      // At time 1 without velocity the predicted actions are the noise.
      for i in 0..<samples {
        FlowTime(1).store(in: times, row: 0, column: i * FlowTime.storedWidth)
        for j in 0..<width { noise[0, i * width + j] = points[i][j] }
      }
      let batch = FlowBatch(
        policy.network, policy: policy, rollout: rollout,
        loss: FlowMatchingLoss(configuration, actionWidth: width), transitions: 1)
      batch.gather([0], 0..<1)
      batch.evaluate()
      let entropy = NearestNeighborEntropy(samples: samples, width: width, neighbor: neighbor)
        .addGradient(weight: 0, transition: 0, of: batch)
      #expect(abs(Double(entropy) - expected) < 1e-5)
    }
  }

  /// Before the warm-up is over the average is the policy, afterwards it follows.
  @Test func averagesFollowAfterTheirWarmUp() throws {
    let agent = makeAgent(PendulumV1.self) { ($0.averageDecay, $0.averageWarmUp) = (0.75, 2) }
    let policy = try #require(agent.policy as? FlowPolicy)
    let average = try #require(policy.average)
    func values(_ network: MLP) -> [Float] { network.parameters.values.array }
    for _ in 0..<2 {
      _ = try agent.iterate()
      let isEqual = values(average) == values(policy.network)
      #expect(isEqual)
    }
    let before = values(average)
    _ = try agent.iterate()
    for (k, value) in values(average).enumerated() {
      #expect(abs(value - (0.75 * before[k] + 0.25 * values(policy.network)[k])) < 1e-6)
    }
    let isApart = values(average) != values(policy.network)
    #expect(isApart)
  }

  @Test func theLearningRateAdaptsToTheDrift() throws {
    // Both reach the end of the range in 20 minibatches.
    for (target, end) in [(Float(1e-30), 1e-5), (1e3, 1e-2)] {
      let agent = makeAgent(PendulumV1.self) { $0.targetDrift = target }
      let rates = try (0..<3).map { _ in try metric("learning-rate", of: agent) }
      #expect(end < 3e-4 ? rates[0] < 3e-4 : rates[0] > 3e-4)
      #expect(rates[1...].allSatisfy { abs($0 / end - 1) < 1e-5 })
    }
    let balanced = makeAgent(PendulumV1.self) { ($0.targetDrift, $0.epochs) = (1e3, 1) }
    #expect(try abs(metric("learning-rate", of: balanced) / 3e-4 - 1.25) < 1e-4)
  }

  /// Parts of a minibatch on copies of the network add up to its gradient, frozen parts included.
  @Test func partsAddUpToTheWholeGradient() throws {
    let agent = makeAgent(PendulumV1.self, threads: 2) { ($0.epochs, $0.minibatchSize) = (1, 128) }
    for isInjected in [false, true] {
      let named = agent.networks[0]
      if isInjected { named.network.inject(named.network.fresh(seed: 4, purpose: "fresh")) }
      _ = try agent.iterate()
      let parts = named.network.parameters.gradients.array
      try #require(agent.networks[0].minibatch).computeGradient()
      let whole = named.network.parameters.gradients.array
      var (product, own, other) = (0.0, 0.0, 0.0)
      for (a, b) in zip(parts, whole) {
        product += Double(a) * Double(b)
        own += Double(a) * Double(a)
        other += Double(b) * Double(b)
      }
      // One small step later the gradient is nearly the same.
      #expect(product / (own * other).squareRoot() > 0.98)
    }
  }

  @Test(arguments: [2, 3, 7], ["fpo", "fpo plus"])
  func threadsDoNotChangeAnything(threads: Int, settings: String) throws {
    let configuration = try #require(ShortSettings.all[settings] as? FPOConfiguration)
    func run(_ threads: Int) throws -> TensorArchive {
      let agent = makeAgent(Quadcopter.self, environments: 16, threads: threads) {
        $0 = configuration
      }
      for _ in 0..<3 { _ = try agent.iterate() }
      var archive = TensorArchive()
      agent.save(to: &archive)
      return archive
    }
    let (alone, together) = (try run(1), try run(threads))
    let isSame = alone == together
    #expect(isSame)
  }

  /// Samples take memory in proportion to their number, in rollouts and minibatches.
  @Test func samplesNeedMemory() {
    func bytes(_ samples: Int, map: Float = 0) -> Double {
      var configuration = FPOConfiguration()
      (configuration.samplesPerAction, configuration.mapCoefficient) = (samples, map)
      return configuration.memoryNeeds(in: PendulumV1.specification, environments: 8)
        .reduce(0) { $0 + $1.bytes }
    }
    #expect(abs((bytes(4096) - bytes(2048)) / (bytes(2048) - bytes(1024)) - 2) < 0.01)
    // Two evaluations in each of 10 steps, for a minibatch in one part and another in all others.
    #expect(bytes(8, map: 0.1) > bytes(8) + 2 * 512 * 2 * 10 * 4 * 200)
  }

  @Test func contradictingSettingsAreRefused() {
    func problem(_ change: (inout FPOConfiguration) -> Void) -> String {
      var configuration = FPOConfiguration()
      change(&configuration)
      return configuration.problem(environments: 8, totalSteps: 100_000) ?? "none"
    }
    #expect(problem { _ in } == "none")
    for (found, part) in [
      (problem { $0.timeFeatures = 5 }, "use 6"),
      (
        problem { ($0.timeSampling, $0.timeBeta) = (.grid, 2) },
        "time-beta needs time-sampling continuous"
      ),
      (
        problem { ($0.flowLoss, $0.timeSampling, $0.flowSteps) = (.noise, .grid, 1) },
        "always 0 at the only time"
      ),
      (problem { $0.straightThrough = true }, "straight-through needs"),
      (
        problem { ($0.entropyCoefficient, $0.samplesPerAction) = (0.1, 1) },
        "samples-per-action above entropy-neighbor, 1"
      ),
      (
        problem { ($0.advantageScope, $0.normalizeAdvantages) = (.rollout, false) },
        "needs normalize-advantages true"
      ),
      (
        problem { ($0.targetDrift, $0.learningRateSchedule) = (1, .linear) },
        "needs learning-rate-schedule constant"
      ),
      (problem { $0.samplesPerAction = 4096 * 4096 }, "times samples-per-action must be at most"),
      (problem { $0.minibatchSize = 1 << 20 }, "minibatch-size is 1048576"),
    ] { #expect(found.contains(part), "\(found)") }
    let discrete = FPOConfiguration().problem(in: CartPoleV1.specification)
    #expect(discrete?.contains("continuous actions are needed") == true)
    #expect(FPOConfiguration().problem(in: PendulumV1.specification) == nil)
  }
}
