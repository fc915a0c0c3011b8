internal import LinearAlgebra
internal import NeuralNetworks

/// Shrink and perturb: `θ ← α θ + (1 − α) ψ` at regular intervals, with new parameters ψ.
///
/// If a noise σ is set, the rule is `θ ← α θ + σ ε` with normal ε.  Moments are left alone.  A
/// policy's log-deviation takes part, with its initial value as ψ.
///
/// - Source: Ash and Adams 2020, arXiv:1910.08475; D'Oro et al. 2023 for reinforcement learning.
final class ShrinkAndPerturb: CountingIntervention {
  private let keep: Float
  private let noise: Float
  private let every: Int
  var count = 0

  init(keep: Double, noise: Double, every: Int) {
    self.keep = Float(keep)
    self.noise = Float(noise)
    self.every = every
  }

  func didIterate(_ target: InterventionTarget) {
    guard target.reached(every: every) else { return }
    count += 1
    var random = target.stream(for: "shrink-perturb", index: target.steps)
    let fresh = noise > 0 ? nil : target.freshNetwork(for: "shrink-perturb", index: target.steps)
    for (place, parameter) in target.parameters.enumerated() {
      change(parameter.value, fresh?.parameters.parameters[place].value, using: &random)
    }
    for own in target.ownWeights {
      for (parameter, initial) in zip(own.block.parameters, own.initialValues) {
        change(parameter.value, noise > 0 ? nil : initial, using: &random)
      }
    }
  }

  /// Mixes values with new ones, or with noise if there are none.
  private func change(_ value: Matrix, _ source: Matrix?, using random: inout RandomStream) {
    for i in 0..<value.rows {
      for j in 0..<value.columns {
        let change = source.map { (1 - keep) * $0[i, j] } ?? noise * random.normalPair().0
        value[i, j] = keep * value[i, j] + change
      }
    }
  }
}
