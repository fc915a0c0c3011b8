internal import LinearAlgebra
internal import NeuralNetworks

/// Weight clipping: keeps weights and biases within ±κ times their layer's initial bound.
///
/// The bound is that of the weights' initial uniform distribution, or for other distributions the
/// greatest magnitude drawn.  Scales and shifts of norms are left alone.
///
/// - Source: Elsayed et al. 2024, arXiv:2407.01704.
final class WeightClipping: NetworkIntervention {
  /// Bound of each layer's weights and biases.
  private let bounds: [Float]

  init(factor: Double, target: InterventionTarget) {
    bounds = target.layers.indices.map { l in
      let initial = target.initialValues[target.places(ofLayer: l).lowerBound]
      let fanIn = Float(initial.rows)
      switch target.network.initializer {
      case .fanInUniform: return Float(factor) / fanIn.squareRoot()
      case .lecunUniform: return Float(factor) * (3 / fanIn).squareRoot()
      default:
        var greatest: Float = 0
        for i in 0..<initial.rows {
          for j in 0..<initial.columns { greatest = max(greatest, abs(initial[i, j])) }
        }
        return Float(factor) * greatest
      }
    }
  }

  func didStep(_ target: InterventionTarget) {
    for (layer, bound) in zip(target.layers, bounds) {
      for matrix in [layer.weight.value, layer.bias.value] {
        for i in 0..<matrix.rows {
          for j in 0..<matrix.columns { matrix[i, j] = min(max(matrix[i, j], -bound), bound) }
        }
      }
    }
  }
}
