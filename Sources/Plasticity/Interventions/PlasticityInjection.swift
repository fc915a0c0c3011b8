internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Plasticity injection: freezes a network's function and trains new weights beside it.
///
/// An injection changes no outputs, of the network or of its target network; moments are reset.
///
/// - Source: Nikishin et al. 2023, arXiv:2305.15555; see `MLP.inject(_:)` in NeuralNetworks.
final class PlasticityInjection: NetworkIntervention {
  private let first: Int
  /// Steps from one injection to the next; 0 for a single injection.
  private let every: Int
  private var count = 0
  private weak var target: InterventionTarget?

  init(first: Int, every: Int, target: InterventionTarget) {
    self.first = first
    self.every = every
    self.target = target
  }

  var events: Int? { count }

  func didStep(_ target: InterventionTarget) {
    guard isDue(target.steps), target.network.injections < MLP.mostInjections else { return }
    count += 1
    target.inject(target.freshNetwork(for: "injection", index: target.steps))
  }

  private func isDue(_ steps: Int) -> Bool {
    steps == first || every > 0 && steps > first && (steps - first) % every == 0
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).count", .words([UInt64(count)]))
    guard count > 0, let target else { return }
    archive.set("\(prefix).initial", .floats(target.initial.array))
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    count = try archive.count("\(prefix).count")
    guard count > 0, let initial = target?.initial else { return }
    let numbers = try archive.floats("\(prefix).initial", count: initial.count)
    guard numbers.allSatisfy(\.isFinite) else {
      throw .invalid(reason: "\(prefix).initial is not finite")
    }
    for (k, number) in numbers.enumerated() { initial[k] = number }
  }
}
