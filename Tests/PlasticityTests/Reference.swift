import LinearAlgebra
import NeuralNetworks

/// A matrix of normal numbers in double precision, row by row.
func normalNumbers(_ rows: Int, _ columns: Int, seed: UInt64) -> [Double] {
  var random = RandomStream(seed: seed, name: "reference")
  return (0..<rows * columns).map { _ in Double(random.normalPair().0) }
}

func matrix(_ numbers: [Double], rows: Int, columns: Int) -> Matrix {
  let matrix = Matrix(rows: rows, columns: columns)
  for i in 0..<rows {
    for j in 0..<columns { matrix[i, j] = Float(numbers[i * columns + j]) }
  }
  return matrix
}

/// Singular values by one-sided Jacobi rotations, in double precision.
///
/// - Source: Golub and Van Loan 2013, section 8.6.3.
func jacobiSingularValues(_ numbers: [Double], rows: Int, columns: Int) -> [Double] {
  var vectors = (0..<columns).map { j in (0..<rows).map { numbers[$0 * columns + j] } }
  if columns > rows {
    vectors = (0..<rows).map { i in (0..<columns).map { numbers[i * columns + $0] } }
  }
  func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
  for _ in 0..<60 {
    for p in vectors.indices {
      for q in vectors.indices where q > p {
        let (a, b) = (dot(vectors[p], vectors[p]), dot(vectors[q], vectors[q]))
        let c = dot(vectors[p], vectors[q])
        guard abs(c) > 1e-300 else { continue }
        let ratio = (b - a) / (2 * c)
        let tangent = (ratio < 0 ? -1 : 1) / (abs(ratio) + (1 + ratio * ratio).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        let (first, second) = (vectors[p], vectors[q])
        for k in first.indices {
          vectors[p][k] = cosine * (first[k] - tangent * second[k])
          vectors[q][k] = cosine * (tangent * first[k] + second[k])
        }
      }
    }
  }
  return vectors.map { dot($0, $0).squareRoot() }.sorted(by: >)
}

/// Eigenvalues of a symmetric matrix by Jacobi rotations, largest first.
func jacobiEigenvalues(_ numbers: [Double], size n: Int) -> [Double] {
  var a = numbers
  for _ in 0..<60 {
    for p in 0..<n {
      for q in p + 1..<max(n, p + 1) where abs(a[p * n + q]) > 1e-300 {
        let ratio = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q])
        let t = (ratio < 0 ? -1 : 1) / (abs(ratio) + (1 + ratio * ratio).squareRoot())
        let c = 1 / (1 + t * t).squareRoot()
        let s = t * c
        for k in 0..<n {
          let (x, y) = (a[k * n + p], a[k * n + q])
          (a[k * n + p], a[k * n + q]) = (c * x - s * y, s * x + c * y)
        }
        for k in 0..<n {
          let (x, y) = (a[p * n + k], a[q * n + k])
          (a[p * n + k], a[q * n + k]) = (c * x - s * y, s * x + c * y)
        }
      }
    }
  }
  return (0..<n).map { a[$0 * n + $0] }.sorted(by: >)
}

/// A network with weights of its own.
func makeNetwork(
  _ widths: [Int], _ activation: Activation, layerNorm: Bool = false, seed: UInt64 = 1
) -> MLP {
  var random = RandomStream(seed: seed, name: "weights")
  return MLP(
    name: "net",
    architecture: MLPArchitecture(
      inputs: widths[0], hidden: Array(widths.dropFirst().dropLast()),
      outputs: widths[widths.count - 1], activation: activation, usesLayerNorm: layerNorm),
    initializer: .lecunUniform(), random: &random)
}

/// Mean squared error of a network, with its gradient, and the same in double precision.
struct Regression {
  let network: MLP
  let inputs: Matrix
  let targets: [Double]
  let workspace: MLP.Workspace
  let outputGradient: Matrix

  init(_ network: MLP, rows: Int, seed: UInt64 = 3) {
    self.network = network
    let width = network.architecture.inputs
    inputs = matrix(normalNumbers(rows, width, seed: seed), rows: rows, columns: width)
    targets = normalNumbers(rows, 1, seed: seed + 1)
    workspace = network.makeWorkspace(rows: rows)
    outputGradient = Matrix(rows: rows, columns: 1)
  }

  func computeGradient() {
    let output = network.forward(inputs, rows: inputs.rows, in: workspace)
    for i in 0..<inputs.rows {
      outputGradient[i, 0] = 2 * (output[i, 0] - Float(targets[i])) / Float(inputs.rows)
    }
    network.backward(
      inputs, rows: inputs.rows, outputGradient: outputGradient, in: workspace)
  }

  /// The parameters in their order, without padding.
  var parameters: [Double] { numbers(network.parameters.parameters.map(\.value)) }
  var gradient: [Double] { numbers(network.parameters.parameters.map(\.gradient)) }

  private func numbers(_ matrices: [Matrix]) -> [Double] {
    matrices.flatMap { matrix in
      (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { Double(matrix[i, $0]) } }
    }
  }

  /// The loss of a network of tanh with these parameters, from the textbook formula.
  func loss(_ parameters: [Double]) -> Double {
    let widths = network.architecture.widths
    var sum = 0.0
    for row in 0..<inputs.rows {
      var values = (0..<widths[0]).map { Double(inputs[row, $0]) }
      var next = 0
      for l in 1..<widths.count {
        let (inputs, outputs) = (widths[l - 1], widths[l])
        let sums = (0..<outputs).map { j in
          (0..<inputs).reduce(parameters[next + inputs * outputs + j]) {
            $0 + values[$1] * parameters[next + $1 * outputs + j]
          }
        }
        next += inputs * outputs + outputs
        values = l < widths.count - 1 ? sums.map { ScalarMaths.tanh($0) } : sums
      }
      sum += (values[0] - targets[row]) * (values[0] - targets[row])
    }
    return sum / Double(inputs.rows)
  }

  /// Second derivatives by central differences in double precision.
  func denseHessian(step h: Double = 1e-4) -> [Double] {
    let point = parameters
    let n = point.count
    var hessian = [Double](repeating: 0, count: n * n)
    func value(_ i: Int, _ a: Double, _ j: Int, _ b: Double) -> Double {
      var moved = point
      moved[i] += a
      moved[j] += b
      return loss(moved)
    }
    for i in 0..<n {
      for j in i..<n {
        let second =
          (value(i, h, j, h) - value(i, h, j, -h) - value(i, -h, j, h) + value(i, -h, j, -h))
          / (4 * h * h)
        hessian[i * n + j] = second
        hessian[j * n + i] = second
      }
    }
    return hessian
  }
}
