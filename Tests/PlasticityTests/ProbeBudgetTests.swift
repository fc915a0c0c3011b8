import NeuralNetworks
import Plasticity
import Testing
import Training
import Storage

@Suite struct ProbeBudgetTests {
  @Test func workIsCounted() {
    var work = ProbeWork()
    work.add(.pass, width: 0)
    work.add(.pass, width: 8)
    #expect(work.units(parameters: 10, rows: 4, minibatch: 100) == 80)
    work.add(.fit(5), width: 0)
    #expect(work.units(parameters: 10, rows: 4, minibatch: 100) == 280)
    work.add(.gradients(9), width: 0)
    #expect(work.units(parameters: 10, rows: 4, minibatch: 100) == 9280)
    work.add(.spectrum, width: 3)
    #expect(work.units(parameters: 10, rows: 4, minibatch: 100) == 9280 + 288)
    work.add(.spectrum, width: 6)
    #expect(work.units(parameters: 10, rows: 4, minibatch: 100) == 9568 + 768)
    var products = ProbeWork()
    products.add(.products(3), width: 0)
    #expect(products.units(parameters: 1, rows: 4, minibatch: 100) == 888 + 288)
  }

  /// Costs from far below one iteration's learning to far above.
  @Test(arguments: [1.0, 30, 2000, 2001, 41_234]) func measuringTakesItsShareAtMost(cost: Double) {
    var budget = ProbeBudget()
    var (learnt, spent, measurements) = (0.0, 0.0, 0)
    for iteration in 0..<1000 {
      let work = iteration < 500 ? 100_000.0 : 1000
      if budget.isDue { (spent, measurements) = (spent + cost, measurements + 1) }
      #expect(spent <= ProbeBudget.share * learnt)
      learnt += work
      budget.earn(work, cost: cost)
    }
    let possible = ProbeBudget.share * 100_000 * 500 / cost
    #expect(Double(measurements) > 0.9 * min(possible, 500))
  }

  @Test func nothingIsDueThatTakesNothing() {
    var budget = ProbeBudget()
    budget.earn(100, cost: 0)
    #expect(!budget.isDue)
  }

  /// A pass over the probe batch, which has the rollout's 250 rows, against two epochs over as many.
  @Test func aPanelMeasuresOnceLearningHasPaidForIt() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try ProbePanel(
      ProbeSelection(["weight-norm@policy"]), every: nil, of: agent, seed: 7)
    let counts = agent.networks.map { Double($0.network.parameters.count) }
    let rows = 250.0
    var (credit, isDue, measurements) = (0.0, false, 0)
    for iteration in 1...60 {
      _ = try agent.iterate()
      let isMeasured = panel.didIterate().allSatisfy(\.isFinite)
      #expect(isMeasured == isDue, "iteration \(iteration)")
      if isMeasured { measurements += 1 }
      credit += ProbeBudget.share * 500 * (counts[0] + counts[1])
      isDue = credit >= rows * counts[0]
      if isDue { credit -= rows * counts[0] }
    }
    #expect(measurements >= 3)
  }

  @Test func ranksOfALayerShareTheirSingularValues() throws {
    func firstMeasurement(_ names: [String]) throws -> Int? {
      let agent = try ShortAgent.ppo.make()
      let places = names.map { "\($0)@policy/1" }
      let panel = try ProbePanel(ProbeSelection(places), every: nil, of: agent, seed: 7)
      for iteration in 1...200 {
        _ = try agent.iterate()
        if !panel.didIterate().allSatisfy(\.isNaN) { return iteration }
      }
      return nil
    }
    let one = try #require(try firstMeasurement(["srank"]))
    #expect(one > 3)
    #expect(try firstMeasurement(["srank", "stable-rank", "effective-rank"]) == one)
    #expect(try #require(try firstMeasurement(["srank", "weight-norm"])) > one)
  }

  /// Cheap probes and others have budgets of their own, and both begin again where they stopped: with a
  /// measurement that is due, after one, and with something saved up.
  @Test(arguments: ShortAgent.allCases) func resumesExactly(kind: ShortAgent) throws {
    // A flow has no distribution whose churn could be measured.
    let names =
      ["weight-norm@policy", "gradient-noise-scale"] + (kind == .fpo ? [] : ["policy-churn"])
    func run(_ agent: any Agent, _ panel: ProbePanel, _ iterations: Int) throws -> [[UInt64]] {
      try (0..<iterations).map { _ in
        _ = try agent.iterate()
        return panel.didIterate().map(\.bitPattern)
      }
    }
    func make(threads: Int) throws -> (any Agent, ProbePanel) {
      let agent = try kind.make(threads: threads, totalSteps: 20_000)
      return (agent, try ProbePanel(ProbeSelection(names), every: nil, of: agent, seed: 7))
    }
    let iterations =
      switch kind {
      case .a2c, .trpo: 500
      case .ppo, .ppoContinuous, .fpo, .vmpo: 160
      default: 45
      }
    let (whole, wholePanel) = try make(threads: 1)
    let expected = try run(whole, wholePanel, iterations)
    func isMeasured(_ suffix: String) -> [Int] {
      let column = wholePanel.metricNames.firstIndex { $0.hasSuffix(suffix) } ?? 0
      return expected.indices.filter { !Double(bitPattern: expected[$0][column]).isNaN }
    }
    let (basic, others) = (isMeasured("weight-norm"), isMeasured("gradient-noise"))
    try #require(basic.count > 2 && (kind == .fpo || !isMeasured("policy-churn").isEmpty))
    #expect(!others.isEmpty && others != basic)
    for stop in Set([basic[0], basic[1] + 1, basic[2] - 1] + others.prefix(1)) {
      let (first, firstPanel) = try make(threads: 3)
      var found = try run(first, firstPanel, stop)
      let saved = archive(first, [firstPanel])
      let (second, secondPanel) = try make(threads: 2)
      try second.load(from: saved)
      try secondPanel.load(from: saved)
      let isEqual = archive(second, [secondPanel]) == saved
      #expect(isEqual)
      found += try run(second, secondPanel, iterations - stop)
      let isSame = found == expected
      #expect(isSame, "stopped after \(stop)")
    }
  }

  @Test func damagedBudgetsAreRefused() throws {
    let agent = try ShortAgent.ppo.make()
    let panel = try ProbePanel(ProbeSelection(["basic"]), every: nil, of: agent, seed: 7)
    let saved = archive(agent, [panel])
    let damages: [(String, TensorArchive.Values)] = [
      ("credit", .doubles([-1])), ("credit", .doubles([.nan])), ("due", .words([2])),
      ("due", .words([1 << 63])),
    ]
    for (name, values) in damages {
      var damaged = TensorArchive()
      for (key, tensor) in saved.tensors {
        damaged.set(
          key, key == "probes.budget.basic.\(name)" ? values : tensor.values, shape: tensor.shape)
      }
      #expect(throws: ArchiveError.self) { try panel.load(from: damaged) }
    }
  }
}
