package import LinearAlgebra
package import NeuralNetworks
package import Training

/// What follows from a run's seed and probe batches alone and takes long to find.
package final class ProbeMemory {
  /// By the network's name: the loss that new weights are trained to.
  var freshLosses: [String: Double] = [:]

  /// Starts with nothing.
  package init() {}
}

/// One network at one moment, with what several probes share.
package final class ProbeContext {
  /// The network with what it learnt from; what it knows of the last minibatch is used only while
  /// ``minibatch`` is there.
  package let named: NamedNetwork
  /// The fixed inputs, [rows × inputs].
  let batch: Matrix
  /// Lasts from one moment to the next.
  let memory: ProbeMemory
  /// The run's seed.
  let seed: UInt64
  /// Iterations done.
  let iteration: Int
  private let workspace: MLP.Workspace
  private var singularValues: [Int: [Double]] = [:]
  private var activities: [Int: UnitActivity] = [:]

  var network: MLP { named.network }
  var rows: Int { batch.rows }
  /// The dense layers, the output's last.
  let layers: [MLP.DenseLayer]

  /// Evaluates the network on the inputs.
  package init(
    _ named: NamedNetwork, batch: Matrix, workspace: MLP.Workspace, memory: ProbeMemory,
    seed: UInt64,
    iteration: Int
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

  /// The features of a hidden layer, [≥ rows × width].
  func features(_ layer: Int) -> Matrix { workspace.hidden(layer) }

  /// The network's outputs, [≥ rows × outputs].
  var outputs: Matrix { workspace.output }

  func activity(_ layer: Int) -> UnitActivity {
    if let known = activities[layer] { return known }
    let activity = UnitActivity(features: features(layer), rows: rows)
    activities[layer] = activity
    return activity
  }

  /// Of the features of a hidden layer.
  func spectrum(_ layer: Int) -> [Double] {
    if let known = singularValues[layer] { return known }
    let features = features(layer)
    var numbers: [Double] = []
    numbers.reserveCapacity(rows * features.columns)
    for i in 0..<rows {
      for j in 0..<features.columns { numbers.append(Double(features[i, j])) }
    }
    let spectrum = LAPACK.singularValues(numbers, rows: rows, columns: features.columns)
    singularValues[layer] = spectrum
    return spectrum
  }

  /// Works on the curvature of the last minibatch's loss and puts everything back.
  func withCurvature<Result>(_ body: (LossCurvature) -> Result) -> Result? {
    guard let minibatch = named.minibatch else { return nil }
    let curvature = LossCurvature(network) { minibatch.computeGradient() }
    defer { curvature.restore() }
    return body(curvature)
  }

  /// A stream for a probe's draws at this moment.
  func stream(_ purpose: String) -> RandomStream {
    RandomStream(seed: seed, name: "probe.\(purpose).\(named.name)", index: iteration)
  }
}
