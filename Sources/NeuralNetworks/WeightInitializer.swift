internal import LinearAlgebra

/// The distribution from which a network's initial weights are drawn.
public enum WeightInitializer: Sendable, Equatable {
  /// Orthogonal weight matrices times a gain, with zero biases; usual for PPO, with gains of √2 for
  /// hidden layers, 0.01 for a policy's output and 1 for a value's.
  case orthogonal(hiddenGain: Float, outputGain: Float)
  /// Weights and biases uniform in ±1/√(fan in); the default of PyTorch, and usual for SAC.
  case fanInUniform
  /// Weights uniform in ±√(3/(fan in)), with zero biases; the default of Flax and Brax.
  /// The bound of the output layer is multiplied by a gain.
  case lecunUniform(outputGain: Float = 1)
  /// Weights normal with standard deviation √(2/(fan in)), or √(1/(fan in)) in the output layer,
  /// and zero biases; for residual blocks with ReLU.
  case heNormal

  /// Fills the weight and bias of one layer.
  func fill(weight: Matrix, bias: Matrix, isOutput: Bool, random: inout RandomStream) {
    let fanIn = Float(weight.rows)
    switch self {
    case .orthogonal(let hiddenGain, let outputGain):
      fillOrthogonal(weight, gain: isOutput ? outputGain : hiddenGain, random: &random)
      bias.fill(0)
    case .fanInUniform:
      let bound = 1 / fanIn.squareRoot()
      fillUniform(weight, bound: bound, random: &random)
      fillUniform(bias, bound: bound, random: &random)
    case .lecunUniform(let outputGain):
      let gain = isOutput ? outputGain : 1
      fillUniform(weight, bound: gain * (3 / fanIn).squareRoot(), random: &random)
      bias.fill(0)
    case .heNormal:
      let deviation = ((isOutput ? 1 : 2) / fanIn).squareRoot()
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { weight[i, j] = deviation * random.normalPair().0 }
      }
      bias.fill(0)
    }
  }
}

/// Fills a matrix with random numbers uniform in ±bound, row by row.
func fillUniform(_ matrix: Matrix, bound: Float, random: inout RandomStream) {
  for i in 0..<matrix.rows {
    for j in 0..<matrix.columns { matrix[i, j] = random.uniform(from: -bound, to: bound) }
  }
}

/// Fills a matrix with orthonormal columns, or rows if it is wide, times a gain.
///
/// Gram-Schmidt orthogonalisation of normal random vectors, twice for full accuracy; the diagonal
/// of R is positive by construction, so the result is uniform over orthogonal matrices without a
/// sign correction.
func fillOrthogonal(_ matrix: Matrix, gain: Float, random: inout RandomStream) {
  let length = max(matrix.rows, matrix.columns)
  let count = min(matrix.rows, matrix.columns)
  var basis: [[Double]] = []
  for _ in 0..<count {
    var vector = [Double]()
    while vector.count < length {
      let (first, second) = random.normalPair()
      vector.append(Double(first))
      if vector.count < length { vector.append(Double(second)) }
    }
    for _ in 0..<2 {
      for other in basis {
        var product = 0.0
        for i in 0..<length { product += vector[i] * other[i] }
        for i in 0..<length { vector[i] -= product * other[i] }
      }
    }
    var squares = 0.0
    for i in 0..<length { squares += vector[i] * vector[i] }
    let scale = 1 / squares.squareRoot()
    for i in 0..<length { vector[i] *= scale }
    basis.append(vector)
  }
  for i in 0..<matrix.rows {
    for j in 0..<matrix.columns {
      let element = matrix.rows >= matrix.columns ? basis[j][i] : basis[i][j]
      matrix[i, j] = gain * Float(element)
    }
  }
}
