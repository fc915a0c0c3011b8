import LinearAlgebra
import NeuralNetworks
import TestSupport

/// A network with weights large enough for every branch of every activation to be visited.
func network(
  _ widths: [Int], _ activation: Activation, layerNorm: Bool = false, pattern: MLPPattern = .plain,
  initializer: WeightInitializer = .fanInUniform, seed: UInt64 = 1
) -> MLP {
  var random = RandomStream(seed: seed, name: "weights")
  let network = MLP(
    name: "net",
    architecture: MLPArchitecture(
      inputs: widths[0], hidden: Array(widths.dropFirst().dropLast()),
      outputs: widths[widths.count - 1], activation: activation, usesLayerNorm: layerNorm,
      pattern: pattern),
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

/// The largest error of an analytic gradient against central differences of a function in double
/// precision, relative to the gradient's largest element.
func gradientError(
  at point: Matrix, gradient: Matrix, step: Float, of function: () -> Double
) -> Double {
  let found = centralDifferences(at: point, gradient: gradient, step: step, of: function)
  return found.error / max(found.largest, 1e-3)
}

/// Moves biases and scales away from where they start, so that their gradients are tested.
func roughen(_ net: MLP) {
  for (k, parameter) in net.parameters.parameters.enumerated() where !parameter.isWeight {
    let noise = normal(1, parameter.value.columns, seed: UInt64(100 + k), scale: 0.3)
    for j in 0..<parameter.value.columns { parameter.value[0, j] += noise[0, j] }
  }
  net.parametersDidChange()
}

/// A multilayer perceptron in double precision, from the textbook formulas.
struct ReferenceMLP {
  let network: MLP
  /// What multiplies the sums of each hidden layer, in one row of a batch; nil for ones.
  var masks: [[Double]]?

  /// Computes the outputs of one input row.
  func outputs(_ input: [Double]) -> [Double] {
    let architecture = network.architecture
    var reader = Reader(network: network, masks: masks)
    switch architecture.pattern {
    case .plain:
      var x = input
      for _ in architecture.hidden {
        let sums = reader.dense(x)
        x = (architecture.usesLayerNorm ? reader.norm(sums) : sums).map(activate)
      }
      return reader.dense(x)
    case .simba:
      var x = reader.dense(input)
      var standard = reader.norm(x)
      for _ in architecture.hidden {
        let inner = reader.dense(standard).map(activate)
        x = zip(x, reader.dense(inner)).map { $0 + $1 }
        standard = reader.norm(x)
      }
      return reader.dense(standard)
    case .bro:
      var x = reader.norm(reader.dense(input)).map(activate)
      for _ in architecture.hidden {
        let inner = reader.norm(reader.dense(x)).map(activate)
        x = zip(x, reader.norm(reader.dense(inner))).map { $0 + $1 }
      }
      return reader.dense(x)
    }
  }

  /// Takes the parameters in their order.
  private struct Reader {
    var parameters: ArraySlice<Parameter>
    var masks: ArraySlice<[Double]>

    init(network: MLP, masks: [[Double]]?) {
      parameters = network.parameters.parameters[...]
      self.masks = (masks ?? [])[...]
    }

    mutating func dense(_ values: [Double]) -> [Double] {
      let (weight, bias) = (parameters.removeFirst().value, parameters.removeFirst().value)
      let sums = (0..<weight.columns).map { j in
        values.indices.reduce(Double(bias[0, j])) { $0 + values[$1] * Double(weight[$1, j]) }
      }
      guard let mask = masks.popFirst() else { return sums }
      return zip(sums, mask).map { $0 * $1 }
    }

    mutating func norm(_ sums: [Double]) -> [Double] {
      let (scale, shift) = (parameters.removeFirst().value, parameters.removeFirst().value)
      let mean = sums.reduce(0, +) / Double(sums.count)
      let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(sums.count)
      return sums.indices.map { j in
        (sums[j] - mean) / (variance + 1e-5).squareRoot() * Double(scale[0, j])
          + Double(shift[0, j])
      }
    }
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
