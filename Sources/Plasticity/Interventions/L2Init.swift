internal import LinearAlgebra
internal import NeuralNetworks

/// L2 regularisation towards the initial parameters θ₀ of the network: the penalty `λ ‖θ − θ₀‖²`.
///
/// - Source: Kumar et al. 2023, arXiv:2308.11958, "regenerative regularization".
final class L2Init: NetworkIntervention {
  private let strength: Float

  init(strength: Double) { self.strength = Float(strength) }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    for (parameter, initial) in zip(target.parameters, target.initialValues) {
      let (value, gradient) = (parameter.value, parameter.gradient)
      for i in 0..<value.rows {
        for j in 0..<value.columns {
          gradient[i, j] += 2 * strength * (value[i, j] - initial[i, j])
        }
      }
    }
  }
}
