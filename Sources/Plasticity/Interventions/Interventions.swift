internal import LinearAlgebra
package import NeuralNetworks
public import Training
public import Storage

/// The interventions of a run, which act on the optimiser steps of its agent's networks.
///
/// Penalties are added first, to gradients that are already clipped; then comes the step; then
/// changes of parameters in the order in which they were given, with injection last.
public final class Interventions: TrainingAttachment {
  public let metricNames: [String]
  private let hooks: [InterventionHook]
  private let watches: [ProbeWatch]

  /// Attaches interventions to the optimisers of a new agent with its initial weights.
  ///
  /// - Parameters:
  ///   - selection: The interventions and their networks.
  ///   - agent: The agent whose optimisers receive hooks.
  ///   - seed: The run's seed; interventions draw from separate streams.
  /// - Throws: `ConfigurationError` if a network does not exist, an intervention does not suit it,
  ///   or interventions contradict each other.
  public init(
    _ selection: InterventionSelection, on agent: any Agent, seed: UInt64
  ) throws(ConfigurationError) {
    let networks = agent.networks
    let choices = try selection.choices(for: networks)
    let targets = networks.map { InterventionTarget($0, seed: seed) }
    var watches: [ProbeWatch] = []
    for (target, choices) in zip(targets, choices) {
      for choice in choices where choice.probe != nil {
        watches.append(try ProbeWatch(choice, on: target, of: agent, seed: seed))
      }
    }
    self.watches = watches
    hooks = zip(zip(networks, targets), choices).filter { !$1.isEmpty }.map { pair, choices in
      let (named, target) = pair
      // Created in reverse order, so that units are paired before others read the weights.
      let bodies = choices.reversed().map { choice in
        let watch = watches.first { $0.target === target && choice.probe != nil }
        return (choice.kind.name, watch?.reset ?? choice.kind.make(choice.settings, target))
      }
      let hook = InterventionHook(target, bodies.reversed())
      named.optimizer.hook = hook
      return hook
    }
    metricNames = hooks.flatMap(\.metricNames)
  }

  public func didIterate() -> [Double] {
    for watch in watches { watch.didIterate() }
    return hooks.flatMap(\.metrics)
  }

  public func save(to archive: inout TensorArchive) {
    for hook in hooks { hook.save(to: &archive) }
    for watch in watches { watch.save(to: &archive) }
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    for hook in hooks { try hook.load(from: archive) }
    for watch in watches { try watch.load(from: archive) }
  }
}

/// The interventions on one network.
package final class InterventionHook: StepHook {
  private let target: InterventionTarget
  private let interventions: [(name: String, body: any NetworkIntervention)]
  private let addsGradients: Bool
  /// A copy of the loss's gradients, which probes read, kept while penalties are added.
  private let lossGradients: Vector

  /// Creates a hook that applies interventions in the given order.
  package init(
    _ target: InterventionTarget, _ interventions: [(name: String, body: any NetworkIntervention)]
  ) {
    self.target = target
    self.interventions = interventions
    addsGradients = interventions.contains { $0.body.addsGradients }
    lossGradients = Vector(count: addsGradients ? target.network.parameters.gradients.count : 0)
  }

  package func step(_ optimizer: Optimizer, learningRate: Float, gradientScale: Float) {
    target.steps += 1
    let gradients = target.network.parameters.gradients
    var scale = gradientScale
    if addsGradients {
      lossGradients.copy(from: gradients)
      for i in 0..<gradients.count { gradients[i] *= scale }
      scale = 1
      for (_, body) in interventions where body.addsGradients { body.addGradients(to: target) }
    }
    var isTaken = false
    for (_, body) in interventions where !isTaken {
      isTaken = body.takeStep(of: target, learningRate: learningRate, gradientScale: scale)
    }
    if !isTaken { optimizer.takeOwnStep(learningRate: learningRate, gradientScale: scale) }
    if addsGradients { gradients.copy(from: lossGradients) }
    for (_, body) in interventions { body.didStep(target) }
  }

  package func lengthOfLastStep(ofParameter index: Int) -> Double? {
    interventions.lazy.compactMap { $0.body.lengthOfLastStep(ofParameter: index) }.first
  }

  /// Names of the event counters, one for each intervention that has one.
  var metricNames: [String] {
    interventions.filter { $0.body.events != nil }.map {
      "interventions/\(target.name)/\($0.name)"
    }
  }

  var metrics: [Double] { interventions.compactMap { $0.body.events.map { Double($0) } } }

  private func prefix(_ name: String) -> String { "interventions.\(target.name).\(name)" }

  func save(to archive: inout TensorArchive) {
    archive.set(prefix("steps"), .words([UInt64(target.steps)]))
    for (name, body) in interventions { body.save(to: &archive, prefix: prefix(name)) }
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    target.steps = try archive.count(prefix("steps"))
    for (name, body) in interventions { try body.load(from: archive, prefix: prefix(name)) }
  }
}
