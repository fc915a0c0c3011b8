internal import LinearAlgebra
internal import NeuralNetworks
internal import Training

/// A network at the time of a measurement, with results that several probes share.
final class ProbeContext {
  /// The network and its last minibatch, which probes use only if `minibatch` is not nil.
  let named: NamedNetwork
  /// Inputs drawn from the network's experience, [rows × inputs].
  let batch: Matrix
  /// What probes remember between measurements.
  let memory: ProbeMemory
  /// The run's seed.
  let seed: UInt64
  /// Number of completed iterations.
  let iteration: Int
  private let workspace: MLP.Workspace
  private var singularValues: [Int: [Double]] = [:]
  private var activities: [Int: UnitActivity] = [:]

  var network: MLP { named.network }
  var rows: Int { batch.rows }
  /// The dense layers, the output's last.
  let layers: [MLP.DenseLayer]

  /// Evaluates the network on the inputs.
  init(
    _ named: NamedNetwork, batch: Matrix, workspace: MLP.Workspace, memory: ProbeMemory,
    seed: UInt64, iteration: Int
  ) {
    self.named = named
    layers = named.network.denseLayers
    self.batch = batch
    self.workspace = workspace
    self.memory = memory
    self.seed = seed
    self.iteration = iteration
    named.network.forward(batch, rows: batch.rows, in: workspace)
  }

  /// Number of rows of features: one for each part of the inputs that the network maps by itself.
  var featureRows: Int { workspace.hiddenRows }
  /// The features of a hidden layer, [≥ featureRows × width].
  func features(_ layer: Int) -> Matrix { workspace.hidden(layer) }

  /// The network's outputs, [≥ rows × outputs].
  var outputs: Matrix { workspace.output }

  func activity(_ layer: Int) -> UnitActivity {
    if let known = activities[layer] { return known }
    let activity = UnitActivity(features: features(layer), rows: featureRows)
    activities[layer] = activity
    return activity
  }

  /// Returns the singular values of a hidden layer's features, largest first.
  func spectrum(_ layer: Int) -> [Double] {
    if let known = singularValues[layer] { return known }
    let (features, rows) = (features(layer), featureRows)
    var numbers: [Double] = []
    numbers.reserveCapacity(rows * features.columns)
    for i in 0..<rows {
      for j in 0..<features.columns { numbers.append(Double(features[i, j])) }
    }
    let spectrum = LAPACK.singularValues(numbers, rows: rows, columns: features.columns)
    singularValues[layer] = spectrum
    return spectrum
  }

  /// Calls a closure with the curvature of the last minibatch's loss and restores the network after
  /// it; returns nil if there is no minibatch.
  func withCurvature<Result>(_ body: (LossCurvature) -> Result) -> Result? {
    guard let minibatch = named.minibatch else { return nil }
    let curvature = LossCurvature(network) { minibatch.computeGradient() }
    defer { curvature.restore() }
    return body(curvature)
  }

  /// Creates a random stream for a probe's draws in this iteration.
  func stream(_ purpose: String) -> RandomStream {
    RandomStream(seed: seed, name: "probe.\(purpose).\(named.name)", index: iteration)
  }
}
