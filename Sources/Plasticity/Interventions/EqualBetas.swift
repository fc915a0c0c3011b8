internal import NeuralNetworks

/// Adam with the same decay for both moments, which suits non-stationary data.
///
/// - Source: Dohare et al. 2024, Nature 632 (0.99 for PPO); Lyle et al. 2023, arXiv:2303.01486.
final class EqualBetas: NetworkIntervention {
  /// Sets the decays of the network's optimiser and of its own parameters.
  init(beta: Double, target: InterventionTarget) {
    for optimizer in [target.optimizer] + target.ownWeights.map(\.optimizer) {
      guard case .adam(var settings) = optimizer.rule else { continue }
      (settings.beta1, settings.beta2) = (Float(beta), Float(beta))
      optimizer.rule = .adam(settings)
    }
  }
}
