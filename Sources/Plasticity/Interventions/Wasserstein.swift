internal import LinearAlgebra
internal import NeuralNetworks

/// `+ λ Σ (w₍ᵢ₎ − w₀₍ᵢ₎)²`, each parameter's numbers and those it started from sorted: the distribution
/// of weights is held, and which weight has which value is free.
///
/// All weights are sorted in every step, which takes two thirds of the time of an update of 256 × 256
/// and as long as one of 64 × 64.
///
/// - Source: Lewandowski et al. 2023, arXiv:2312.00246, the distributional regulariser.
final class Wasserstein: NetworkIntervention {
  private let strength: Float
  private let matchers: [RankMatcher]

  init(strength: Double, target: InterventionTarget) {
    self.strength = Float(strength)
    matchers = target.initialValues.map { matrix in
      RankMatcher((0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } })
    }
  }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    for (parameter, matcher) in zip(target.parameters, matchers) {
      matcher.addDifferences(of: parameter.value, times: 2 * strength, to: parameter.gradient)
    }
  }
}
