/// Reinitialises the last layers, or all layers, at regular intervals.
///
/// Their moments are reset too, and the target network gets the same weights; experience is kept.  A
/// policy's log-deviation and SAC's temperature return to their initial values.
///
/// - Source: Nikishin et al. 2022, arXiv:2205.07802.
final class ScheduledReset: CountingIntervention {
  private let every: Int
  private let lastLayers: Int
  var count = 0

  /// Creates a reset of a number of last layers, or of all layers if that number is 0.
  init(every: Int, lastLayers: Int) {
    self.every = every
    self.lastLayers = lastLayers
  }

  func didIterate(_ target: InterventionTarget) {
    guard target.reached(every: every) else { return }
    count += 1
    let all = target.layers.count
    target.resetLayers(
      all - (lastLayers == 0 ? all : min(lastLayers, all))..<all,
      from: target.freshNetwork(for: "reset", index: target.steps))
  }
}
