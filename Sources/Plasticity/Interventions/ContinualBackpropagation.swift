internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// Continual backpropagation: reinitialises a share of the least useful hidden units at every step.
///
/// Utility is `u ← η u + (1 − η) mean|h| mean|w_out|`, corrected for its start at 0.  A share ρ of
/// the units older than m steps is reinitialised per step; the unit's mean contribution to the next
/// layer is first added to that layer's biases.
///
/// - Source: Dohare et al. 2024, Nature 632, the contribution utility.
/// - Difference from source: Adam has one step count for the whole network, so it is not reset for
///   a reinitialised unit; the mean contribution is added before the outgoing weights are cleared.
final class ContinualBackpropagation: NetworkIntervention {
  /// Statistics of the units of one hidden layer.
  private struct Units {
    var utilities: [Float]
    var means: [Float]
    var ages: [Int]
    /// Fraction of a replacement still owed, in 0..<1.
    var owed = 0.0

    /// Begins with units that have not been observed.
    init(count: Int) {
      (utilities, means) = (.init(repeating: 0, count: count), .init(repeating: 0, count: count))
      ages = .init(repeating: 0, count: count)
    }
  }

  private let rate: Double
  private let maturity: Int
  private let decay: Float
  private var layers: [Units]
  private var count = 0

  init(rate: Double, maturity: Int, decay: Double, target: InterventionTarget) {
    self.rate = rate
    self.maturity = maturity
    self.decay = Float(decay)
    layers = target.layers.dropLast().map { Units(count: $0.weight.value.columns) }
  }

  var events: Int? { count }

  func didStep(_ target: InterventionTarget) {
    guard target.workspace.rows > 0 else { return }
    var fresh: MLP?
    for l in layers.indices {
      observe(l, target)
      let eligible = layers[l].ages.indices.filter { layers[l].ages[$0] > maturity }
      layers[l].owed += rate * Double(eligible.count)
      let due = Int(layers[l].owed)
      guard due > 0 else { continue }
      layers[l].owed -= Double(due)
      let ranked = eligible.map { (utility: corrected(layers[l].utilities, l, $0), unit: $0) }
        .sorted { ($0.utility, $0.unit) < ($1.utility, $1.unit) }
      for entry in ranked.prefix(due) {
        let network = fresh ?? target.freshNetwork(for: "continual-backprop", index: target.steps)
        fresh = network
        replace(entry.unit, l, target, network)
      }
    }
  }

  private func observe(_ l: Int, _ target: InterventionTarget) {
    let (features, rows) = (target.workspace.hidden(l), target.workspace.hiddenRows)
    let outgoing = target.layers[l + 1].weight.value
    for unit in layers[l].ages.indices {
      var (magnitude, sum, weights): (Float, Float, Float) = (0, 0, 0)
      for i in 0..<rows {
        magnitude += abs(features[i, unit])
        sum += features[i, unit]
      }
      for j in 0..<outgoing.columns { weights += abs(outgoing[unit, j]) }
      let utility = magnitude / Float(rows) * weights / Float(outgoing.columns)
      layers[l].utilities[unit] = decay * layers[l].utilities[unit] + (1 - decay) * utility
      layers[l].means[unit] = decay * layers[l].means[unit] + (1 - decay) * sum / Float(rows)
      layers[l].ages[unit] += 1
    }
  }

  /// Returns the running mean of a unit, corrected for its start at 0.
  private func corrected(_ means: [Float], _ l: Int, _ unit: Int) -> Float {
    means[unit] / (1 - ScalarMaths.pow(decay, Float(layers[l].ages[unit])))
  }

  private func replace(_ unit: Int, _ l: Int, _ target: InterventionTarget, _ fresh: MLP) {
    let mean = corrected(layers[l].means, l, unit)
    let (outgoing, bias) = (target.layers[l + 1].weight.value, target.layers[l + 1].bias.value)
    for j in 0..<outgoing.columns { bias[0, j] += outgoing[unit, j] * mean }
    target.renewUnit(unit, ofLayer: l, from: fresh)
    count += 1
  }

  /// Starts new units at age 0, also those with new outgoing weights, whose utility is unknown.
  func weightsAreNew(_ weights: NewWeights) {
    switch weights {
    case .layers(let range):
      for l in layers.indices where range.contains(l) || range.contains(l + 1) {
        layers[l] = Units(count: layers[l].ages.count)
      }
    case .unit(let unit, let l):
      layers[l].utilities[unit] = 0
      layers[l].means[unit] = 0
      layers[l].ages[unit] = 0
    }
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).count", .words([UInt64(count)]))
    for (l, units) in layers.enumerated() {
      archive.set("\(prefix).\(l).utilities", .floats(units.utilities))
      archive.set("\(prefix).\(l).means", .floats(units.means))
      archive.set("\(prefix).\(l).ages", .words(units.ages.map { UInt64($0) }))
      archive.set("\(prefix).\(l).owed", .doubles([units.owed]))
    }
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    count = try archive.count("\(prefix).count")
    for l in layers.indices {
      let width = layers[l].ages.count
      let (utilities, means) = (
        try archive.floats("\(prefix).\(l).utilities", count: width),
        try archive.floats("\(prefix).\(l).means", count: width)
      )
      let ages = try archive.words("\(prefix).\(l).ages", count: width)
      let owed = try archive.doubles("\(prefix).\(l).owed", count: 1)[0]
      guard (utilities + means).allSatisfy(\.isFinite), ages.allSatisfy({ $0 < 1 << 62 }),
        owed >= 0, owed < 1
      else { throw .invalid(reason: "\(prefix).\(l) is impossible") }
      (layers[l].utilities, layers[l].means) = (utilities, means)
      (layers[l].ages, layers[l].owed) = (ages.map { Int($0) }, owed)
    }
  }
}
