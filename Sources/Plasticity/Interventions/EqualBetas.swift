internal import NeuralNetworks

/// Adam with the same decay for both moments, which suits non-stationary data.
///
/// - Source: Dohare et al. 2024, Nature 632 (0.99 for PPO); Lyle et al. 2023, arXiv:2303.01486.
final class EqualBetas: NetworkIntervention {
  init(beta: Double, target: InterventionTarget) {
    target.optimizer.configuration.beta1 = Float(beta)
    target.optimizer.configuration.beta2 = Float(beta)
  }
}
