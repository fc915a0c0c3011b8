internal import LinearAlgebra
internal import NeuralNetworks

/// ReDo: at regular intervals, reinitialises dormant hidden units, those whose score on the
/// iteration's last minibatch is at most a threshold.
///
/// The outgoing weights of such a unit become 0, so the output is that of the network without it.
///
/// - Source: Sokar et al. 2023, arXiv:2302.12902, algorithm 1.
/// - Difference from source: scores are computed on the last minibatch, and units are renewed at the
///   end of an iteration.
final class ReDo: CountingIntervention {
  private let threshold: Double
  private let every: Int
  var count = 0

  init(threshold: Double, every: Int) {
    self.threshold = threshold
    self.every = every
  }

  func didIterate(_ target: InterventionTarget) {
    guard target.reached(every: every), let workspace = target.currentFeatures() else { return }
    var fresh: MLP?
    for l in target.layers.indices.dropLast() {
      let activity = UnitActivity(features: workspace.hidden(l), rows: workspace.hiddenRows)
      for (unit, score) in activity.dormancyScores.enumerated() where score <= threshold {
        let network = fresh ?? target.freshNetwork(for: "redo", index: target.steps)
        fresh = network
        target.renewUnit(unit, ofLayer: l, from: network)
        count += 1
      }
    }
  }
}
