internal import LinearAlgebra
internal import NeuralNetworks

/// L2 regularisation: the penalty `λ/2 ‖θ‖²` over all parameters θ of the network, and of a
/// policy's log-deviation, as in the source's code.
///
/// - Source: Dohare et al. 2024, Nature 632, where it is the strongest simple baseline.
final class L2: NetworkIntervention {
  private let strength: Float

  init(strength: Double) { self.strength = Float(strength) }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) { addGradients(to: target.network.parameters) }

  func addGradients(toOwn own: OwnTarget) { addGradients(to: own.block) }

  private func addGradients(to block: ParameterBlock) {
    let (values, gradients) = (block.values, block.gradients)
    for i in 0..<values.count { gradients[i] += strength * values[i] }
  }
}
