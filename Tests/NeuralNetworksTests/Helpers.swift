import LinearAlgebra
import NeuralNetworks

/// A network with weights large enough for every branch of every activation to be visited.
func network(
  _ widths: [Int], _ activation: Activation, layerNorm: Bool = false,
  initializer: WeightInitializer = .fanInUniform, seed: UInt64 = 1
) -> MLP {
  var random = RandomStream(seed: seed, name: "weights")
  let network = MLP(
    name: "net",
    architecture: MLPArchitecture(
      inputs: widths[0], hidden: Array(widths.dropFirst().dropLast()),
      outputs: widths[widths.count - 1], activation: activation, usesLayerNorm: layerNorm),
    initializer: initializer, random: &random)
  return network
}

/// A matrix of normal numbers.
func normal(_ rows: Int, _ columns: Int, seed: UInt64 = 1, scale: Float = 1) -> Matrix {
  var random = RandomStream(seed: seed, name: "data")
  let matrix = Matrix(rows: rows, columns: columns)
  for i in 0..<rows {
    random.fillNormal(matrix.mutableRow(i))
    for j in 0..<columns { matrix[i, j] *= scale }
  }
  return matrix
}

/// A vector of normal numbers.
func normalVector(_ count: Int, seed: UInt64 = 1) -> Vector {
  var random = RandomStream(seed: seed, name: "vector")
  let vector = Vector(count: count)
  random.fillNormal(UnsafeMutableBufferPointer(start: vector.base, count: count))
  return vector
}

/// Whether everything behind the columns in use is zero.
func hasCleanPadding(_ matrix: Matrix) -> Bool {
  (0..<matrix.rows).allSatisfy { i in
    (matrix.columns..<matrix.stride).allSatisfy { matrix.base[i * matrix.stride + $0] == 0 }
  }
}

/// Compares an analytic gradient with central differences of a function, element by element.
///
/// - Parameters:
///   - point: Where the function is evaluated; changed and put back.
///   - gradient: The analytic gradient there.
///   - step: Half the distance of the two evaluations.
///   - function: What is differentiated, in double precision.
/// - Returns: The largest error, relative to the gradient's largest element.
func gradientError(
  at point: Matrix, gradient: Matrix, step: Float, of function: () -> Double
) -> Double {
  var (worst, largest) = (0.0, 1e-3)
  for i in 0..<point.rows {
    for j in 0..<point.columns {
      let value = point[i, j]
      point[i, j] = value + step
      let above = function()
      let upper = point[i, j]
      point[i, j] = value - step
      let below = function()
      let distance = Double(upper) - Double(point[i, j])
      point[i, j] = value
      worst = max(worst, abs((above - below) / distance - Double(gradient[i, j])))
      largest = max(largest, abs(Double(gradient[i, j])))
    }
  }
  return worst / largest
}

/// A multilayer perceptron in double precision, from the textbook formula.
struct ReferenceMLP {
  let network: MLP

  /// Computes the outputs of one input row.
  func outputs(_ input: [Double]) -> [Double] {
    var values = input
    let parameters = network.parameters.parameters
    var next = 0
    let layerCount = network.architecture.hidden.count + 1
    for l in 0..<layerCount {
      let (weight, bias) = (parameters[next].value, parameters[next + 1].value)
      next += 2
      var sums = (0..<weight.columns).map { j in
        values.indices.reduce(Double(bias[0, j])) { $0 + values[$1] * Double(weight[$1, j]) }
      }
      guard l < layerCount - 1 else { return sums }
      if network.architecture.usesLayerNorm {
        let (scale, shift) = (parameters[next].value, parameters[next + 1].value)
        next += 2
        let mean = sums.reduce(0, +) / Double(sums.count)
        let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sums.count)
        for j in sums.indices {
          sums[j] =
            (sums[j] - mean) / (variance + 1e-5).squareRoot() * Double(scale[0, j])
            + Double(shift[0, j])
        }
      }
      values = sums.map(activate)
    }
    return values
  }

  private func activate(_ z: Double) -> Double {
    switch network.architecture.activation {
    case .identity: z
    case .tanh: ScalarMaths.tanh(z)
    case .relu: max(z, 0)
    case .elu: z > 0 ? z : ScalarMaths.expm1(z)
    case .silu: z / (1 + ScalarMaths.exp(-z))
    }
  }
}
