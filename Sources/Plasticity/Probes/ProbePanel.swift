internal import LinearAlgebra
internal import NeuralNetworks
public import Training
public import Storage

/// A panel of probes that measures an agent's networks at intervals, without changing them.
///
/// Features are those of a fixed batch of the network's own inputs, taken from the experience of
/// the first measurement.  All other values are of the network's last step or, if a probe
/// recomputes gradients, of the last minibatch of the iteration.  Without a set interval, measuring
/// takes a small share of the work of learning, which is budgeted separately for `basic` and for
/// all other probes.
public final class ProbePanel: TrainingAttachment {
  /// Maximum number of rows in the probe batch; fewer if there is less experience.
  public static let batchRows = 256

  public let metricNames: [String]
  private let agent: any Agent
  private let columns: [ProbeSelection.Column]
  private let every: Int?
  private let measuresChurn: Bool
  private let seed: UInt64
  /// Prefix of the panel's names in archives.
  private let prefix: String
  private let memory = ProbeMemory()
  private var views: [Int: View] = [:]
  private var policyBefore: PolicySnapshot?
  /// Work of measuring each network, for probes of `basic` (true) and for all others (false).
  private let works: [Bool: [Int: ProbeWork]]
  private var budgets: [Bool: ProbeBudget] = [:]
  /// Step count of each network's optimiser at the end of the last iteration.
  private var steps: [Int]

  /// The fixed inputs of a network, with a workspace for its outputs.
  private struct View {
    let batch: Matrix
    let workspace: MLP.Workspace
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
    if !due.isEmpty {
      gatherBatches(networks, due)
      values = measure(networks, due)
    }
    let learnt = workOfLearning(networks)
    for isBasic in budgets.keys {
      let cost = work(ofBasic: isBasic, networks)
      budgets[isBasic]?.earn(learnt, cost: cost)
    }
    let next = dueKinds { ($0 + 1) % $1 == 0 }
    if next.contains(Probe.churn.isBasic), measuresChurn { policyBefore = snapshot(networks) }
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
      guard let experience = network.minibatch?.experience.rows, experience > 0 else { continue }
      // A pass over the experience may end with a smaller minibatch.
      let capacity = network.workspace.capacity
      let minibatches = (experience + capacity - 1) / capacity
      let rows = Double(experience) / Double(minibatches)
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
          parameters: network.network.parameters.count,
          rows: views[n]?.batch.rows ?? Self.batchRows, minibatch: network.workspace.capacity,
          isFirst: budgets[isBasic]?.measurements == 0)
    }
  }

  private func gatherBatches(_ networks: [NamedNetwork], _ kinds: Set<Bool>) {
    let measured = columns.filter { kinds.contains($0.probe.isBasic) }.map(\.network)
    for n in Set(measured) where views[n] == nil {
      guard let experience = networks[n].minibatch?.experience else { continue }
      let batch = Matrix(
        rows: min(Self.batchRows, experience.rows), columns: experience.columns)
      for i in 0..<batch.rows {
        batch.copyRow(i, from: experience, row: i * experience.rows / batch.rows)
      }
      views[n] = View(
        batch: batch, workspace: networks[n].network.makeWorkspace(rows: batch.rows))
    }
  }

  private func measure(_ networks: [NamedNetwork], _ kinds: Set<Bool>) -> [Double] {
    var contexts: [Int: ProbeContext] = [:]
    return columns.flatMap { column -> [Double] in
      let nothing = [Double](repeating: .nan, count: column.names.count)
      guard kinds.contains(column.probe.isBasic) else { return nothing }
      if column.probe.scope == .policy { return [churn(networks)] }
      guard let view = views[column.network] else { return nothing }
      let context =
        contexts[column.network]
        ?? ProbeContext(
          networks[column.network], batch: view.batch, workspace: view.workspace,
          memory: memory, seed: seed, iteration: agent.iterations)
      contexts[column.network] = context
      return column.probe.measure(context, column.layer)
    }
  }

  private func churn(_ networks: [NamedNetwork]) -> Double {
    guard let policy = agent.policy as? any DistributionPolicy, let before = policyBefore,
      let after = snapshot(networks)
    else { return .nan }
    return before.divergence(to: after, of: policy)
  }

  private func snapshot(_ networks: [NamedNetwork]) -> PolicySnapshot? {
    guard let policy = agent.policy as? any DistributionPolicy,
      let n = networks.firstIndex(where: { $0.network === policy.network }), let view = views[n]
    else { return nil }
    let outputs = policy.network.forward(view.batch, rows: view.batch.rows, in: view.workspace)
    return PolicySnapshot(policy, outputs: outputs, rows: view.batch.rows)
  }

  public func save(to archive: inout TensorArchive) {
    for (n, network) in agent.networks.enumerated() {
      guard let batch = views[n]?.batch else { continue }
      let numbers = (0..<batch.rows).flatMap { i in (0..<batch.columns).map { batch[i, $0] } }
      archive.set(
        "\(prefix).\(network.name).batch", .floats(numbers), shape: [batch.rows, batch.columns])
    }
    for (isBasic, budget) in budgets {
      let name = budgetName(isBasic)
      archive.set("\(name).credit", .doubles([budget.credit]))
      archive.set(
        "\(name).measurements", .words([UInt64(budget.measurements), budget.isDue ? 1 : 0]))
    }
    guard let policyBefore else { return }
    archive.set("\(prefix).policy-before.outputs", .floats(policyBefore.outputs))
    archive.set("\(prefix).policy-before.log-std", .floats(policyBefore.logDeviations))
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    for (n, network) in agent.networks.enumerated() {
      let name = "\(prefix).\(network.name).batch"
      guard let shape = archive.tensors[name]?.shape else { continue }
      let width = network.network.architecture.inputs
      let numbers = try archive.floats(name)
      guard shape.count == 2, shape[1] == width, (1...Self.batchRows).contains(shape[0]),
        numbers.allSatisfy(\.isFinite)
      else { throw .invalid(reason: "its probe batch of \(network.name) does not fit") }
      let batch = Matrix(rows: shape[0], columns: width)
      for (k, number) in numbers.enumerated() { batch[k / width, k % width] = number }
      views[n] = View(batch: batch, workspace: network.network.makeWorkspace(rows: batch.rows))
    }
    for isBasic in budgets.keys {
      let name = budgetName(isBasic)
      let credit = try archive.doubles("\(name).credit", count: 1)[0]
      let words = try archive.words("\(name).measurements", count: 2)
      guard words[0] < 1 << 62, words[1] < 2 else {
        throw .invalid(reason: "\(name).measurements is impossible")
      }
      budgets[isBasic] = try ProbeBudget(
        credit: credit, measurements: Int(words[0]), isDue: words[1] == 1)
    }
    steps = agent.networks.map(\.optimizer.stepCount)
    try loadPolicyBefore(from: archive)
  }

  private func budgetName(_ isBasic: Bool) -> String {
    "\(prefix).budget.\(isBasic ? "basic" : "other")"
  }

  private func loadPolicyBefore(from archive: TensorArchive) throws(ArchiveError) {
    guard archive.tensors["\(prefix).policy-before.outputs"] != nil,
      let policy = agent.policy as? any DistributionPolicy
    else { return }
    let outputs = try archive.floats("\(prefix).policy-before.outputs")
    let logDeviations = try archive.floats(
      "\(prefix).policy-before.log-std", count: policy.distribution.parameters.count)
    guard let n = agent.networks.firstIndex(where: { $0.network === policy.network }),
      outputs.count == (views[n]?.batch.rows ?? 0) * policy.distribution.outputWidth,
      (outputs + logDeviations).allSatisfy(\.isFinite)
    else { throw .invalid(reason: "its policy of the iteration before does not fit") }
    policyBefore = PolicySnapshot(outputs: outputs, logDeviations: logDeviations)
  }
}
