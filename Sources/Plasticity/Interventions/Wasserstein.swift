internal import LinearAlgebra
internal import NeuralNetworks

/// `+ λ Σ (w₍ᵢ₎ − w₀₍ᵢ₎)²`, each parameter's numbers and those it started from sorted: the distribution
/// of weights is held, and which weight has which value is free.
///
/// A sort of all weights in every step: by far the slowest of the penalties.
///
/// - Source: Lewandowski et al. 2023, arXiv:2312.00246, the distributional regulariser.
final class Wasserstein: NetworkIntervention {
  private let strength: Float
  private let sortedInitial: [[Float]]

  init(strength: Double, target: InterventionTarget) {
    self.strength = Float(strength)
    sortedInitial = target.initialValues.map { matrix in
      (0..<matrix.rows).flatMap { i in (0..<matrix.columns).map { matrix[i, $0] } }.sorted()
    }
  }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    for (parameter, initial) in zip(target.parameters, sortedInitial) {
      let (value, gradient, columns) = (
        parameter.value, parameter.gradient, parameter.value.columns
      )
      var ranked: [(value: Float, place: Int32)] = []
      ranked.reserveCapacity(initial.count)
      for place in initial.indices {
        ranked.append((value[place / columns, place % columns], Int32(place)))
      }
      // Equal values keep their order, so that results do not depend on the sort.
      ranked.sort { ($0.value, $0.place) < ($1.value, $1.place) }
      for (rank, entry) in ranked.enumerated() {
        let place = Int(entry.place)
        gradient[place / columns, place % columns] += 2 * strength * (entry.value - initial[rank])
      }
    }
  }
}
