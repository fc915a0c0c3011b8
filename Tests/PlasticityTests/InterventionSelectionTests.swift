import LinearAlgebra
import NeuralNetworks
import Plasticity
import Testing
import Training
import Storage

@Suite struct InterventionSelectionTests {
  @Test(
    arguments: [
      ("redoo", "did you mean 'redo'?"), ("l2@polic", "did you mean 'policy'?"),
      ("l2@critic", "Allowed: policy, critic.0, critic.1"), ("l2@", "needs the name of a network"),
      ("l2:strenght=1", "did you mean 'strength'?"), ("l2:strength=x", "must be a number in"),
      ("l2:strength", "must be a number in"), ("l2:strength=nan", "must be a number in"),
      ("redo:every=1.5", "must be a whole number in"), ("redo:every=0", "must be a whole number"),
      ("l2 l2@policy", "l2 is given twice for policy"),
      ("injection:at=0", "at must be a whole number in"),
      ("injection:layers=1", "Allowed: at, every"),
      ("triggered-reset:above=1", "add probe=VALUE"),
      ("triggered-reset:probe=srank", "needs either above=NUMBER or below=NUMBER"),
      ("triggered-reset:probe=srank,above=1,below=2", "needs either above=NUMBER or below=NUMBER"),
      ("triggered-reset:probe=srank,above=1,threshold=2", "threshold is about dormant units"),
      ("triggered-reset:probe=sranc,above=1", "did you mean 'srank'?"),
      ("triggered-reset:probe,above=1", "unknown probe ''"),
      ("triggered-reset:probe=srank@critic,above=1", "Allowed: policy, critic.0, critic.1"),
      ("triggered-reset:probe=srank@policy/2,above=1", "unknown layer '2'"),
      ("triggered-reset:probe=policy-churn,above=1", "is not measured"),
      ("redo:probe=srank", "Allowed: threshold, every"),
      ("upgd equal-betas", "upgd and equal-betas both own the optimiser's moments"),
    ])
  func whatCanNotBeIsRefused(texts: String, message: String) throws {
    let agent = try ShortAgent.sac.make()
    let error = #expect(throws: ConfigurationError.self) {
      try Interventions(
        InterventionSelection(texts.split(separator: " ").map { String($0) }), on: agent, seed: 1)
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    let hasHooks = agent.networks.contains { $0.optimizer.hook != nil }
    #expect(!hasHooks)
  }

  @Test func unitsOfResidualNetworksAreRefused() throws {
    let agent = try ShortAgent.droppingSAC.make()
    let normalized = try ShortAgent.jointSAC.make()
    #expect(throws: ConfigurationError.self) {
      try Interventions(InterventionSelection(["redo@critic.1"]), on: normalized, seed: 1)
    }
    let error = #expect(throws: ConfigurationError.self) {
      try Interventions(InterventionSelection(["redo"]), on: agent, seed: 1)
    }
    #expect(error?.description.contains("policy has residual blocks") == true)
    let frozen = #expect(throws: ConfigurationError.self) {
      try Interventions(InterventionSelection(["injection"]), on: normalized, seed: 1)
    }
    #expect(frozen?.description.contains("critic.0 has batch normalisation") == true)
    _ = try Interventions(InterventionSelection(["redo@critic.0"]), on: agent, seed: 1)
    #expect(agent.networks.map { $0.optimizer.hook != nil } == [false, true, false])
  }

  @Test func momentsMayHaveDifferentOwnersOnDifferentNetworks() throws {
    let agent = try ShortAgent.ppo.make()
    _ = try Interventions(
      InterventionSelection(["upgd@policy", "equal-betas@critic:beta=0.95"]), on: agent, seed: 1)
    let rules = agent.networks.map(\.optimizer.rule)
    #expect(rules[0] == .adam(AdamConfiguration(epsilon: 1e-5)))
    #expect(rules[1] == .adam(AdamConfiguration(beta1: 0.95, beta2: 0.95, epsilon: 1e-5)))
  }

  @Test func equalBetasAreForAdamOnly() throws {
    let agent = try ShortAgent.a2c.make()
    let error = #expect(throws: ConfigurationError.self) {
      try Interventions(InterventionSelection(["equal-betas"]), on: agent, seed: 1)
    }
    #expect(error?.description.contains("set optimizer=adam") == true)
    let trustRegion = try ShortAgent.trpo.make()
    let other = #expect(throws: ConfigurationError.self) {
      try Interventions(InterventionSelection(["equal-betas"]), on: trustRegion, seed: 1)
    }
    #expect(other?.description.contains("narrow it with @NETWORK") == true)
    _ = try Interventions(InterventionSelection(["equal-betas@critic"]), on: trustRegion, seed: 1)
    // Units that are made new start from the rule's own moments.
    let interventions = try Interventions(
      InterventionSelection(["reset:every=1"]), on: agent, seed: 1)
    _ = try agent.iterate()
    _ = interventions.didIterate()
    let named = agent.networks[0]
    for moment in named.network.parameters.views(of: named.optimizer.secondMoment) {
      #expect(numbers(moment).allSatisfy { $0 == 1 })
    }
  }

  static let groups = [
    ["l2", "l2-init", "wasserstein", "spectral", "weight-clipping", "shrink-perturb:every=7"],
    [
      "equal-betas", "normalize-project", "l2-init", "wasserstein", "spectral",
      "reset:every=9,layers=1",
      "triggered-reset:every=3,fraction=0.01,threshold=0.5",
    ],
    [
      "injection:at=5,every=12", "l2-init", "reset:every=31",
      "triggered-reset:every=9,probe=weight-norm,above=0.1",
    ],
    ["upgd", "redo:every=5,threshold=0.5", "continual-backprop:maturity=3,rate=0.05"],
  ]

  /// With probes at work too.
  @Test(arguments: ShortAgent.allCases, groups) func resumesExactlyWithAnyNumberOfThreads(
    kind: ShortAgent, texts: [String]
  ) throws {
    // Units of a residual policy or of batch-normalised critics can't be followed.
    let plain: [ShortAgent: String] = [.droppingSAC: "critic.1", .jointSAC: "policy"]
    let narrow = ["redo", "continual"] + (kind == .jointSAC ? ["injection"] : [])
    let allowed = texts.filter { kind != .a2c && kind != .trpo || $0 != "equal-betas" }
    let names = allowed.map { text in
      guard let network = plain[kind], narrow.contains(where: { text.hasPrefix($0) }) else {
        return text
      }
      let parts = text.split(separator: ":")
      return "\(parts[0])@\(network):\(parts[1])"
    }
    func make(_ threads: Int) throws -> (any Agent, [any TrainingAttachment]) {
      let agent = try kind.make(threads: threads)
      let interventions = try Interventions(InterventionSelection(names), on: agent, seed: 7)
      let panel = try ProbePanel(ProbeSelection(["all"]), every: 2, of: agent, seed: 7)
      return (agent, [interventions, panel])
    }
    func run(_ pair: (any Agent, [any TrainingAttachment]), _ count: Int) throws -> [[UInt64]] {
      try (0..<count).map { _ in
        _ = try pair.0.iterate()
        return pair.1.flatMap { $0.didIterate().map(\.bitPattern) }
      }
    }
    let whole = try make(1)
    let expected = try run(whole, 6)
    let first = try make(3)
    var found = try run(first, 3)
    let saved = archive(first.0, first.1)
    let second = try make(2)
    try second.0.load(from: saved)
    for attachment in second.1 { try attachment.load(from: saved) }
    let isRestored = archive(second.0, second.1) == saved
    #expect(isRestored)
    found += try run(second, 3)
    let isSame = found == expected && archive(second.0, second.1) == archive(whole.0, whole.1)
    #expect(isSame)
    // It was not the plain agent.
    let other = try kind.make()
    for _ in 0..<6 { _ = try other.iterate() }
    let differs = archive(other).tensors["policy.0.weight"] != saved.tensors["policy.0.weight"]
    #expect(differs)
  }
}
