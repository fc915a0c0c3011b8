internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Freezes what a network computes, once or now and then, and lets new weights learn beside it.
///
/// Outputs stay as they are at that moment, those of the network that follows too; moments start
/// anew.
///
/// - Source: Nikishin et al. 2023, arXiv:2305.15555; see ``NeuralNetworks/MLP/inject(_:)``.
final class PlasticityInjection: NetworkIntervention {
  private let first: Int
  /// Steps from one time to the next; 0 for a single one.
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
