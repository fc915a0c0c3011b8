public import LinearAlgebra
public import NeuralNetworks

/// How well weights can still be trained: random targets are fitted from them with a new optimiser.
///
/// Targets are `sin(10⁵ g(x)) + b`, where g is a network of random weights of the same shape and b the
/// mean output of the network under test, so that every network starts as far from its targets as
/// any other.
///
/// - Source: Lyle et al. 2023, arXiv:2303.01486, section 3.
/// - Difference from source: a mean over the same inputs throughout, without minibatches.
public struct Trainability {
  /// Steps of Adam.
  public static let steps = 100
  /// Adam's learning rate; its other settings are the defaults.
  public static let learningRate: Float = 1e-3

  private let inputs: Matrix
  private let waves: Matrix

  /// Draws the targets of a run; they are the same whenever they are drawn.
  ///
  /// - Parameters:
  ///   - inputs: [B × inputs]; all rows are used.
  ///   - architecture: The shape of the network under test.
  ///   - seed: The run's seed.
  ///   - name: Of the network.
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

  /// The mean squared error that is left after ``steps`` steps, over rows and outputs.
  ///
  /// - Parameters:
  ///   - network: Where to start from; it is left as it is.
  ///   - steps: Steps to take.
  /// - Returns: The error.
  public func loss(from network: MLP, steps: Int = Trainability.steps) -> Double {
    let (copy, rows, columns) = (network.copy(), inputs.rows, waves.columns)
    let optimizer = Adam(copy.parameters)
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
