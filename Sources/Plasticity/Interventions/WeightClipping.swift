internal import LinearAlgebra
internal import NeuralNetworks

/// Weight clipping: keeps the weights and biases of each layer within ±κ/√(fan in).
///
/// A layer's biases have the bound of its weights.  A policy's log-deviation [1 × A] is bounded by
/// ±κ/√A, since the source's code clips it as a layer of A inputs.  Scales and shifts of norms are
/// left alone.
///
/// - Source: Elsayed et al. 2024, arXiv:2407.01704, and the authors' PPO.
final class WeightClipping: NetworkIntervention {
  private let factor: Float
  private let includesOutput: Bool

  init(factor: Double, includesOutput: Bool) {
    self.factor = Float(factor)
    self.includesOutput = includesOutput
  }

  func didStep(_ target: InterventionTarget) {
    for layer in target.layers.dropLast(includesOutput ? 0 : 1) {
      for matrix in [layer.weight.value, layer.bias.value] {
        clip(matrix, fanIn: layer.weight.value.rows)
      }
    }
  }

  func didStep(own: OwnTarget) {
    for parameter in own.block.parameters {
      clip(parameter.value, fanIn: parameter.value.columns)
    }
  }

  private func clip(_ matrix: Matrix, fanIn: Int) {
    let bound = factor / Float(fanIn).squareRoot()
    for i in 0..<matrix.rows {
      for j in 0..<matrix.columns { matrix[i, j] = min(max(matrix[i, j], -bound), bound) }
    }
  }
}
