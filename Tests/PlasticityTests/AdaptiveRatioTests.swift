import LinearAlgebra
import NeuralNetworks
import Plasticity
import RLCore
import TestSupport
import Testing
import Training
import Storage

/// An agent of 100 steps an iteration whose critic has as many active units as it is told.
private final class ScriptedAgent: ReplayRatioAgent {
  static let greatestReplayRatio = 16.0
  let fake: FakeAgent
  let units = 8
  var replayRatio = 1.0
  var isLearning = false
  var environmentSteps = 0
  var iterations = 0
  let metricNames: [String] = []

  init() { fake = FakeAgent(makeNetwork([3, 8, 1], .relu)) }

  var policy: any Policy { fake.policy }

  var networks: [NamedNetwork] {
    [
      NamedNetwork(
        "critic", fake.network, optimizer: fake.optimizer, workspace: fake.regression.workspace,
        experience: NetworkExperience(rows: environmentSteps) { inputs, random in
          for i in 0..<inputs.rows {
            for j in 0..<inputs.columns { inputs[i, j] = random.normalPair().0 }
          }
        },
        minibatch: isLearning ? fake.minibatch : nil)
    ]
  }

  /// Some units are above zero on every input, some on none, and some where the first input is.
  func iterate(active: Int, undecided: Int = 0) {
    let layer = fake.layers[0]
    for unit in 0..<units {
      let isUndecided = unit >= active && unit < active + undecided
      layer.bias.value[0, unit] = isUndecided ? 0 : unit < active ? 100 : -100
      for i in 0..<3 { layer.weight.value[i, unit] = isUndecided && i == 0 ? 1 : 0 }
    }
    fake.network.parametersDidChange()
    environmentSteps += 100
    iterations += 1
  }

  func iterate() throws(TrainingError) -> IterationReport {
    iterate(active: 1)
    return IterationReport(metrics: [], environmentTime: 0, policyTime: 0, updateTime: 0)
  }

  func save(to archive: inout TensorArchive) {}
  func load(from archive: TensorArchive) throws {}
}

@Suite struct AdaptiveRatioTests {
  @Test func thePublishedRuleSwitchesOnceAtTheThreshold() {
    let rule = StabilizationRule(low: 0.5, high: 2, threshold: 0.25)
    rule.begin(1)
    var ratios: [Double] = []
    // Changes of 0.5, 0.375, then exactly 0.25, which is at rest, and whatever comes afterwards.
    for value in [0.5, 0.125, 0.375, 7, -3] {
      rule.check(value)
      ratios.append(rule.ratio)
    }
    #expect(ratios == [0.5, 0.5, 2, 2, 2])
  }

  @Test func theGreaterThresholdCounts() {
    func ratios(_ values: [Double]) -> [Double] {
      let rule = StabilizationRule(low: 1, high: 3, threshold: 1, relative: 0.125)
      rule.begin(-64)
      return values.map {
        rule.check($0)
        return rule.ratio
      }
    }
    // An eighth of 64 is 8; of 4 it is less than the threshold.
    #expect(ratios([-55]) == [1] && ratios([-56]) == [3] && ratios([-72]) == [3])
    #expect(ratios([4, 5.5, 4.5]) == [1, 1, 3])
  }

  @Test func theControllerFollowsItsFormula() {
    func controller(
      _ above: RatioController.Direction, start: Double = 1, target: Double = 0.2
    ) -> RatioController {
      RatioController(start: start, bounds: 0.5...4, target: target, gain: 0.1, above: above)
    }
    func ratio(_ controller: RatioController, after values: [Double]) -> Double {
      for value in values { controller.check(value) }
      return controller.ratio
    }
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 }
    // e = 0.5: exp(−0.05); e is cut off at 1: exp(−0.1) more; at the target nothing happens.
    #expect(isNear(ratio(controller(.lower), after: [0.3]), 0.951_229_424_500_714))
    #expect(isNear(ratio(controller(.lower), after: [0.3, 0.9, 0.2]), 0.860_707_976_425_057_8))
    #expect(isNear(ratio(controller(.raise), after: [0.3]), 1.051_271_096_376_024_1))
    // e = −1 at 0 and below.
    #expect(isNear(ratio(controller(.lower), after: [-5]), 1.105_170_918_075_647_7))
    // A target of 0 is compared as it is, a negative one by its size.
    #expect(isNear(ratio(controller(.raise, target: 0), after: [0.5]), 1.051_271_096_376_024_1))
    #expect(isNear(ratio(controller(.raise, target: -2), after: [-1]), 1.051_271_096_376_024_1))
    // Nothing is wound up at a bound: one step back leaves it.
    #expect(ratio(controller(.raise), after: [Double](repeating: 1, count: 99)) == 4)
    #expect(
      isNear(
        ratio(controller(.raise), after: [Double](repeating: 1, count: 99) + [0]),
        4 / 1.105_170_918_075_647_7))
  }

  private func attach(
    _ text: String, to agent: any ReplayRatioAgent, notice: @escaping (String) -> Void = { _ in }
  ) throws -> AdaptiveReplayRatio {
    try AdaptiveReplayRatio(
      AdaptiveRatioSelection(text), of: agent, episodeSteps: 200, totalSteps: 20_000, seed: 7,
      notice: notice)
  }

  /// Checks come 300 steps after the last measurement of new weights, and 300 after each other.
  @Test func checksAreCountedFromTheStartOfLearning() throws {
    let agent = ScriptedAgent()
    var notices: [String] = []
    let rule = try attach(
      "stabilization:low=0.25,high=4,threshold=0.13,every=300,window=2", to: agent
    ) { notices.append($0) }
    #expect(agent.replayRatio == 0.25)
    var rows: [[Double]] = []
    let script = [4, 5, 5, 3, 3, 1, 8, 8, 7, 7, 1, 1, 1, 8]
    for (iteration, active) in script.enumerated() {
      agent.isLearning = iteration >= 2
      agent.iterate(active: active)
      rows.append(rule.didIterate())
    }
    // φ₀ is 5/8, measured last before there is learning.
    let expected = [0: 0.5, 1: 0.625, 4: 0.375, 7: 1, 10: 0.125, 13: 1]
    for (iteration, row) in rows.enumerated() {
      let value = expected[iteration]
      #expect(value.map { $0 == row[1] } ?? row[1].isNaN, "iteration \(iteration): \(row[1])")
      #expect(row[0] == 0.25)
    }
    #expect(agent.replayRatio == 0.25 && notices.isEmpty)
    for active in [8, 8, 8, 1] {
      agent.iterate(active: active)
      rows.append(rule.didIterate())
    }
    // At rest at the check of iteration 17; the row still tells what held in it.
    #expect(rows[16][1] == 1 && rows[16][0] == 0.25 && rows[17][0] == 4)
    #expect(agent.replayRatio == 4)
    for active in [1, 8, 2, 8, 2, 7] {
      agent.iterate(active: active)
      #expect(rule.didIterate()[0] == 4)
    }
    #expect(notices.isEmpty, "it moved at its first check")
  }

  @Test func aProbeThatDoesNotMoveIsToldOnce() throws {
    for (script, ratio, phrase) in [
      ([(2, 0), (2, 0), (2, 0), (2, 0)], 2.0, "goes to the high ratio at its first check"),
      ([(2, 4), (2, 4), (2, 4), (2, 4)], 0.5, "within the noise"),
    ] {
      let agent = ScriptedAgent()
      var notices: [String] = []
      let rule = try attach("stabilization:every=100,window=4,threshold=0.0000001", to: agent) {
        notices.append($0)
      }
      for (iteration, active) in script.enumerated() {
        agent.isLearning = iteration > 0
        agent.iterate(active: active.0, undecided: active.1)
        _ = rule.didIterate()
      }
      #expect(notices.count == 1)
      #expect(notices.first?.contains(phrase) == true, "\(notices)")
      #expect(notices.first?.contains("active-units of critic was") == true, "\(notices)")
      #expect(agent.replayRatio == ratio)
    }
  }

  /// Learning begins too late for a check 300 steps after it.
  @Test(arguments: [(19_500, 0), (19_600, 1)])
  func aRunThatEndsBeforeTheFirstCheckIsTold(steps: Int, count: Int) throws {
    let agent = ScriptedAgent()
    var notices: [String] = []
    let rule = try attach("stabilization:every=300,window=2", to: agent) { notices.append($0) }
    agent.environmentSteps = steps
    for iteration in 0..<2 {
      agent.isLearning = iteration > 0
      agent.iterate(active: 2 + iteration)
      _ = rule.didIterate()
    }
    #expect(notices.count == count)
    for notice in notices {
      #expect(notice.contains("first check is due at step 20000 and the run takes 20000"))
    }
  }

  /// As a checkpoint may have it that is not what it seems.
  @Test func checksThatWereMissedTakeNoTime() throws {
    let agent = ScriptedAgent()
    let rule = try attach("controller:probe=feature-norm,target=1,every=300", to: agent)
    agent.isLearning = true
    agent.environmentSteps = 1 << 60
    for _ in 0..<2 {
      agent.iterate(active: 2)
      _ = rule.didIterate()
    }
    let saved = archive(agent, [rule])
    var early = TensorArchive()
    for (key, tensor) in saved.tensors where key != "adaptive-ratio.progress" {
      early.set(key, tensor.values, shape: tensor.shape)
    }
    early.set("adaptive-ratio.progress", .words([1, 10, 0, 1, 0, 0]))
    try rule.load(from: early)
    agent.iterate(active: 2)
    #expect(rule.didIterate()[1].isFinite)
    // The next one is due at the first multiple of 300 after 10 that lies ahead.
    let next = try archive(agent, [rule]).words("adaptive-ratio.progress")[1]
    let steps = UInt64(agent.environmentSteps)
    #expect(next > steps && next <= steps + 300 && (next - 10) % 300 == 0)
  }

  @Test func nothingToMeasureIsNoCheck() throws {
    let agent = ScriptedAgent()
    let rule = try attach(
      "controller:probe=gradient-l2,target=1e-9,above=raise,every=100", to: agent)
    agent.iterate(active: 8)
    #expect(rule.didIterate()[1].isNaN)
    agent.isLearning = true
    agent.fake.regression.computeGradient()
    agent.iterate(active: 8)
    #expect(rule.didIterate()[1] > 0 && agent.replayRatio == 0.5)
    agent.isLearning = false
    agent.iterate(active: 8)
    #expect(rule.didIterate()[1].isNaN && agent.replayRatio == 0.5)
    agent.isLearning = true
    agent.iterate(active: 8)
    #expect(rule.didIterate()[1] > 0 && agent.replayRatio > 0.5)
  }

  @Test(
    arguments: [
      ("stabilisation", "did you mean 'stabilization'? Allowed: stabilization, controller."),
      ("stabilization@critic.0", "a network belongs to the probe"),
      ("stabilization:lo=1", "did you mean 'low'? Allowed: probe, low, high, threshold, relative"),
      ("stabilization:low=0", "low must be a number in"),
      ("stabilization:window=0.5", "window must be a whole number in"),
      ("stabilization:low=3", "low must be at most high, and 3.0 is above 2.0"),
      ("stabilization:high=2000", "high must be at most 1024.0, the agent's highest"),
      ("stabilization:every=20000", "every is 20000 and the run takes 20000 steps"),
      ("stabilization:probe=active-unit", "did you mean 'active-units'?"),
      ("stabilization:probe=srank@critc.0", "did you mean 'critic.0'?"),
      ("stabilization:probe=srank@critic.0/2", "unknown layer '2'"),
      ("stabilization:probe=srank@", "needs the name of a network"),
      ("stabilization:probe=saturated-units", "is not measured on"),
      ("stabilization:probe=policy-churn@critic.0", "is not measured on"),
      ("stabilization:probe=hessian-eigenvalue@critic.0/1", "layer by layer there"),
      ("stabilization:probe=gradient-norm", "choose one of gradient-l1, gradient-l2, gradient-"),
      ("controller:target=1", "controller needs probe=…, one of dormant-units-0,"),
      ("controller:probe=srank", "controller needs target=NUMBER"),
      ("controller:probe=srank,target=1,above=rise", "did you mean 'raise'? Allowed: raise, lower"),
      ("controller:probe=srank,target=1,start=5", "start must lie in low...high, 0.5...4.0"),
      ("", "unknown rule"),
    ])
  func whatCanNotBeIsRefused(text: String, message: String) throws {
    let agent = try #require(ShortAgent.sac.make() as? any ReplayRatioAgent)
    let error = #expect(throws: ConfigurationError.self) { try attach(text, to: agent) }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(agent.replayRatio == 0.25, "the agent's own")
  }

  static let rules = [
    "stabilization:low=0.25,high=0.7,threshold=0.3,every=500,window=3",
    "stabilization:low=0.25,high=0.7,threshold=1e9,every=1000,probe=hessian-eigenvalue@critic.1",
    "controller:low=0.1,high=1.37,probe=feature-norm@critic.0/0,target=0.5,above=raise,every=250",
    "controller:low=0.2,high=1.37,gain=1,probe=policy-churn,target=1e-3,above=raise,every=250",
    "controller:low=0.1,high=1.37,probe=trainability-fresh-loss@critic.0,target=0.01,above=raise,"
      + "every=250",
  ]

  /// With everything else at work too, and interrupted before and after the first check.
  @Test(arguments: [ShortAgent.sac, .droppingSAC, .jointSAC], rules)
  func resumesExactlyWithAnyNumberOfThreads(kind: ShortAgent, text: String) throws {
    func make(_ threads: Int) throws -> (any Agent, [any TrainingAttachment]) {
      let agent = try #require(kind.make(threads: threads) as? any ReplayRatioAgent)
      let interventions = try Interventions(
        InterventionSelection(["reset@critic.0:every=150", "l2"]), on: agent, seed: 7)
      let panel = try ProbePanel(ProbeSelection(["all"]), every: 2, of: agent, seed: 7)
      return (agent, [interventions, panel, try attach(text, to: agent)])
    }
    func run(_ pair: (any Agent, [any TrainingAttachment]), _ count: Int) throws -> [[UInt64]] {
      try (0..<count).map { _ in
        let report = try pair.0.iterate()
        return (report.metrics + pair.1.flatMap { $0.didIterate() }).map(\.bitPattern)
      }
    }
    let whole = try make(1)
    let expected = try run(whole, 8)
    for stop in [1, 3, 6] {
      let first = try make(3)
      var found = try run(first, stop)
      let saved = archive(first.0, first.1)
      let second = try make(2)
      try second.0.load(from: saved)
      for attachment in second.1 { try attachment.load(from: saved) }
      let isRestored = archive(second.0, second.1) == saved
      #expect(isRestored)
      found += try run(second, 8 - stop)
      let isSame = found == expected && archive(second.0, second.1) == archive(whole.0, whole.1)
      #expect(isSame, "stopped after \(stop)")
    }
    let settings = Set(expected.map { $0[$0.count - 2] })
    #expect(settings.count > 1, "the ratio never changed")
  }

  @Test func damagedProgressIsRefused() throws {
    let agent = try #require(ShortAgent.sac.make() as? any ReplayRatioAgent)
    let rule = try attach("controller:probe=feature-norm,target=1", to: agent)
    _ = try agent.iterate()
    _ = rule.didIterate()
    let saved = archive(agent, [rule])
    for (name, words) in [
      ("adaptive-ratio.rule", [Double(9).bitPattern]),
      ("adaptive-ratio.rule", [Double.nan.bitPattern]),
      ("adaptive-ratio.progress", [2, 0, 0, 1, 0, 0]),
      ("adaptive-ratio.progress", [1, 0, 0, 0, 0, 0]),
      ("adaptive-ratio.progress", [1, .max, 0, 1, 0, 0]),
      ("adaptive-ratio.progress", [0, 0, 0, 1, Double.nan.bitPattern, 0]),
    ] {
      var damaged = TensorArchive()
      for (key, tensor) in saved.tensors where key != name {
        damaged.set(key, tensor.values, shape: tensor.shape)
      }
      damaged.set(name, .words(words))
      #expect(throws: ArchiveError.self) { try rule.load(from: damaged) }
    }
    try rule.load(from: saved)
  }
}
