internal import NeuralNetworks

/// Plasticity injection: freezes a network's function and trains new weights beside it.
///
/// An injection changes no outputs, of the network or of its target network; moments are reset.  A
/// policy's log-deviation is part of what it does and continues as it is.
///
/// - Source: Nikishin et al. 2023, arXiv:2305.15555; see `MLP.inject(_:)` in NeuralNetworks.
final class PlasticityInjection: CountingIntervention {
  private let first: Int
  /// Steps from one injection to the next; 0 for a single injection.
  private let every: Int
  var count = 0

  init(first: Int, every: Int) {
    self.first = first
    self.every = every
  }

  func didIterate(_ target: InterventionTarget) {
    guard planned(target.steps) > planned(target.stepsBefore),
      target.network.injections < MLP.mostInjections
    else { return }
    count += 1
    target.inject(target.freshNetwork(for: "injection", index: target.steps))
  }

  /// Number of injections that are planned within a number of steps.
  private func planned(_ steps: Int) -> Int {
    guard steps >= first else { return 0 }
    return 1 + (every > 0 ? (steps - first) / every : 0)
  }
}
