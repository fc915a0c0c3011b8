import Agents
import LinearAlgebra
import NeuralNetworks
import Plasticity
import Storage
import Testing
import Training

/// What interventions remember about weights ends with those weights.
@Suite struct NewWeightsTests {
  static let renewals = ["reset:every=3", "injection:at=3"]

  /// After all weights have become new, they are treated as those of a new network are.
  @Test(
    arguments: [
      "l2-init:strength=1", "wasserstein:strength=1", "normalize-project:output=1",
      "upgd:noise=0,utility-decay=0.5", "weight-clipping:factor=0.7", "l2:strength=1",
    ], renewals)
  func nothingIsRememberedOfAllWeights(rule: String, renewal: String) throws {
    let agent = try FakeAgent.make([rule, renewal])
    for _ in 0..<3 { agent.step(learningRate: 0.1) }
    let twin = FakeAgent(agent.network.copy())
    try twin.attach([rule])
    for _ in 0..<2 { for each in [agent, twin] { each.step(learningRate: 0.1) } }
    #expect(agent.values == twin.values)
    #expect(agent.firstMoments == twin.firstMoments)
  }

  /// What a penalty adds to the loss's gradient, by Adam's first moment.
  private func added(_ agent: FakeAgent) -> [[Float]] {
    let before = agent.firstMoments
    agent.regression.computeGradient()
    let gradients = agent.network.parameters.parameters.map { numbers($0.gradient) }
    agent.optimizer.step(learningRate: 0)
    return zip(agent.firstMoments, zip(before, gradients)).map { after, old in
      zip(after, zip(old.0, old.1)).map { ($0 - 0.9 * $1.0) / 0.1 - $1.1 }
    }
  }

  /// Earlier layers are still pulled to where they began.
  @Test func lastLayersThatAreNewHaveAStartOfTheirOwn() throws {
    let agent = try FakeAgent.make(["l2-init:strength=0.5", "reset:every=3,layers=1"])
    let initial = agent.values
    for _ in 0..<3 { agent.step(learningRate: 0.1) }
    let (values, pulls) = (agent.values, added(agent))
    for p in values.indices {
      let start = p >= 4 ? values[p] : initial[p]
      #expect(distance(pulls[p], zip(values[p], start).map { $0 - $1 }) < 1e-4, "parameter \(p)")
    }
    #expect(distance(values[0], initial[0]) > 0.1 && distance(values[4], initial[4]) > 0.1)
  }

  @Test func unitsThatAreNewHaveAStartOfTheirOwn() throws {
    let agent = try FakeAgent.make(
      ["l2-init:strength=0.5", "redo:every=3,threshold=0"], hidden: [8]
    ) { $0.denseLayers[0].bias.value[0, 5] = -100 }
    let initial = agent.values
    for _ in 0..<3 { agent.step() }
    let (values, pulls) = (agent.values, added(agent))
    for p in values.indices {
      for k in values[p].indices {
        let isUnit = p < 2 && k % 8 == 5 || p == 2 && k == 5
        let expected = isUnit ? 0 : values[p][k] - initial[p][k]
        #expect(abs(pulls[p][k] - expected) < 1e-4, "parameter \(p), \(k)")
      }
    }
  }

  private func floats(_ agent: FakeAgent, _ name: String) throws -> [Float] {
    var archive = TensorArchive()
    agent.interventions?.save(to: &archive)
    return try archive.floats("interventions.net.\(name)")
  }

  @Test func utilitiesOfNewWeightsStartAtZero() throws {
    let agent = try FakeAgent.make(["upgd", "reset:every=3,layers=1"])
    for _ in 0..<3 { agent.step() }
    for p in 0..<6 {
      let isNew = try floats(agent, "upgd.utility.\(p)").allSatisfy { $0 == 0 }
      #expect(isNew == (p >= 4))
    }
    let recycled = try FakeAgent.make(["upgd", "redo:every=3,threshold=0.9"], hidden: [8])
    let plain = try FakeAgent.make(["upgd"], hidden: [8])
    for _ in 0..<3 { for each in [recycled, plain] { each.step() } }
    let (found, old) = (
      try floats(recycled, "upgd.utility.2"), try floats(plain, "upgd.utility.2")
    )
    var renewed = 0
    for unit in 0..<8 {
      let isNew = recycled.values[2][unit] == 0
      #expect(found[unit] == (isNew ? 0 : old[unit]))
      if isNew { renewed += 1 }
    }
    #expect(renewed > 0 && renewed < 8 && Double(renewed) == recycled.events[0])
  }

  /// An eighth of the units older than two steps is replaced at each step.
  @Test(arguments: ["reset:every=3", "reset:every=3,layers=1", "injection:at=3,every=3"])
  func agesOfNewUnitsStartAtZero(renewal: String) throws {
    let agent = try FakeAgent.make(
      ["continual-backprop:rate=0.125,maturity=2,decay=0.9", renewal], hidden: [8])
    let counts = (1...6).map { _ in
      agent.step()
      return agent.events[0]
    }
    #expect(counts == [0, 0, 1, 1, 1, 2])
  }

  /// A unit that another intervention has made new is not old.
  @Test func agesOfUnitsFromElsewhereStartAtZero() throws {
    let agent = try FakeAgent.make(
      ["continual-backprop:rate=0", "redo:every=3,threshold=0"], hidden: [8]
    ) { $0.denseLayers[0].bias.value[0, 5] = -100 }
    for _ in 0..<3 { agent.step() }
    var archive = TensorArchive()
    agent.interventions?.save(to: &archive)
    let ages = try archive.words("interventions.net.continual-backprop.0.ages")
    #expect(ages == (0..<8).map { $0 == 5 ? 0 : 3 })
  }

  @Test func theirPowerIterationStartsAnew() throws {
    let agent = try FakeAgent.make(["spectral", "reset:every=3,layers=1"])
    let plain = try FakeAgent.make(["spectral"])
    for _ in 0..<3 { for each in [agent, plain] { each.step() } }
    let (found, old) = (
      try floats(agent, "spectral.directions"), try floats(plain, "spectral.directions")
    )
    // Layers of 8, 6 and 1 outputs; the last has only a sign.
    #expect(found.prefix(14) == old.prefix(14) && found.count == 15)
    let whole = try FakeAgent.make(["spectral", "reset:every=3"])
    for _ in 0..<3 { whole.step() }
    #expect(try distance(floats(whole, "spectral.directions"), old) > 0.1)
  }

  /// SAC's own resets are no intervention and make weights new all the same.
  @Test func resetsOfTheAgentAreNoticed() throws {
    var settings = ShortAgent.sacSettings
    settings.resetEvery = 40
    settings.activation = .relu
    let agent = try ShortAgent.make("sac", on: "pendulum-v1", settings)
    let interventions = try Interventions(
      InterventionSelection(["crelu", "l2-init", "upgd:noise=0"]), on: agent, seed: 7)
    func isTied(_ network: MLP) -> Bool {
      network.denseLayers.dropLast().allSatisfy { layer in
        let (value, half) = (layer.weight.value, layer.weight.value.columns / 2)
        return (0..<value.rows).allSatisfy { i in
          (0..<half).allSatisfy { value[i, half + $0] == -value[i, $0] }
        }
      }
    }
    func isTiedEverywhere() -> Bool {
      agent.networks.allSatisfy { isTied($0.network) && ($0.target.map(isTied) ?? true) }
    }
    #expect(isTiedEverywhere())
    let initial = agent.networks.map { $0.network.parameters.values.array }
    // 62 updates an iteration from the second one on.
    for _ in 0..<4 {
      _ = try agent.iterate()
      _ = interventions.didIterate()
      #expect(isTiedEverywhere())
    }
    var archive = TensorArchive()
    interventions.save(to: &archive)
    for (named, initial) in zip(agent.networks, initial) {
      let start = try archive.floats("interventions.\(named.name).l2-init.initial.0")
      let first = numbers(named.network.parameters.views(of: vector(initial))[0])
      #expect(start != first, "\(named.name) is pulled to weights that were thrown away")
    }
  }

  private func vector(_ numbers: [Float]) -> Vector {
    let vector = Vector(count: numbers.count)
    for (k, number) in numbers.enumerated() { vector[k] = number }
    return vector
  }
}
