internal import LinearAlgebra
internal import NeuralNetworks

/// `W ← ρ W / ‖W‖` after every step, ρ being the norm that the layer's weights started with.
///
/// It belongs with LayerNorm in the hidden layers, which is a setting of the agents: without it the
/// function changes.  Biases, scales and shifts are left alone, and so is the output layer unless it
/// is asked for: no norm follows it, so its length is what outputs can reach.  A policy's output
/// starts at a hundredth and could never leave near-uniform actions.
///
/// - Source: Lyle et al. 2024, arXiv:2407.01800; there, no layer is named that keeps its freedom.
final class NormalizeAndProject: NetworkIntervention {
  /// For each layer that is projected: the first ones.
  private let norms: [Double]

  init(includesOutput: Bool, target: InterventionTarget) {
    norms = target.layers.indices.dropLast(includesOutput ? 0 : 1).map {
      Norms.sums([target.initialValues[target.places(ofLayer: $0).lowerBound]]).l2
    }
  }

  func didStep(_ target: InterventionTarget) {
    for (layer, norm) in zip(target.layers, norms) {
      let weight = layer.weight.value
      let now = Norms.sums([weight]).l2
      guard now > 0 else { continue }
      let factor = Float(norm / now)
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { weight[i, j] *= factor }
      }
    }
  }
}
