/// Gives the last layers, or all, new weights every so many steps.
///
/// Their moments start anew, and the network that follows gets the same weights; what was experienced
/// stays.
///
/// - Source: Nikishin et al. 2022, arXiv:2205.07802.
final class ScheduledReset: CountingIntervention {
  private let every: Int
  private let lastLayers: Int
  var count = 0

  /// Resets so many layers, or all for 0.
  init(every: Int, lastLayers: Int) {
    self.every = every
    self.lastLayers = lastLayers
  }

  func didStep(_ target: InterventionTarget) {
    guard target.steps % every == 0 else { return }
    count += 1
    let all = target.layers.count
    target.resetLayers(
      all - (lastLayers == 0 ? all : min(lastLayers, all))..<all,
      from: target.freshNetwork(for: "reset", index: target.steps))
  }
}
