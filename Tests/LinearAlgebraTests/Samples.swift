import Glibc
import LinearAlgebra
import Testing

/// The versions of the kernels that this CPU can run.
let availableVersions = ["v4", "v3", "baseline"].filter {
  KernelBackend.withInstructionSet($0, { true }) == true
}

/// Runs a body with one version of the kernels, on this thread.
func on(_ version: String, _ body: () -> Void) {
  if KernelBackend.withInstructionSet(version, body) == nil {
    Issue.record("this CPU cannot run \(version)")
  }
}

/// A matrix of normal numbers.
func sample(_ rows: Int, _ columns: Int, _ name: String, scale: Float = 1) -> Matrix {
  var random = RandomStream(seed: 7, name: name)
  let matrix = Matrix(rows: rows, columns: columns)
  for i in 0..<rows { random.fillNormal(matrix.mutableRow(i)) }
  for i in 0..<rows { for j in 0..<columns { matrix[i, j] *= scale } }
  return matrix
}

/// A matrix of ±1 and ±3 times a factor, quickly made.
func wholeNumbers(_ rows: Int, _ columns: Int, scale: Float = 1) -> Matrix {
  let matrix = Matrix(rows: rows, columns: columns)
  var state = UInt32(truncatingIfNeeded: rows &* 40503 &+ columns)
  for i in 0..<rows {
    let row = matrix.base + i * matrix.stride
    for j in 0..<columns {
      state = state &* 1_664_525 &+ 1_013_904_223
      row[j] = Float(2 * Int32(state >> 16 & 3) - 3) * scale
    }
  }
  return matrix
}

/// Whether two matrices of the same shape have the same bits, padding included.
func hasSameBits(_ a: Matrix, _ b: Matrix) -> Bool {
  a.rows == b.rows && a.columns == b.columns
    && memcmp(a.base, b.base, a.rows * a.stride * MemoryLayout<Float>.stride) == 0
}

/// A vector of normal numbers.
func sampleVector(_ count: Int, _ name: String, scale: Float = 1) -> Vector {
  var random = RandomStream(seed: 7, name: name)
  let vector = Vector(count: count)
  random.fillNormal(UnsafeMutableBufferPointer(start: vector.base, count: count))
  for i in 0..<count { vector[i] *= scale }
  return vector
}

/// The bit patterns of all elements, padding included.
func bits(_ matrix: Matrix) -> [UInt32] {
  (0..<matrix.rows * matrix.stride).map { matrix.base[$0].bitPattern }
}

/// The bit patterns of all elements.
func bits(_ vector: Vector) -> [UInt32] { vector.array.map(\.bitPattern) }

/// Whether everything behind the columns in use is zero.
func hasCleanPadding(_ matrix: Matrix) -> Bool {
  (0..<matrix.rows).allSatisfy { i in
    (matrix.columns..<matrix.stride).allSatisfy { matrix.base[i * matrix.stride + $0] == 0 }
  }
}

/// The value and the slope of an activation, in double precision.
func reference(_ activation: ActivationKernel, _ z: Double) -> (value: Double, slope: Double) {
  switch activation {
  case .identity: return (z, 1)
  case .tanh:
    let y = ScalarMaths.tanh(z)
    return (y, 1 - y * y)
  case .relu: return (max(z, 0), z > 0 ? 1 : 0)
  case .elu: return z > 0 ? (z, 1) : (ScalarMaths.expm1(z), ScalarMaths.exp(z))
  case .silu:
    let s = 1 / (1 + ScalarMaths.exp(-z))
    return (z * s, s * (1 + z * (1 - s)))
  }
}

/// One dense layer, and optionally a LayerNorm, around given weights.
func layer(
  _ weight: Matrix, _ bias: Matrix, _ activation: ActivationKernel, rows: Int,
  norm: LayerNormMatrices? = nil
) -> LayerMatrices {
  let transposed = Matrix(rows: weight.columns, columns: weight.rows)
  transposed.setToTranspose(of: weight)
  return LayerMatrices(
    weight: weight, transposedWeight: transposed, bias: bias,
    weightGradient: sample(weight.rows, weight.columns, "before"),
    biasGradient: sample(1, weight.columns, "before"), norm: norm, activation: activation,
    output: sample(rows, weight.columns, "old"),
    sums: activation == .silu ? sample(rows, weight.columns, "old") : nil)
}

/// A dense layer with weights of the usual size.
func layer(
  _ inputs: Int, _ outputs: Int, _ activation: ActivationKernel, rows: Int
) -> LayerMatrices {
  layer(
    sample(inputs, outputs, "weight", scale: 1 / Float(inputs).squareRoot()),
    sample(1, outputs, "bias", scale: 0.1), activation, rows: rows)
}

/// A matrix whose product with another is the other.
func identity(_ size: Int) -> Matrix {
  let matrix = Matrix(rows: size, columns: size)
  for i in 0..<size { matrix[i, i] = 1 }
  return matrix
}
