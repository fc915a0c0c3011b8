import Agents
import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training

/// Interventions on what a policy has beside its layers: its log-deviation, SAC's temperature.
@Suite struct OwnParameterTests {
  private func value(_ agent: FakeAgent) -> [Float] { numbers(agent.own.parameters[0].value) }

  private func moment(_ agent: FakeAgent) -> [Float] {
    numbers(agent.own.views(of: agent.ownOptimizer.firstMoment)[0])
  }

  /// The gradient of the loss is 1.
  @Test(arguments: ["l2:strength=0.1", "l2-init:strength=0.1", "wasserstein:strength=0.1"])
  func penaltiesReachThem(text: String) throws {
    let agent = try FakeAgent.make([text])
    for _ in 0..<3 { agent.step(learningRate: 0.1) }
    let (values, before) = (value(agent), moment(agent))
    agent.step(learningRate: 0, gradientScale: 0.5)
    // Four numbers that move alike keep their order.
    for k in values.indices {
      let penalty =
        text.hasPrefix("l2:") ? 0.1 * values[k] : 0.2 * (values[k] - FakeAgent.ownValues[k])
      #expect(abs(moment(agent)[k] - 0.9 * before[k] - 0.1 * (0.5 + penalty)) < 1e-5)
    }
    #expect(values != FakeAgent.ownValues)
    #expect(numbers(agent.own.parameters[0].gradient) == [1, 1, 1, 1])
  }

  @Test func theyAreClippedLikeALayerOfAsManyInputs() throws {
    let (clipped, plain) = (
      try FakeAgent.make(["weight-clipping:factor=3"]), try FakeAgent.make()
    )
    for agent in [clipped, plain] { agent.step() }
    #expect(value(clipped) == value(plain).map { min(max($0, -1.5), 1.5) })
    #expect(value(clipped).contains(-1.5) && value(clipped).contains(1.5))
  }

  @Test func theyStepByUPGD() throws {
    let agent = try FakeAgent.make(
      ["upgd:noise=0,utility-decay=0.9,weight-decay=0.1,beta1=0.8,beta2=0.95,epsilon=0.001"])
    agent.regression.computeGradient()
    let block = agent.network.parameters
    let utilities = block.parameters.flatMap { parameter in
      zip(numbers(parameter.value), numbers(parameter.gradient)).map { -0.1 * $0 * $1 }
    }
    let own = FakeAgent.ownValues.map { -0.1 * $0 }
    let greatest = (utilities + own).max() ?? 0
    agent.step(learningRate: 0.01)
    for (k, start) in FakeAgent.ownValues.enumerated() {
      let share = 1 / (1 + ScalarMaths.exp(-own[k] / greatest))
      let expected = (1 - 0.01 * 0.1) * start - 2 * 0.01 * (1 - share) / (1 + 0.001)
      #expect(abs(value(agent)[k] - expected) < 1e-6)
    }
    #expect(agent.ownOptimizer.stepCount == 1)
  }

  @Test func theyShrinkTowardsTheirStart() throws {
    let (shrunk, plain) = (
      try FakeAgent.make(["shrink-perturb:keep=0.75,every=3"]), try FakeAgent.make()
    )
    for _ in 0..<3 { for agent in [shrunk, plain] { agent.step(learningRate: 0.1) } }
    let expected = zip(value(plain), FakeAgent.ownValues).map { 0.75 * $0 + 0.25 * $1 }
    #expect(distance(value(shrunk), expected) < 1e-6 && value(plain) != FakeAgent.ownValues)
    #expect(moment(shrunk) == moment(plain))
    let noisy = try FakeAgent.make(["shrink-perturb:keep=1,every=3,noise=0.5"])
    for _ in 0..<3 { noisy.step(learningRate: 0.1) }
    #expect(distance(value(noisy), value(plain)) > 0.01)
  }

  @Test func equalBetasAreTheirsToo() throws {
    let agent = try FakeAgent.make(["equal-betas:beta=0.95"])
    #expect(agent.ownOptimizer.rule == .adam(AdamConfiguration(beta1: 0.95, beta2: 0.95)))
  }

  @Test(arguments: [
    "spectral", "normalize-project", "redo:every=1,threshold=0.5", "crelu",
    "continual-backprop:rate=0.5,maturity=0", "injection:at=2",
  ])
  func whatIsAboutLayersLeavesThemAlone(text: String) throws {
    let (agent, plain) = (try FakeAgent.make([text]), try FakeAgent.make())
    for _ in 0..<3 { for each in [agent, plain] { each.step() } }
    #expect(value(agent) == value(plain) && agent.ownOptimizer.stepCount == 3)
    #expect(agent.values != plain.values)
  }

  /// Exploration begins anew with the means, in all agents that have a log-deviation.
  @Test(
    arguments: [ShortAgent.ppoContinuous, .a2c],
    [
      "reset:every=1", "reset:every=1,layers=1",
      "triggered-reset:every=1,probe=weight-norm,above=0",
    ])
  func resetsRestoreTheLogDeviation(kind: ShortAgent, text: String) throws {
    let agent = try kind.make()
    let policy = try #require(agent.policy as? MLPPolicy)
    let block = policy.distribution.parameters
    let initial = numbers(block.parameters[0].value)
    let interventions = try Interventions(InterventionSelection([text]), on: agent, seed: 7)
    block.parameters[0].value.fill(-1.6)
    _ = try agent.iterate()
    #expect(numbers(block.parameters[0].value).allSatisfy { abs($0 + 1.6) < 0.3 })
    _ = interventions.didIterate()
    #expect(numbers(block.parameters[0].value) == initial && initial[0] > -1)
    let own = try #require(agent.networks[0].own.first)
    #expect(own.optimizer.stepCount == 0 && own.block === block)
    #expect(own.optimizer.firstMoment.array.allSatisfy { $0 == 0 })
  }

  /// A temperature is no weight: nothing pulls at it, but a reset starts it anew.
  @Test func resetsRestoreTheTemperatureAndPenaltiesLeaveItAlone() throws {
    let agent = try ShortAgent.sac.make()
    let own = try #require(agent.networks[0].own.first)
    let initial = own.block.values.array
    let interventions = try Interventions(
      InterventionSelection(["l2", "shrink-perturb:every=1", "reset:every=100"]), on: agent, seed: 7
    )
    #expect(own.optimizer.hook == nil)
    var isRestored = false
    for _ in 0..<8 {
      _ = try agent.iterate()
      let (steps, before) = (own.optimizer.stepCount, own.block.values.array)
      _ = interventions.didIterate()
      if own.optimizer.stepCount == 0 && steps > 0 {
        #expect(before != initial && own.block.values.array == initial)
        isRestored = true
      } else {
        #expect(own.block.values.array == before)
      }
    }
    #expect(isRestored)
  }
}
