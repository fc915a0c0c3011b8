internal import LinearAlgebra
internal import NeuralNetworks
public import Training
public import Storage

/// A panel of probes that measures an agent's networks at intervals, without changing them.
///
/// Features are those of a batch of the network's own inputs, drawn anew from its present experience
/// at each measurement; only the churn of the policy is measured on a batch that is kept.  All other
/// values are of the network's last step or, if a probe recomputes gradients, of the last minibatch
/// of the iteration.  Without a set interval, measuring takes a small share of the work of learning,
/// which is budgeted separately for `basic` and for all other probes.
public final class ProbePanel: TrainingAttachment {
  /// Maximum number of rows in a probe batch; fewer if there is less experience.
  public static let batchRows = 256

  public let metricNames: [String]
  let agent: any Agent
  private let columns: [ProbeSelection.Column]
  private let every: Int?
  private let measuresChurn: Bool
  private let seed: UInt64
  /// Prefix of the panel's names in archives.
  private let prefix: String
  private let memory = ProbeMemory()
  /// The batches of the last measurement, overwritten by those of the next.
  private(set) var views: [Int: View] = [:]
  /// Networks that were measured after the last iteration.
  private(set) var measured: Set<Int> = []
  /// The policy's inputs on which its churn is measured, kept from the first measurement on.
  private var churnView: View?
  private var policyBefore: PolicySnapshot?
  /// Work of measuring each network, for probes of `basic` (true) and for all others (false).
  private let works: [Bool: [Int: ProbeWork]]
  private var budgets: [Bool: ProbeBudget] = [:]
  /// Step count of each network's optimiser at the end of the last iteration.
  private var steps: [Int]

  /// Inputs of a network, with a workspace for its outputs.
  struct View {
    let batch: Matrix
    let workspace: MLP.Workspace

    init(_ network: MLP, rows: Int) {
      batch = Matrix(rows: rows, columns: network.architecture.inputs)
      workspace = network.makeWorkspace(rows: rows)
    }
  }

  /// Creates a panel that measures the networks of an agent.
  ///
  /// - Parameters:
  ///   - selection: The probes to measure, with networks and layers.
  ///   - every: The number of iterations between measurements; nil to let measuring take a small
  ///     share of the work of learning.
  ///   - agent: The agent whose networks are measured.
  ///   - seed: The run's seed; probes draw from separate random streams.
  ///   - prefix: The prefix of the panel's names in archives, unique among the panels of an agent.
  /// - Throws: `ConfigurationError` if the agent lacks a network or layer of the selection, or if a
  ///   probe selected by name is not measured on the agent's networks.
  public init(
    _ selection: ProbeSelection, every: Int?, of agent: any Agent, seed: UInt64,
    prefix: String = "probes"
  ) throws(ConfigurationError) {
    precondition(every ?? 1 >= 1, "a measurement every \(every ?? 0) iterations")
    self.agent = agent
    self.every = every
    self.seed = seed
    self.prefix = prefix
    columns = try selection.columns(of: agent)
    metricNames = columns.flatMap(\.names)
    measuresChurn = columns.contains { $0.probe.scope == .policy }
    works = Self.works(of: columns, networks: agent.networks)
    steps = agent.networks.map(\.optimizer.stepCount)
    guard every == nil else { return }
    for isBasic in works.keys { budgets[isBasic] = ProbeBudget() }
  }

  /// Adds up the work of the probes, counting shared parts once.
  private static func works(
    of columns: [ProbeSelection.Column], networks: [NamedNetwork]
  ) -> [Bool: [Int: ProbeWork]] {
    var works: [Bool: [Int: ProbeWork]] = [:]
    var known: Set<[String]> = []
    for column in columns {
      let (probe, place) = (column.probe, "\(column.network)")
      let layers = networks[column.network].network.denseLayers
      let width = column.layer.map { layers[$0].weight.value.columns } ?? 0
      let key = probe.work == .spectrum ? ["", "\(column.layer ?? 0)"] : [probe.name]
      guard known.insert([place] + key).inserted else { continue }
      works[probe.isBasic, default: [:]][column.network, default: ProbeWork()]
        .add(probe.work, width: width)
    }
    return works
  }

  public func didIterate() -> [Double] {
    let networks = agent.networks
    let due = dueKinds { $0 % $1 == 0 }
    var values = [Double](repeating: .nan, count: metricNames.count)
    measured = []
    if !due.isEmpty {
      values = measure(networks, due)
    }
    let learnt = workOfLearning(networks)
    for isBasic in budgets.keys {
      let cost = work(ofBasic: isBasic, networks)
      budgets[isBasic]?.earn(learnt, cost: cost)
    }
    let next = dueKinds { ($0 + 1) % $1 == 0 }
    if next.contains(Probe.churn.isBasic), measuresChurn { policyBefore = snapshot() }
    return values
  }

  /// Returns the kinds of probes that are due: true for `basic`, false for all others.
  ///
  /// - Parameter isMultiple: A closure that decides from the iterations and a set interval.
  /// - Returns: The kinds that are due.
  private func dueKinds(_ isMultiple: (Int, Int) -> Bool) -> Set<Bool> {
    if let every { return isMultiple(agent.iterations, every) ? [true, false] : [] }
    return Set(budgets.filter(\.value.isDue).keys)
  }

  /// Returns the work of learning in the iteration, in units of `ProbeWork`.
  private func workOfLearning(_ networks: [NamedNetwork]) -> Double {
    var work = 0.0
    for (n, network) in networks.enumerated() {
      let now = network.optimizer.stepCount
      // A reset of the optimiser restarts the count.
      let taken = now >= steps[n] ? now - steps[n] : now
      steps[n] = now
      guard let rows = network.minibatch?.meanRows else { continue }
      work += Double(taken) * rows * Double(network.network.parameters.count)
    }
    return work
  }

  /// Returns the work of the next measurement, in units of `ProbeWork`.
  private func work(ofBasic isBasic: Bool, _ networks: [NamedNetwork]) -> Double {
    networks.enumerated().reduce(0) { sum, entry in
      let (n, network) = entry
      guard let work = works[isBasic]?[n] else { return sum }
      return sum
        + work.units(
          parameters: network.network.parameters.count, rows: Self.rows(of: network),
          minibatch: network.workspace.capacity)
    }
  }

  /// Returns the number of rows that are drawn from a network's experience.
  private static func rows(of network: NamedNetwork) -> Int {
    min(batchRows, network.experience.rows)
  }

  private func measure(_ networks: [NamedNetwork], _ kinds: Set<Bool>) -> [Double] {
    var contexts: [Int: ProbeContext] = [:]
    return columns.flatMap { column -> [Double] in
      let (n, network) = (column.network, networks[column.network])
      let nothing = [Double](repeating: .nan, count: column.names.count)
      guard kinds.contains(column.probe.isBasic) else { return nothing }
      if column.probe.scope == .policy { return [churn(networks)] }
      guard let context = contexts[n] ?? context(of: network, at: n) else { return nothing }
      contexts[n] = context
      return column.probe.measure(context, column.layer)
    }
  }

  /// Evaluates a network on inputs from its present experience; returns nil if it has not learnt in
  /// this iteration.
  private func context(of network: NamedNetwork, at index: Int) -> ProbeContext? {
    guard let view = draw(from: network, into: views[index]) else { return nil }
    views[index] = view
    measured.insert(index)
    return ProbeContext(
      network, batch: view.batch, workspace: view.workspace, memory: memory, seed: seed,
      iteration: agent.iterations)
  }

  /// Draws inputs of a network that has learnt, into the given view if it has the right size.
  ///
  /// The stream is that of the network and the iteration alone, so that nothing has to be saved.
  private func draw(from network: NamedNetwork, into view: View?) -> View? {
    let rows = Self.rows(of: network)
    guard network.minibatch != nil, rows > 0 else { return nil }
    let reused = view.flatMap { $0.batch.rows == rows ? $0 : nil }
    let view = reused ?? View(network.network, rows: rows)
    var random = RandomStream(
      seed: seed, name: "probe.batch.\(network.name)", index: agent.iterations)
    network.experience.draw(view.batch, &random)
    return view
  }

  /// Compares the policy with the one before the iteration, on inputs that are kept from the first
  /// call after learning on, so that changes of experience do not count.
  private func churn(_ networks: [NamedNetwork]) -> Double {
    guard let policy = agent.policy as? any DistributionPolicy,
      let network = networks.first(where: { $0.network === policy.network })
    else { return .nan }
    churnView = churnView ?? draw(from: network, into: nil)
    guard let before = policyBefore, let after = snapshot() else { return .nan }
    return before.divergence(to: after, of: policy)
  }

  private func snapshot() -> PolicySnapshot? {
    guard let policy = agent.policy as? any DistributionPolicy, let view = churnView else {
      return nil
    }
    let outputs = policy.network.forward(view.batch, rows: view.batch.rows, in: view.workspace)
    return PolicySnapshot(policy, outputs: outputs, rows: view.batch.rows)
  }

  public func save(to archive: inout TensorArchive) {
    memory.save(to: &archive, prefix: prefix)
    for (isBasic, budget) in budgets {
      let name = budgetName(isBasic)
      archive.set("\(name).credit", .doubles([budget.credit]))
      archive.set("\(name).due", .words([budget.isDue ? 1 : 0]))
    }
    if let batch = churnView?.batch {
      let numbers = (0..<batch.rows).flatMap { i in (0..<batch.columns).map { batch[i, $0] } }
      archive.set(churnName("batch"), .floats(numbers), shape: [batch.rows, batch.columns])
    }
    guard let policyBefore else { return }
    archive.set(churnName("outputs"), .floats(policyBefore.outputs))
    archive.set(churnName("log-std"), .floats(policyBefore.logDeviations))
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try memory.load(from: archive, prefix: prefix, networks: agent.networks)
    for isBasic in budgets.keys {
      let name = budgetName(isBasic)
      let credit = try archive.doubles("\(name).credit", count: 1)[0]
      let due = try archive.words("\(name).due", count: 1)[0]
      guard due < 2 else { throw .invalid(reason: "\(name).due is impossible") }
      budgets[isBasic] = try ProbeBudget(credit: credit, isDue: due == 1)
    }
    steps = agent.networks.map(\.optimizer.stepCount)
    if let policy = agent.policy as? any DistributionPolicy {
      churnView = try loadChurnView(of: policy, from: archive)
      policyBefore = try loadPolicyBefore(policy, from: archive)
    }
  }

  private func budgetName(_ isBasic: Bool) -> String {
    "\(prefix).budget.\(isBasic ? "basic" : "other")"
  }

  private func churnName(_ part: String) -> String { "\(prefix).policy-churn.\(part)" }

  private func loadChurnView(
    of policy: any DistributionPolicy, from archive: TensorArchive
  ) throws(ArchiveError) -> View? {
    guard let shape = archive.tensors[churnName("batch")]?.shape else { return nil }
    let numbers = try archive.floats(churnName("batch"))
    let width = policy.network.architecture.inputs
    guard shape.count == 2, shape[1] == width, (1...Self.batchRows).contains(shape[0]),
      numbers.allSatisfy(\.isFinite)
    else { throw .invalid(reason: "its probe batch of the policy does not fit") }
    let view = View(policy.network, rows: shape[0])
    for (k, number) in numbers.enumerated() { view.batch[k / width, k % width] = number }
    return view
  }

  private func loadPolicyBefore(
    _ policy: any DistributionPolicy, from archive: TensorArchive
  ) throws(ArchiveError) -> PolicySnapshot? {
    guard archive.tensors[churnName("outputs")] != nil else { return nil }
    let outputs = try archive.floats(churnName("outputs"))
    let logDeviations = try archive.floats(
      churnName("log-std"), count: policy.distribution.parameters.count)
    guard outputs.count == (churnView?.batch.rows ?? 0) * policy.distribution.outputWidth,
      (outputs + logDeviations).allSatisfy(\.isFinite)
    else { throw .invalid(reason: "its policy of the iteration before does not fit") }
    return PolicySnapshot(outputs: outputs, logDeviations: logDeviations)
  }
}
