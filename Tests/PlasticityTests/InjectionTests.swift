import LinearAlgebra
import NeuralNetworks
import Plasticity
import TestSupport
import Testing
import Training

/// Plasticity injection: what is frozen, what learns, and what the sum is.
@Suite struct InjectionTests {
  private func output(_ network: MLP, _ inputs: Matrix) -> [Float] {
    let output = network.forward(
      inputs, rows: inputs.rows, in: network.makeWorkspace(rows: inputs.rows))
    return (0..<inputs.rows).map { output[$0, 0] }
  }

  @Test(arguments: [Activation.relu, .tanh, .silu], [false, true])
  func outputsStayBitForBitAndNewWeightsStart(activation: Activation, layerNorm: Bool) throws {
    func make(_ texts: [String]) throws -> FakeAgent {
      try FakeAgent.make(texts, activation: activation, layerNorm: layerNorm)
    }
    let (injected, plain) = (try make(["injection:at=3"]), try make([]))
    for _ in 0..<3 {
      #expect(injected.values == plain.values && injected.network.injections == 0)
      for agent in [injected, plain] { agent.step() }
    }
    #expect(injected.output == plain.output)
    let inputs = injected.regression.inputs
    #expect(output(injected.follower, inputs) == output(plain.follower, inputs))
    let fresh = plain.network.fresh(
      seed: FakeAgent.seed, purpose: "intervention.injection.net", index: 3)
    #expect(injected.values == fresh.parameters.parameters.map { numbers($0.value) })
    #expect(injected.optimizer.stepCount == 0)
    #expect((injected.firstMoments + injected.secondMoments).joined().allSatisfy { $0 == 0 })
    for network in [injected.network, injected.follower] {
      #expect(
        network.frozenParts[0].network.parameters.values.array == fresh.parameters.values.array)
    }
    #expect(
      injected.network.frozenParts[1].network.parameters.values.array
        == plain.network.parameters.values.array)
    #expect(
      injected.follower.frozenParts[1].network.parameters.values.array
        == plain.follower.parameters.values.array)
  }

  @Test func onlyNewWeightsLearnAndTheSumIsThatOfTheThree() throws {
    let agent = try FakeAgent.make(["injection:at=2"], layerNorm: true)
    agent.step()
    agent.step()
    let frozen = agent.network.frozenParts.map { $0.network.parameters.values.array }
    let before = agent.values
    for _ in 0..<5 { agent.step() }
    #expect(agent.network.frozenParts.map { $0.network.parameters.values.array } == frozen)
    #expect(zip(agent.values, before).allSatisfy { $0 != $1 })
    #expect(agent.optimizer.stepCount == 5)
    let alone = agent.network.copy()
    alone.removeFrozenParts()
    let inputs = agent.regression.inputs
    let parts = agent.network.frozenParts.map { output($0.network, inputs) }
    let sum = output(alone, inputs).indices.map {
      output(alone, inputs)[$0] - parts[0][$0] + parts[1][$0]
    }
    #expect(agent.output == sum)
    #expect(output(agent.network.copy(), inputs) == sum)
  }

  @Test func furtherInjectionsFreezeTheWholeSum() throws {
    let agent = try FakeAgent.make(["injection:at=4,every=3"])
    let plain = try FakeAgent.make(["injection:at=4"])
    for step in 1...7 {
      agent.step()
      plain.step()
      if step < 7 { #expect(agent.values == plain.values) }
    }
    #expect(agent.network.injections == 2 && plain.network.injections == 1)
    #expect(agent.output == plain.output)
    for _ in 0..<60 { agent.step() }
    #expect(agent.network.injections == MLP.mostInjections)
  }

  /// What is done at the same step to weights is done to those that are frozen, and to no new ones.
  @Test(
    arguments: [
      "shrink-perturb:every=3", "redo:every=3,threshold=0.9", "reset:every=3,layers=1",
      "continual-backprop:maturity=1,rate=0.5", "weight-clipping:factor=0.1",
    ], [false, true])
  func injectionComesAfterWhatElseChangesWeights(other: String, isFirst: Bool) throws {
    let injection = "injection:at=3"
    let agent = try FakeAgent.make(isFirst ? [injection, other] : [other, injection])
    for _ in 0..<3 { agent.step() }
    let parts = agent.network.frozenParts.map(\.network)
    try #require(parts.count == 2)
    #expect(agent.values == parts[0].parameters.parameters.map { numbers($0.value) })
    #expect(agent.output == output(parts[1], agent.regression.inputs))
  }

  /// Old parts have gone when new ones come, which may lie where those did.
  @Test(arguments: [8, 16, 64]) func aWorkspaceTellsNewPartsFromOldOnes(width: Int) {
    let network = makeNetwork([3, width, 1], .relu)
    let inputs = FakeAgent(network).regression.inputs
    let workspace = network.makeWorkspace(rows: 16)
    for k in 0..<256 {
      // Some times without a look in between.
      for time in 0...k % 4 {
        let fresh = network.fresh(seed: UInt64(k), purpose: "x", index: time)
        network.removeFrozenParts()
        network.inject(fresh)
      }
      for i in 0..<8 { network.parameters.values[i] += 0.5 }
      network.parametersDidChange()
      let found = network.forward(inputs, rows: 16, in: workspace)
      #expect((0..<16).map { found[$0, 0] } == output(network, inputs), "time \(k)")
    }
  }

  @Test func gradientsAreThoseOfTheSum() throws {
    let agent = try FakeAgent.make(["injection:at=5,every=4"], activation: .tanh)
    for _ in 0..<11 { agent.step() }
    let (network, inputs) = (agent.network, agent.regression.inputs)
    #expect(network.injections == 2)
    let workspace = network.makeWorkspace(rows: 16)
    let outputGradient = Matrix(rows: 16, columns: 1)
    let inputGradient = Matrix(rows: 16, columns: 3)
    let points =
      network.parameters.parameters.map { ($0.value, $0.gradient) } + [(inputs, inputGradient)]
    let errors = gradientErrors(at: points, step: 1e-2) {
      network.parametersDidChange()
    } loss: {
      let output = network.forward(inputs, rows: 16, in: workspace)
      var loss = 0.0
      for i in 0..<16 {
        loss += 0.5 * Double(output[i, 0]) * Double(output[i, 0])
        outputGradient[i, 0] = output[i, 0]
      }
      network.backward(
        inputs, rows: 16, outputGradient: outputGradient, in: workspace,
        inputGradient: inputGradient)
      return loss
    }
    #expect(errors.allSatisfy { $0 < 2e-3 }, "\(errors)")
  }

  @Test func aResetOfAllLayersLeavesAPlainNetwork() throws {
    let agent = try FakeAgent.make(["injection:at=2", "reset:every=4"])
    for _ in 0..<3 { agent.step() }
    #expect(agent.network.injections == 1 && agent.follower.injections == 1)
    agent.step()
    #expect(agent.network.injections == 0 && agent.follower.injections == 0)
    var random = RandomStream(seed: 1, name: "again")
    agent.network.inject(agent.network.fresh(seed: 1, purpose: "x"))
    agent.network.reinitialize(random: &random)
    #expect(agent.network.injections == 0)
  }

  @Test func followersApproachTrainedAndFrozenPartsAlike() throws {
    let agent = try FakeAgent.make(["injection:at=6"])
    for _ in 0..<9 { agent.step() }
    let (network, follower) = (agent.network, agent.follower)
    let inputs = agent.regression.inputs
    #expect(distance(output(follower, inputs), agent.output) > 0.01)
    for _ in 0..<200 {
      softUpdate(follower.parameters.values, towards: network.parameters.values, rate: 0.1)
      follower.parametersDidChange()
      follower.followFrozenParts(of: network, rate: 0.1)
    }
    #expect(distance(output(follower, inputs), agent.output) < 1e-4)
  }

  /// SAC's critics, whose targets were injected while they lagged behind.
  @Test func targetsOfSACFollow() throws {
    let agent = try ShortAgent.sac.make()
    let interventions = try Interventions(
      InterventionSelection(["injection:at=20"]), on: agent, seed: 7)
    for _ in 0..<10 {
      _ = try agent.iterate()
      _ = interventions.didIterate()
    }
    for named in agent.networks.dropFirst() {
      let target = try #require(named.target)
      #expect(named.network.injections == 1 && target.injections == 1)
      let pairs = zip(named.network.frozenParts, target.frozenParts).map {
        ($0.network.parameters.values.array, $1.network.parameters.values.array)
      }
      #expect(pairs[0].0 == pairs[0].1, "both started from the same weights")
      #expect(pairs[1].0 != pairs[1].1 && distance(pairs[1].0, pairs[1].1) < 0.05)
    }
  }
}
