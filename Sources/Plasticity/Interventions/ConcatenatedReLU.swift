internal import LinearAlgebra
internal import NeuralNetworks

/// Concatenated ReLU: half of each hidden layer's units compute `ReLU(z)` and the other half
/// `ReLU(−z)` of the same sums, so that one of two always has a slope.
///
/// A layer of 2 n units of ReLU is held to `[W, −W]`, `[b, −b]`: exactly n sums with both activations.
/// The gradient by W is the difference of the halves' gradients, and a step of Adam keeps the halves
/// opposite.  Of a LayerNorm, whose input has mean 0 then, scales are equal and shifts opposite.
///
/// - Source: Shang et al. 2016, arXiv:1603.05201; Abbas et al. 2023, arXiv:2303.07507.
/// - Difference from source: an agent that clips gradients by their norm sees those of both halves.
final class ConcatenatedReLU: NetworkIntervention {
  /// Ties a network that is new, and the one that follows it.
  init(target: InterventionTarget) {
    target.tiesUnits = true
    target.tie(target.network)
    if let follower = target.follower {
      follower.parameters.copyValues(from: target.network.parameters)
      follower.parametersDidChange()
    }
    for (initial, parameter) in zip(target.initialValues, target.parameters) {
      initial.copy(from: parameter.value)
    }
  }

  var addsGradients: Bool { true }

  /// After all penalties: this one is last.
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

  /// Noise may have come between the halves.
  func didStep(_ target: InterventionTarget) { target.tie(target.network) }
}

extension InterventionTarget {
  /// What the halves of a layer's units share, and the sign by which they differ.
  static func tiedParameters(_ layer: MLP.DenseLayer) -> [(Parameter, sign: Float)] {
    let tied: [(Parameter, sign: Float)] = [(layer.weight, -1), (layer.bias, -1)]
    guard let norm = layer.norm else { return tied }
    return tied + [(norm.scale, 1), (norm.shift, -1)]
  }

  /// Sets the second half of each hidden layer's units by the first.
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
