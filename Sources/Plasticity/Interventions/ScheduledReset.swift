internal import Training

/// Gives the last layers, or all, new weights every so many steps.
///
/// Their moments start anew, and the network that follows gets the same weights; what was experienced
/// stays.
///
/// - Source: Nikishin et al. 2022, arXiv:2205.07802.
final class ScheduledReset: NetworkIntervention {
  private let every: Int
  private let lastLayers: Int
  private var count = 0

  /// Resets so many layers, or all for 0.
  init(every: Int, lastLayers: Int) {
    self.every = every
    self.lastLayers = lastLayers
  }

  var events: Int? { count }

  func didStep(_ target: InterventionTarget) {
    guard target.steps % every == 0 else { return }
    count += 1
    let all = target.layers.count
    target.resetLayers(
      all - (lastLayers == 0 ? all : min(lastLayers, all))..<all,
      from: target.freshNetwork(for: "reset", index: target.steps))
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).count", .words([UInt64(count)]))
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    count = try archive.count("\(prefix).count")
  }
}
