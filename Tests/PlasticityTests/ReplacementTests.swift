import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training

/// Units and layers that are made new, and what is left alone.
@Suite struct ReplacementTests {
  /// Parameters of a plain [3, 8, 6, 1] network, in their order.
  private enum Place { static let weight1 = 0, bias1 = 1, weight2 = 2, bias2 = 3, weight3 = 4 }

  private func kill(unit: Int) -> (MLP) -> Void {
    { $0.denseLayers[0].bias.value[0, unit] = -100 }
  }

  /// Whether entries of a [3, 8, 1] network belong to a hidden unit: a column of its weights and bias,
  /// a row of the next weights.
  private func belongs(_ p: Int, _ k: Int, to unit: Int) -> Bool {
    switch p {
    case Place.weight1: k % 8 == unit
    case Place.bias1: k == unit
    case Place.weight2: k == unit
    default: false
    }
  }

  @Test func dormantUnitsAreMadeNewAndNothingElse() throws {
    let recycled = try FakeAgent.make(
      ["redo:every=4,threshold=0"], hidden: [8], change: kill(unit: 5))
    let plain = try FakeAgent.make(hidden: [8], change: kill(unit: 5))
    for step in 1...4 {
      for agent in [recycled, plain] { agent.step() }
      if step < 4 { #expect(recycled.values == plain.values) }
    }
    let dead = UnitActivity(features: plain.regression.workspace.hidden(0), rows: 16)
    #expect(dead.deadCount == 1 && dead.activeFractions[5] == 0)
    let fresh = plain.network.fresh(
      seed: FakeAgent.seed, purpose: "intervention.redo.net", index: 4)
    for p in plain.values.indices {
      for k in plain.values[p].indices {
        let isUnit = belongs(p, k, to: 5)
        let new = p == Place.weight1 ? numbers(fresh.denseLayers[0].weight.value)[k] : 0
        #expect(recycled.values[p][k] == (isUnit ? new : plain.values[p][k]))
        #expect(recycled.firstMoments[p][k] == (isUnit ? 0 : plain.firstMoments[p][k]))
        #expect(recycled.secondMoments[p][k] == (isUnit ? 0 : plain.secondMoments[p][k]))
      }
    }
    #expect(recycled.optimizer.stepCount == 4)
    #expect(recycled.output == plain.output, "a unit that was silent is silent at first")
  }

  /// Of a unit that was alive until it died what leaves it has moments too.
  @Test func momentsOfWhatLeavesARecycledUnitAreForgotten() throws {
    let recycled = try FakeAgent.make(["redo:every=2,threshold=0"], hidden: [8])
    let plain = try FakeAgent.make(hidden: [8])
    for agent in [recycled, plain] {
      agent.step()
      kill(unit: 5)(agent.network)
      agent.network.parametersDidChange()
      agent.step()
    }
    let outgoing = Place.weight2
    #expect(plain.firstMoments[outgoing][5] != 0 && plain.secondMoments[outgoing][5] != 0)
    for k in 0..<8 {
      let (first, second) = (plain.firstMoments[outgoing][k], plain.secondMoments[outgoing][k])
      #expect(recycled.firstMoments[outgoing][k] == (k == 5 ? 0 : first), "unit \(k)")
      #expect(recycled.secondMoments[outgoing][k] == (k == 5 ? 0 : second), "unit \(k)")
    }
  }

  @Test func unitsWithNormsStartWithPlainOnes() throws {
    let agent = try FakeAgent.make(["redo:every=1,threshold=0"], layerNorm: true) {
      $0.denseLayers[0].norm?.shift.value[0, 2] = -100
      $0.denseLayers[0].norm?.scale.value[0, 2] = 0.5
    }
    agent.step()
    let norm = try #require(agent.layers[0].norm)
    #expect(norm.scale.value[0, 2] == 1 && norm.shift.value[0, 2] == 0)
    #expect(norm.scale.value[0, 1] != 1)
  }

  @Test func theLeastUsefulOldUnitIsReplaced() throws {
    // One of eight units is due after the first step on which units are old enough.
    let replaced = try FakeAgent.make(
      ["continual-backprop:rate=0.125,maturity=2,decay=0.9"], hidden: [8])
    let plain = try FakeAgent.make(hidden: [8])
    var utilities = [Double](repeating: 0, count: 8)
    var means = utilities
    for step in 1...3 {
      for agent in [replaced, plain] { agent.step() }
      if step < 3 { #expect(replaced.values == plain.values) }
      let features = plain.regression.workspace.hidden(0)
      for unit in 0..<8 {
        let column = (0..<16).map { Double(features[$0, unit]) }
        let size = column.reduce(0) { $0 + abs($1) } / 16
        let outgoing = abs(Double(plain.layers[1].weight.value[unit, 0]))
        utilities[unit] = 0.9 * utilities[unit] + 0.1 * size * outgoing
        means[unit] = 0.9 * means[unit] + 0.1 * column.reduce(0, +) / 16
      }
    }
    let unit = try #require(utilities.indices.min { utilities[$0] < utilities[$1] })
    let fresh = plain.network.fresh(
      seed: FakeAgent.seed, purpose: "intervention.continual-backprop.net", index: 3)
    let mean = Float(means[unit] / (1 - ScalarMaths.pow(0.9, 3.0)))
    for p in plain.values.indices {
      for k in plain.values[p].indices {
        var expected = plain.values[p][k]
        var isUnit = true
        switch p {
        case 0 where k % 8 == unit: expected = numbers(fresh.denseLayers[0].weight.value)[k]
        case 1 where k == unit, 2 where k == unit: expected = 0
        default: isUnit = false
        }
        // What the unit gave on average is handed to the bias behind it.
        if p == 3 { expected += mean * plain.values[2][unit] }
        #expect(abs(replaced.values[p][k] - expected) < 1e-6, "parameter \(p), \(k)")
        #expect(replaced.firstMoments[p][k] == (isUnit ? 0 : plain.firstMoments[p][k]))
      }
    }
    #expect(mean > 0 && plain.values[2][unit] != 0, "otherwise nothing is handed over")
    replaced.step()
    #expect(replaced.values[2][unit] != 0, "the new unit learns")
  }

  @Test func ratesAddUp() throws {
    // A quarter of a unit per step: the first after four steps.
    let network = makeNetwork([3, 8, 1], .relu)
    let agent = FakeAgent(network)
    let interventions = try Interventions(
      InterventionSelection(["continual-backprop:rate=0.03125,maturity=0"]), on: agent,
      seed: FakeAgent.seed)
    #expect(interventions.metricNames == ["interventions/net/continual-backprop"])
    let counts = (1...9).map { _ in
      agent.step()
      return interventions.didIterate()[0]
    }
    #expect(counts == [0, 0, 0, 1, 1, 1, 1, 2, 2])
  }

  @Test func lastLayersAreResetWithTheirMoments() throws {
    let reset = try FakeAgent.make(["reset:every=2,layers=1"])
    let plain = try FakeAgent.make()
    let follower = numbers(reset.follower.denseLayers[1].weight.value)
    for _ in 0..<2 { for agent in [reset, plain] { agent.step() } }
    let fresh = plain.network.fresh(
      seed: FakeAgent.seed, purpose: "intervention.reset.net", index: 2)
    for p in plain.values.indices {
      let isLast = p >= Place.weight3
      let new = numbers(fresh.parameters.parameters[p].value)
      #expect(reset.values[p] == (isLast ? new : plain.values[p]))
      let zeros = new.map { _ in Float(0) }
      #expect(reset.firstMoments[p] == (isLast ? zeros : plain.firstMoments[p]))
      #expect(reset.secondMoments[p] == (isLast ? zeros : plain.secondMoments[p]))
    }
    #expect(reset.optimizer.stepCount == 2)
    #expect(numbers(reset.follower.denseLayers[2].weight.value) == reset.values[Place.weight3])
    #expect(numbers(reset.follower.denseLayers[1].weight.value) == follower)
  }

  @Test func resettingAllForgetsTheStepsToo() throws {
    let agent = try FakeAgent.make(["reset:every=2"])
    for _ in 0..<2 { agent.step() }
    #expect(agent.optimizer.stepCount == 0)
    #expect(agent.firstMoments.allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(agent.follower.parameters.values.array == agent.network.parameters.values.array)
    agent.step()
    #expect(agent.optimizer.stepCount == 1)
  }

  /// Of the network itself, or of another; checked between iterations once there were enough steps.
  @Test(arguments: [
    ("weight-norm,above=0", true), ("weight-norm,below=0", false),
    ("srank@policy/1,below=13", true), ("gradient-l2@policy,above=1e9", false),
    ("dormant-units-0.1,above=1", false), ("trainability-loss,below=1e9", true),
  ]) func aResetIsTriggeredByAnyProbe(limit: String, isReset: Bool) throws {
    let (agent, plain) = (try ShortAgent.ppo.make(), try ShortAgent.ppo.make())
    let interventions = try Interventions(
      InterventionSelection(["triggered-reset@critic:every=12,probe=\(limit)"]), on: agent, seed: 5)
    #expect(interventions.metricNames == ["interventions/critic/triggered-reset"])
    // Eight steps an iteration: the second one ends with a check.
    for iteration in 1...2 {
      _ = try agent.iterate()
      _ = try plain.iterate()
      #expect(interventions.didIterate() == [iteration == 2 && isReset ? 1 : 0])
    }
    let (critic, other) = (agent.networks[1], plain.networks[1])
    let fresh = other.network.fresh(
      seed: 5, purpose: "intervention.triggered-reset.critic", index: 16)
    let expected = isReset ? fresh : other.network
    #expect(critic.network.parameters.values.array == expected.parameters.values.array)
    #expect(critic.optimizer.stepCount == (isReset ? 0 : 16))
    let policy = agent.networks[0].network.parameters.values.array
    #expect(policy == plain.networks[0].network.parameters.values.array)
    for _ in 0..<2 {
      _ = try agent.iterate()
      _ = interventions.didIterate()
    }
    #expect(interventions.didIterate() == [isReset ? 2 : 0])
  }

  @Test func aResetIsTriggeredByDormantUnits() throws {
    let healthy = try FakeAgent.make(["triggered-reset:every=2,fraction=0.5,threshold=0"])
    let plain = try FakeAgent.make()
    for _ in 0..<4 { for agent in [healthy, plain] { agent.step() } }
    #expect(healthy.values == plain.values)
    let dead = try FakeAgent.make(["triggered-reset:every=2,fraction=0.5,threshold=0"]) {
      // Both hidden layers are silent.
      $0.denseLayers[0].bias.value.fill(-100)
      $0.denseLayers[1].bias.value.fill(-100)
    }
    dead.step()
    #expect(dead.values[1][0] < -99)
    dead.step()
    #expect(dead.values[1].allSatisfy { abs($0) < 2 } && dead.optimizer.stepCount == 0)
  }
}
