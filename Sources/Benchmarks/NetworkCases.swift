import LinearAlgebra
import NeuralNetworks

/// Cases that measure one network of 24-64-64-4 units with tanh, and the products of wide layers.
enum NetworkCases {
  static let all = [
    BenchmarkCase(name: "mlp-step-64") { _ in [trainingStep(batch: 64)] },
    BenchmarkCase(name: "mlp-step-256") { _ in [trainingStep(batch: 256)] },
    BenchmarkCase(name: "inference-1") { _ in [inference()] },
    BenchmarkCase(name: "wide-layers") { _ in
      [512, 1024, 2048].flatMap { width in [64, 256].flatMap { wideLayer(width, batch: $0) } }
    },
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

  /// Measures the three products of a square layer's forward and backward pass, in 10⁹ operations
  /// per second, by the suite's kernels and by OpenBLAS in turn.
  private static func wideLayer(_ width: Int, batch: Int) -> [Measurement] {
    let (x, w) = (randomMatrix(batch, width), randomMatrix(width, width))
    let (transposed, dw) = (
      Matrix(rows: width, columns: width), Matrix(rows: width, columns: width)
    )
    transposed.setToTranspose(of: w)
    let (y, dx) = (Matrix(rows: batch, columns: width), Matrix(rows: batch, columns: width))
    let chain = LayerChain(
      [
        LayerMatrices(
          weight: w, transposedWeight: transposed, bias: Matrix(rows: 1, columns: width),
          weightGradient: dw, biasGradient: Matrix(rows: 1, columns: width), norm: nil,
          activation: .identity, output: y, sums: nil)
      ], capacity: batch)
    var seconds = (kernels: Double.infinity, openBLAS: Double.infinity)
    for _ in 0..<12 {
      let kernels = shortestTime(repeats: 1) {
        chain.forward(x, firstRow: 0, rows: batch)
        chain.backward(
          x, firstRow: 0, rows: batch, outputGradient: y, inputGradient: dx, accumulating: false,
          updatesParameters: true)
      }
      let openBLAS = shortestTime(repeats: 1) {
        y.setToProduct(x, w)
        dx.setToProduct(y, w, rightTransposed: true)
        dw.setToProduct(x, leftTransposed: true, y)
      }
      seconds = (min(seconds.kernels, kernels), min(seconds.openBLAS, openBLAS))
    }
    let operations = 6e-9 * Double(batch * width * width)
    let parameters = ["width": width, "batch": batch]
    return [
      Measurement(
        name: "wide-layers", value: operations / seconds.kernels, unit: "GFLOP/s",
        parameters: parameters),
      Measurement(
        name: "wide-layers-openblas", value: operations / seconds.openBLAS, unit: "GFLOP/s",
        parameters: parameters),
    ]
  }
}
