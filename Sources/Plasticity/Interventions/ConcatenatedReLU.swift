internal import LinearAlgebra
internal import NeuralNetworks

/// Concatenated ReLU: half of each hidden layer's units compute `ReLU(z)` and the other half
/// `ReLU(−z)` of the same sums z, so that one unit of each pair always has a slope.
///
/// The parameters of a layer of 2 n ReLU units are constrained to `[W, −W]` and `[b, −b]`: exactly
/// n sums with both activations.  The gradient with respect to W is the difference of the halves'
/// gradients, and a step of Adam keeps the halves opposite.  A LayerNorm, whose input then has mean
/// 0, has equal scales and opposite shifts in the two halves.
///
/// - Source: Shang et al. 2016, arXiv:1603.05201; Abbas et al. 2023, arXiv:2303.07507.
/// - Difference from source: agents that clip gradients by their norm see those of both halves.
final class ConcatenatedReLU: NetworkIntervention {
  /// Ties the units of a new network, and of its target network if it has one.
  init(target: InterventionTarget) {
    target.tiesUnits = true
    target.tie(target.network)
    if let follower = target.follower {
      follower.parameters.copyValues(from: target.network.parameters)
      follower.parametersDidChange()
    }
  }

  var addsGradients: Bool { true }

  /// Combines the gradients of the halves, after all penalties have been added.
  func addGradients(to target: InterventionTarget) {
    for layer in target.layers.dropLast() {
      for (parameter, sign) in InterventionTarget.tiedParameters(layer) {
        let (gradient, half) = (parameter.gradient, parameter.gradient.columns / 2)
        for i in 0..<gradient.rows {
          for j in 0..<half {
            let sum = gradient[i, j] + sign * gradient[i, half + j]
            gradient[i, j] = sum
            gradient[i, half + j] = sign * sum
          }
        }
      }
    }
  }

  /// Ties the units again, since noise may have pulled the halves apart.
  func didStep(_ target: InterventionTarget) { target.tie(target.network) }

  func didIterate(_ target: InterventionTarget) { target.tie(target.network) }
}

extension InterventionTarget {
  /// Returns the parameters that the halves of a layer's units share, with the sign between them.
  static func tiedParameters(_ layer: MLP.DenseLayer) -> [(Parameter, sign: Float)] {
    let tied: [(Parameter, sign: Float)] = [(layer.weight, -1), (layer.bias, -1)]
    guard let norm = layer.norm else { return tied }
    return tied + [(norm.scale, 1), (norm.shift, -1)]
  }

  /// Sets the second half of each hidden layer's units from the first.
  func tie(_ network: MLP) {
    for layer in network.denseLayers.dropLast() {
      for (parameter, sign) in Self.tiedParameters(layer) {
        let (value, half) = (parameter.value, parameter.value.columns / 2)
        for i in 0..<value.rows {
          for j in 0..<half { value[i, half + j] = sign * value[i, j] }
        }
      }
    }
    network.parametersDidChange()
  }
}
