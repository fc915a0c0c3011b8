internal import NeuralNetworks
internal import Training
internal import Storage

/// Resets all layers, as ``ScheduledReset`` does, whenever a probe has passed a limit.
///
/// ``ProbeWatch`` measures the probe at the end of an iteration in which a check is due.
///
/// - Source: the reset of Nikishin et al. 2022, arXiv:2205.07802, with a probe in place of a schedule.
final class ProbedReset: NetworkIntervention {
  private let every: Int
  private let above: Double
  private let below: Double
  private var checkedSteps = 0
  private var count = 0
  /// Value of the probe, measured for a check at the end of this iteration.
  var measured: Double?

  init(every: Int, above: Double?, below: Double?) {
    self.every = every
    self.above = above ?? .infinity
    self.below = below ?? -.infinity
  }

  var events: Int? { count }

  /// Returns whether a check is due, and if so counts steps to the next check from here.
  func beginsCheck(_ target: InterventionTarget) -> Bool {
    guard target.steps - checkedSteps >= every else { return false }
    checkedSteps = target.steps
    return true
  }

  /// Resets the network if the probe's value is past a limit; NaN, a missing value, is not.
  func didIterate(_ target: InterventionTarget) {
    guard let value = measured else { return }
    measured = nil
    guard value > above || value < below else { return }
    count += 1
    target.resetLayers(
      0..<target.layers.count,
      from: target.freshNetwork(for: "triggered-reset", index: target.steps))
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).count", .words([UInt64(count), UInt64(checkedSteps)]))
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    let words = try archive.words("\(prefix).count", count: 2)
    guard words.allSatisfy({ $0 < 1 << 62 }) else {
      throw .invalid(reason: "\(prefix).count is impossible")
    }
    (count, checkedSteps) = (Int(words[0]), Int(words[1]))
  }
}

/// Measures the probe that triggers the reset of one of an agent's networks.
final class ProbeWatch {
  let reset: ProbedReset
  let target: InterventionTarget
  private let panel: ProbePanel
  private let column: Int

  /// Finds the probe's value, by default of the network to be reset.
  init(
    _ choice: InterventionSelection.Choice, on target: InterventionTarget, of agent: any Agent,
    seed: UInt64
  ) throws(ConfigurationError) {
    self.target = target
    reset = ProbedReset(
      every: Int(choice.settings["every"] ?? 1), above: choice.settings["above"],
      below: choice.settings["below"])
    let text = choice.probe ?? ""
    let selection = try ProbeValueSelection(
      text.contains("@") ? text : "\(text)@\(target.name)", origin: choice.kind.name)
    // A selection that names its network has exactly one place.
    guard let place = try selection.places(in: agent).first else {
      preconditionFailure("\(text) has no place")
    }
    let network = agent.networks[place.network].name
    let layer = place.layer.map { "/\($0)" } ?? ""
    panel = try ProbePanel(
      ProbeSelection(["\(selection.probe.name)@\(network)\(layer)"]), every: 1, of: agent,
      seed: seed, prefix: "interventions.\(target.name).\(choice.kind.name).probe")
    let name = "probes/\(network)\(layer)/\(selection.probe.columns[selection.column])"
    guard let column = panel.metricNames.firstIndex(of: name) else {
      preconditionFailure("\(name) is not measured")
    }
    self.column = column
  }

  /// Measures the probe at the end of an iteration if a check is due.
  func measureIfDue() {
    guard reset.beginsCheck(target) else { return }
    reset.measured = panel.didIterate()[column]
  }

  func save(to archive: inout TensorArchive) { panel.save(to: &archive) }

  func load(from archive: TensorArchive) throws(ArchiveError) { try panel.load(from: archive) }
}
