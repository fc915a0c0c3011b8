internal import LinearAlgebra
internal import NeuralNetworks
public import Training

/// Measures an agent's networks now and then and changes nothing.
///
/// Features are those of a fixed batch of the network's own inputs, taken from the experience of the
/// first measurement.  Everything else is of the last minibatch of the iteration.
public final class ProbePanel: TrainingAttachment {
  /// Rows of the probe batch, or as many as there are.
  public static let batchRows = 256

  public let metricNames: [String]
  private let agent: any Agent
  private let columns: [ProbeSelection.Column]
  private let every: Int
  private let seed: UInt64
  /// Of its names in archives.
  private let prefix: String
  private let memory = ProbeMemory()
  private var views: [Int: View] = [:]
  private var policyBefore: PolicySnapshot?

  /// The fixed inputs of a network and memory for what it makes of them.
  private struct View {
    let batch: Matrix
    let workspace: MLP.Workspace
  }

  /// Prepares to measure.
  ///
  /// - Parameters:
  ///   - selection: What to measure.
  ///   - every: Iterations between two measurements.
  ///   - agent: Whose networks.
  ///   - seed: The run's; probes draw from streams of their own.
  ///   - prefix: Of its names in archives; no two panels of an agent may share one.
  /// - Throws: ``ConfigurationError`` where the agent has no such network or layer.
  public init(
    _ selection: ProbeSelection, every: Int, of agent: any Agent, seed: UInt64,
    prefix: String = "probes"
  ) throws(ConfigurationError) {
    precondition(every >= 1, "a measurement every \(every) iterations")
    self.agent = agent
    self.every = every
    self.seed = seed
    self.prefix = prefix
    columns = try selection.columns(of: agent)
    metricNames = columns.flatMap(\.names)
  }

  public func didIterate() -> [Double] {
    let isDue = agent.iterations % every == 0
    let isBefore = measuresChurn && (agent.iterations + 1) % every == 0
    guard isDue || isBefore else { return [Double](repeating: .nan, count: metricNames.count) }
    let networks = agent.networks
    if isDue { gatherBatches(networks) }
    let values = isDue ? measure(networks) : [Double](repeating: .nan, count: metricNames.count)
    if isBefore { policyBefore = snapshot(networks) }
    return values
  }

  private var measuresChurn: Bool { columns.contains { $0.probe.scope == .policy } }

  private func gatherBatches(_ networks: [NamedNetwork]) {
    for n in Set(columns.map(\.network)) where views[n] == nil {
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

  private func measure(_ networks: [NamedNetwork]) -> [Double] {
    var contexts: [Int: ProbeContext] = [:]
    return columns.flatMap { column -> [Double] in
      let nothing = [Double](repeating: .nan, count: column.names.count)
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
    guard let policy = agent.policy as? MLPPolicy, let before = policyBefore,
      let after = snapshot(networks)
    else { return .nan }
    return before.divergence(to: after, of: policy)
  }

  private func snapshot(_ networks: [NamedNetwork]) -> PolicySnapshot? {
    guard let policy = agent.policy as? MLPPolicy,
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
    try loadPolicyBefore(from: archive)
  }

  private func loadPolicyBefore(from archive: TensorArchive) throws(ArchiveError) {
    guard archive.tensors["\(prefix).policy-before.outputs"] != nil,
      let policy = agent.policy as? MLPPolicy
    else { return }
    let outputs = try archive.floats("\(prefix).policy-before.outputs")
    let logDeviations = try archive.floats(
      "\(prefix).policy-before.log-std", count: policy.logDeviation.parameters[0].value.columns)
    guard let n = agent.networks.firstIndex(where: { $0.network === policy.network }),
      outputs.count == (views[n]?.batch.rows ?? 0) * policy.network.architecture.outputs,
      (outputs + logDeviations).allSatisfy(\.isFinite)
    else { throw .invalid(reason: "its policy of the iteration before does not fit") }
    policyBefore = PolicySnapshot(outputs: outputs, logDeviations: logDeviations)
  }
}
