internal import LinearAlgebra
internal import NeuralNetworks

/// Normalise-and-project: `W ← ρ W / ‖W‖` after every step, where ρ is the layer's initial norm.
///
/// Meant for networks with LayerNorm in the hidden layers, a setting of the agents: without it the
/// network's function changes.  Biases, scales and shifts are left alone, and so is the output
/// layer by default: no norm follows it, so the length of its weights limits the outputs.  A
/// policy's output layer starts at a hundredth of the usual scale and could never leave
/// near-uniform actions.
///
/// - Source: Lyle et al. 2024, arXiv:2407.01800, which exempts no layer.
final class NormalizeAndProject: NetworkIntervention {
  /// Initial norms of the projected layers, which are the first ones.
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
