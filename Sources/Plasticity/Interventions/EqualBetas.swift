internal import NeuralNetworks

/// Adam with the same decay for both moments, which suits non-stationary data.
///
/// - Source: Dohare et al. 2024, Nature 632 (0.99 for PPO); Lyle et al. 2023, arXiv:2303.01486.
final class EqualBetas: NetworkIntervention {
  init(beta: Double, target: InterventionTarget) {
    guard case .adam(var settings) = target.optimizer.rule else { return }
    (settings.beta1, settings.beta2) = (Float(beta), Float(beta))
    target.optimizer.rule = .adam(settings)
  }
}
