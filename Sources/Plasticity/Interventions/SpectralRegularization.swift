internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Spectral regularisation: the penalty `λ Σ_l ((σ_l^k − 1)² + ‖b_l‖^(2k))`, where σ_l is the
/// largest singular value of layer l's weights.
///
/// One power iteration per step tracks σ, u and v; the gradient is `2 λ (σ^k − 1) k σ^(k−1) u vᵀ`.
/// Scales and shifts of norms are left alone.
///
/// - Source: Lewandowski et al. 2024, arXiv:2406.06811.
final class SpectralRegularization: NetworkIntervention {
  private let strength: Float
  private let power: Float
  private let target: InterventionTarget
  /// Leading right singular vector v of each layer's weights, on the side of the outputs.
  private var directions: [[Float]]

  init(strength: Double, power: Double, target: InterventionTarget) {
    self.strength = Float(strength)
    self.power = Float(power)
    self.target = target
    directions = Self.firstDirections(target)
  }

  /// Draws a direction for each layer, from which the power iteration starts.
  private static func firstDirections(_ target: InterventionTarget) -> [[Float]] {
    var random = target.stream(for: "spectral", index: target.steps)
    return target.layers.map { layer in
      unit((0..<layer.weight.value.columns).map { _ in random.normalPair().0 }).vector
    }
  }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    for (l, layer) in target.layers.enumerated() {
      let (weight, gradient) = (layer.weight.value, layer.weight.gradient)
      let direction = directions[l]
      let u = Self.unit(
        (0..<weight.rows).map { i in
          direction.indices.reduce(0) { $0 + weight[i, $1] * direction[$1] }
        }
      ).vector
      var back = [Float](repeating: 0, count: weight.columns)
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { back[j] += weight[i, j] * u[i] }
      }
      let (v, sigma) = Self.unit(back)
      // A layer of zeros has no leading direction and keeps its last one.
      if sigma > 0 {
        directions[l] = v
        let slope =
          2 * strength * (ScalarMaths.pow(sigma, power) - 1) * power
          * ScalarMaths.pow(sigma, power - 1)
        for i in 0..<weight.rows {
          for j in 0..<weight.columns { gradient[i, j] += slope * u[i] * v[j] }
        }
      }
      let bias = layer.bias
      let length = (0..<bias.value.columns).reduce(Float(0)) {
        $0 + bias.value[0, $1] * bias.value[0, $1]
      }.squareRoot()
      guard length > 0 else { continue }
      let factor = 2 * strength * power * ScalarMaths.pow(length, 2 * power - 2)
      for j in 0..<bias.value.columns { bias.gradient[0, j] += factor * bias.value[0, j] }
    }
  }

  /// Starts the power iteration anew in layers that are new.
  func weightsAreNew(_ weights: NewWeights) {
    guard case .layers(let range) = weights else { return }
    let first = Self.firstDirections(target)
    for l in range { directions[l] = first[l] }
  }

  private static func unit(_ vector: [Float]) -> (vector: [Float], length: Float) {
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return (length > 0 ? vector.map { $0 / length } : vector, length)
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).directions", .floats(directions.flatMap { $0 }))
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    let numbers = try archive.finiteFloats(
      "\(prefix).directions", count: directions.reduce(0) { $0 + $1.count })
    var rest = numbers[...]
    for l in directions.indices {
      let count = directions[l].count
      directions[l] = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
  }
}
