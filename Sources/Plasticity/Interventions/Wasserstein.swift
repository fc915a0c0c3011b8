internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Wasserstein regularisation: the penalty `λ Σ (w₍ᵢ₎ − w₀₍ᵢ₎)²` between the sorted elements of
/// each parameter and its sorted initial elements.
///
/// It holds the distribution of weights but not which weight has which value.  All weights are
/// sorted at every step, which takes two thirds of the time of an update of a 256 × 256 network and
/// as long as an update of a 64 × 64 network.
///
/// A layer that is made new has its new weights as initial ones.  A single new unit does not change
/// them: its weights are drawn from the same distribution, and its outgoing zeros are no sample.
///
/// - Source: Lewandowski et al. 2023, arXiv:2312.00246, the distributional regulariser.
final class Wasserstein: NetworkIntervention {
  private let strength: Float
  private let target: InterventionTarget
  private var matchers: [RankMatcher]
  private let ownMatchers: [ObjectIdentifier: [RankMatcher]]
  /// Indices of the parameters whose initial elements are not the run's first.
  private var changed: Set<Int> = []

  init(strength: Double, target: InterventionTarget) {
    self.strength = Float(strength)
    self.target = target
    matchers = target.parameters.map { RankMatcher($0.value.elements) }
    ownMatchers = Dictionary(
      uniqueKeysWithValues: target.ownWeights.map { own in
        (ObjectIdentifier(own), own.initialValues.map { RankMatcher($0.elements) })
      })
  }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    addGradients(to: target.parameters, matchers)
  }

  func addGradients(toOwn own: OwnTarget) {
    addGradients(to: own.block.parameters, ownMatchers[ObjectIdentifier(own)] ?? [])
  }

  private func addGradients(to parameters: [Parameter], _ matchers: [RankMatcher]) {
    for (parameter, matcher) in zip(parameters, matchers) {
      matcher.addDifferences(of: parameter.value, times: 2 * strength, to: parameter.gradient)
    }
  }

  func weightsAreNew(_ weights: NewWeights) {
    guard case .layers(let range) = weights else { return }
    for place in range.flatMap({ Array(target.places(ofLayer: $0)) }) {
      matchers[place] = RankMatcher(target.parameters[place].value.elements)
      changed.insert(place)
    }
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    for place in changed.sorted() {
      archive.set("\(prefix).initial.\(place)", .floats(matchers[place].targets))
    }
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    for place in matchers.indices {
      let name = "\(prefix).initial.\(place)"
      guard archive.tensors[name] != nil else { continue }
      matchers[place] = RankMatcher(
        try archive.finiteFloats(name, count: matchers[place].targets.count))
      changed.insert(place)
    }
  }
}
