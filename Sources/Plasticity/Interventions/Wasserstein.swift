internal import LinearAlgebra
internal import NeuralNetworks

/// Wasserstein regularisation: the penalty `λ Σ (w₍ᵢ₎ − w₀₍ᵢ₎)²` between the sorted elements of
/// each parameter and its sorted initial elements.
///
/// It holds the distribution of weights but not which weight has which value.  All weights are
/// sorted at every step, which takes two thirds of the time of an update of a 256 × 256 network and
/// as long as an update of a 64 × 64 network.
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
