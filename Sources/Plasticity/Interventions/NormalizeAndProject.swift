internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Normalise-and-project: `W ← ρ W / ‖W‖` after every step, where ρ is the layer's initial norm.
///
/// Meant for networks with LayerNorm in the hidden layers, a setting of the agents: without it the
/// network's function changes.  Biases, scales and shifts are left alone, and so is the output
/// layer by default: no norm follows it, so the length of its weights limits the outputs.  A
/// policy's output layer starts at a hundredth of the usual scale and could never leave
/// near-uniform actions.
///
/// A layer that is made new has the norm of its new weights as ρ; a single new unit does not change
/// it.
///
/// - Source: Lyle et al. 2024, arXiv:2407.01800, which exempts no layer.
final class NormalizeAndProject: NetworkIntervention {
  private let target: InterventionTarget
  /// Initial norms of the projected layers, which are the first ones.
  private var norms: [Double]

  init(includesOutput: Bool, target: InterventionTarget) {
    self.target = target
    norms = target.layers.dropLast(includesOutput ? 0 : 1).map { Norms.sums([$0.weight.value]).l2 }
  }

  func didStep(_ target: InterventionTarget) {
    for (layer, norm) in zip(target.layers, norms) {
      let weight = layer.weight.value
      let now = Norms.sums([weight]).l2
      guard now > 0 else { continue }
      let factor = Float(norm / now)
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { weight[i, j] *= factor }
      }
    }
  }

  func weightsAreNew(_ weights: NewWeights) {
    guard case .layers(let range) = weights else { return }
    for l in range where norms.indices.contains(l) {
      norms[l] = Norms.sums([target.layers[l].weight.value]).l2
    }
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).norms", .doubles(norms))
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    let norms = try archive.doubles("\(prefix).norms", count: norms.count)
    guard norms.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
      throw .invalid(reason: "\(prefix).norms is impossible")
    }
    self.norms = norms
  }
}
