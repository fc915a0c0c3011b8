import LinearAlgebra
import NeuralNetworks

/// Cases that measure one network of 24-64-64-4 units with tanh.
enum NetworkCases {
  static let all = [
    BenchmarkCase(name: "mlp-step-64") { _ in [trainingStep(batch: 64)] },
    BenchmarkCase(name: "mlp-step-256") { _ in [trainingStep(batch: 256)] },
    BenchmarkCase(name: "inference-1") { _ in [inference()] },
  ]

  private static func makeNetwork() -> MLP {
    var random = RandomStream(seed: 1, name: "benchmark")
    return MLP(
      name: "policy",
      architecture: MLPArchitecture(
        inputs: 24, hidden: [64, 64], outputs: 4, activation: .tanh, usesLayerNorm: false),
      initializer: .orthogonal(hiddenGain: 1.4142135, outputGain: 1), random: &random)
  }

  private static func randomMatrix(_ rows: Int, _ columns: Int) -> Matrix {
    var random = RandomStream(seed: 2, name: "benchmark", index: columns)
    let matrix = Matrix(rows: rows, columns: columns)
    for i in 0..<rows { for j in 0..<columns { matrix[i, j] = random.normalPair().0 } }
    return matrix
  }

  /// Measures forward pass, mean squared error, backward pass and Adam on one fixed batch, in µs.
  private static func trainingStep(batch: Int) -> Measurement {
    let network = makeNetwork()
    let optimizer = Optimizer(network.parameters)
    let workspace = network.makeWorkspace(rows: batch)
    let (inputs, targets) = (randomMatrix(batch, 24), randomMatrix(batch, 4))
    let gradient = Matrix(rows: batch, columns: 4)
    let repeats = 2000
    let seconds = shortestTime(repeats: 5) {
      for _ in 0..<repeats {
        let output = network.forward(inputs, rows: batch, in: workspace)
        for i in 0..<batch {
          for j in 0..<4 {
            gradient[i, j] = 2 * (output[i, j] - targets[i, j]) / Float(4 * batch)
          }
        }
        network.backward(inputs, rows: batch, outputGradient: gradient, in: workspace)
        optimizer.step(learningRate: 1e-4)
        network.parametersDidChange()
      }
    }
    return Measurement(
      name: "mlp-step-\(batch)", value: seconds / Double(repeats) * 1e6, unit: "µs",
      parameters: ["batch": batch])
  }

  /// Measures a forward pass for one observation, in µs.
  private static func inference() -> Measurement {
    let network = makeNetwork()
    let workspace = network.makeWorkspace(rows: 1)
    let input = randomMatrix(1, 24)
    let repeats = 200_000
    let seconds = shortestTime(repeats: 5) {
      for _ in 0..<repeats { network.forward(input, rows: 1, in: workspace) }
    }
    return Measurement(
      name: "inference-1", value: seconds / Double(repeats) * 1e6, unit: "µs",
      parameters: ["batch": 1])
  }
}
