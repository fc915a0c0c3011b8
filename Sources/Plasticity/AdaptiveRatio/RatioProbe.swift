internal import LinearAlgebra
internal import NeuralNetworks
internal import Training
internal import Storage

/// Measures the probe that drives a replay ratio, on new minibatches each time.
final class RatioProbe {
  /// Number of rows in a minibatch.
  static let rows = 256
  private static let prefix = "adaptive-ratio.probe"

  /// A probe's mean over minibatches, with its standard error.
  struct Value: Equatable {
    var mean: Double
    var error: Double
  }

  /// Names of the networks measured.
  let networkNames: [String]
  private let agent: any ReplayRatioAgent
  private let selection: ProbeValueSelection
  private let places: [(network: Int, layer: Int?)]
  private let views: [Int: View]
  private let window: Int
  private let seed: UInt64
  private let memory = ProbeMemory()
  private var random: RandomStream
  /// Compares the policies of two iterations; nil unless the probe measures the policy.
  private let panel: ProbePanel?
  private var churn = Double.nan

  private struct View {
    let inputs: Matrix
    let workspace: MLP.Workspace
  }

  init(
    _ selection: ProbeValueSelection, window: Int, of agent: any ReplayRatioAgent, seed: UInt64
  ) throws(ConfigurationError) {
    self.agent = agent
    self.selection = selection
    self.seed = seed
    let places = try selection.places(in: agent)
    self.places = places
    let networks = agent.networks
    networkNames = places.map { networks[$0.network].name }
    var views: [Int: View] = [:]
    for (n, _) in places {
      let network = networks[n].network
      views[n] = View(
        inputs: Matrix(rows: Self.rows, columns: network.architecture.inputs),
        workspace: network.makeWorkspace(rows: Self.rows))
    }
    self.views = views
    // Only probes of features depend noticeably on the rows that are drawn.
    if case .features = selection.probe.scope { self.window = window } else { self.window = 1 }
    random = RandomStream(seed: seed, name: Self.prefix)
    panel =
      selection.probe.scope == .policy
      ? try ProbePanel(
        ProbeSelection([selection.text]), every: 1, of: agent, seed: seed, prefix: Self.prefix)
      : nil
  }

  /// Whether all of the measured networks learnt in this iteration.
  var hasLearnt: Bool {
    let networks = agent.networks
    return places.allSatisfy { networks[$0.network].minibatch != nil }
  }

  /// Updates the churn of the policy; must be called after every iteration.
  func didIterate() { churn = panel?.didIterate().first ?? .nan }

  /// Measures the networks in their current state; returns nil if there is no finite value.
  func measure() -> Value? {
    if panel != nil { return churn.isFinite ? Value(mean: churn, error: 0) : nil }
    let networks = agent.networks
    var (sum, squares) = (0.0, 0.0)
    for _ in 0..<window {
      var value = 0.0
      for (n, layer) in places {
        guard let view = views[n] else { continue }
        guard networks[n].experience.rows > 0 else { return nil }
        networks[n].experience.draw(view.inputs, &random)
        let context = ProbeContext(
          networks[n], batch: view.inputs, workspace: view.workspace, memory: memory, seed: seed,
          iteration: agent.iterations)
        value += selection.probe.measure(context, layer)[selection.column] / Double(places.count)
      }
      sum += value
      squares += value * value
    }
    let count = Double(window)
    let mean = sum / count
    guard mean.isFinite else { return nil }
    let variance = window > 1 ? max(0, squares - sum * mean) / (count - 1) : 0
    return Value(mean: mean, error: (variance / count).squareRoot())
  }

  func save(to archive: inout TensorArchive) {
    archive.set(random, named: Self.prefix)
    memory.save(to: &archive, prefix: Self.prefix)
    panel?.save(to: &archive)
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    random = try archive.stream(named: Self.prefix)
    try memory.load(from: archive, prefix: Self.prefix, networks: agent.networks)
    try panel?.load(from: archive)
  }
}
