internal import NeuralNetworks

/// Resets all layers, as ``ScheduledReset`` does, whenever more than a fraction of the hidden units
/// is dormant on the iteration's last minibatch.
///
/// - Source: the reset of Nikishin et al. 2022, arXiv:2205.07802, with the score of Sokar et al. 2023,
///   arXiv:2302.12902, in place of a schedule.
final class TriggeredReset: CountingIntervention {
  private let every: Int
  private let fraction: Double
  private let threshold: Double
  var count = 0

  init(every: Int, fraction: Double, threshold: Double) {
    self.every = every
    self.fraction = fraction
    self.threshold = threshold
  }

  func didIterate(_ target: InterventionTarget) {
    guard target.reached(every: every), let workspace = target.currentFeatures() else { return }
    var (dormant, units) = (0, 0)
    for l in target.layers.indices.dropLast() {
      let activity = UnitActivity(features: workspace.hidden(l), rows: workspace.hiddenRows)
      dormant += activity.dormantCount(threshold: threshold)
      units += activity.count
    }
    guard Double(dormant) > fraction * Double(units) else { return }
    count += 1
    target.resetLayers(
      0..<target.layers.count,
      from: target.freshNetwork(for: "triggered-reset", index: target.steps))
  }
}
