public import LinearAlgebra
public import NeuralNetworks

/// A test of how well weights can still be trained: from them, a new optimiser fits random targets.
///
/// Targets are `sin(10⁵ g(x)) + b`, where g is a network of the same shape with random weights and
/// b is the mean output of the network under test, so that all networks start equally far from
/// their targets.
///
/// - Source: Lyle et al. 2023, arXiv:2303.01486, section 3.
/// - Difference from source: full-batch steps on fixed inputs instead of minibatches.
public struct Trainability {
  /// Default number of steps of Adam.
  public static let steps = 100
  /// Learning rate of Adam; its other settings are the defaults.
  public static let learningRate: Float = 1e-3

  private let inputs: Matrix
  private let waves: Matrix

  /// Draws random targets, the same for equal inputs, architecture, seed and name.
  ///
  /// - Parameters:
  ///   - inputs: Inputs, [B × inputs]; all rows are used.
  ///   - architecture: Architecture of the network under test.
  ///   - seed: The run's seed.
  ///   - name: Name of the network under test.
  public init(inputs: Matrix, architecture: MLPArchitecture, seed: UInt64, name: String) {
    self.inputs = inputs
    var random = RandomStream(seed: seed, name: "probe.trainability.target.\(name)")
    let target = MLP(
      name: name, architecture: architecture, initializer: .fanInUniform, random: &random)
    let output = target.forward(
      inputs, rows: inputs.rows, in: target.makeWorkspace(rows: inputs.rows))
    waves = Matrix(rows: inputs.rows, columns: architecture.outputs)
    for i in 0..<waves.rows {
      for j in 0..<waves.columns {
        waves[i, j] = Float(ScalarMaths.sin(1e5 * Double(output[i, j])))
      }
    }
  }

  /// Trains a copy of a network and returns the remaining mean squared error over rows and outputs.
  ///
  /// - Parameters:
  ///   - network: The network to start from; it is not changed.
  ///   - steps: Number of steps.
  /// - Returns: The mean squared error after the last step.
  public func loss(from network: MLP, steps: Int = Trainability.steps) -> Double {
    let (copy, rows, columns) = (network.copy(), inputs.rows, waves.columns)
    let optimizer = Optimizer(copy.parameters)
    let workspace = copy.makeWorkspace(rows: rows)
    let gradient = Matrix(rows: rows, columns: columns)
    var offsets = [Float](repeating: 0, count: columns)
    var loss = 0.0
    for step in 0...steps {
      let output = copy.forward(inputs, rows: rows, in: workspace)
      if step == 0 {
        for j in 0..<columns {
          let sum = (0..<rows).reduce(0.0) { $0 + Double(output[$1, j]) }
          offsets[j] = Float(sum / Double(rows))
        }
      }
      loss = 0
      for i in 0..<rows {
        for j in 0..<columns {
          let error = output[i, j] - waves[i, j] - offsets[j]
          loss += Double(error) * Double(error)
          gradient[i, j] = 2 * error / Float(rows * columns)
        }
      }
      guard step < steps else { break }
      copy.backward(inputs, rows: rows, outputGradient: gradient, in: workspace)
      optimizer.step(learningRate: Self.learningRate)
      copy.parametersDidChange()
    }
    return loss / Double(rows * columns)
  }
}
