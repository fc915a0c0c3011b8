internal import LinearAlgebra
internal import NeuralNetworks

/// ReDo: at regular intervals, reinitialises dormant hidden units, those whose score on the
/// minibatch is at most a threshold.
///
/// The outgoing weights of such a unit become 0, so the output is that of the network without it.
///
/// - Source: Sokar et al. 2023, arXiv:2302.12902, algorithm 1.
/// - Difference from source: scores are computed on the minibatch of the current step.
final class ReDo: CountingIntervention {
  private let threshold: Double
  private let every: Int
  var count = 0

  init(threshold: Double, every: Int) {
    self.threshold = threshold
    self.every = every
  }

  func didStep(_ target: InterventionTarget) {
    guard target.steps % every == 0, target.workspace.rows > 0 else { return }
    var fresh: MLP?
    for l in target.layers.indices.dropLast() {
      let activity = UnitActivity(
        features: target.workspace.hidden(l), rows: target.workspace.rows)
      for (unit, score) in activity.dormancyScores.enumerated() where score <= threshold {
        let network = fresh ?? target.freshNetwork(for: "redo", index: target.steps)
        fresh = network
        target.renewUnit(unit, ofLayer: l, from: network)
        count += 1
      }
    }
  }
}
