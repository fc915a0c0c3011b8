internal import LinearAlgebra
package import NeuralNetworks
internal import Storage
internal import Training

/// The interventions on one network.
package final class InterventionHook: StepHook {
  private let target: InterventionTarget
  private let interventions: [(name: String, body: any NetworkIntervention)]
  private let penalties: PenaltyScope

  /// Creates a hook that applies interventions in the given order, and attaches it to the
  /// optimisers of the network and of its own parameters.
  package init(
    _ target: InterventionTarget, _ interventions: [(name: String, body: any NetworkIntervention)]
  ) {
    self.target = target
    self.interventions = interventions
    let bodies = interventions.map(\.body)
    penalties = PenaltyScope(
      target.network.parameters, isNeeded: bodies.contains { $0.addsGradients })
    target.didRenew = { [weak self] weights in
      for (_, body) in self?.interventions ?? [] { body.weightsAreNew(weights) }
    }
    target.optimizer.hook = self
    for own in target.ownWeights { own.optimizer.hook = OwnParametersHook(own, bodies) }
  }

  package func step(_ optimizer: Optimizer, learningRate: Float, gradientScale: Float) {
    target.steps += 1
    let scale = penalties.begin(gradientScale: gradientScale)
    for (_, body) in interventions where body.addsGradients { body.addGradients(to: target) }
    var isTaken = false
    for (_, body) in interventions where !isTaken {
      isTaken = body.takeStep(of: target, learningRate: learningRate, gradientScale: scale)
    }
    if !isTaken { optimizer.takeOwnStep(learningRate: learningRate, gradientScale: scale) }
    penalties.end()
    for (_, body) in interventions { body.didStep(target) }
  }

  package func lengthOfLastStep(ofParameter index: Int) -> Double? {
    interventions.lazy.compactMap { $0.body.lengthOfLastStep(ofParameter: index) }.first
  }

  package func weightsAreNew() { target.allWeightsAreNew() }

  /// Lets the interventions act that wait for an iteration's end.
  ///
  /// - Parameter minibatch: The iteration's last minibatch; nil if the network has not learnt.
  func didIterate(_ minibatch: LearntMinibatch?) {
    target.minibatch = minibatch
    for (_, body) in interventions { body.didIterate(target) }
    target.minibatch = nil
    target.stepsBefore = target.steps
    target.network.parametersDidChange()
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
    archive.set(prefix("steps"), .words([UInt64(target.steps), UInt64(target.stepsBefore)]))
    for (name, body) in interventions { body.save(to: &archive, prefix: prefix(name)) }
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    let steps = try archive.words(prefix("steps"), count: 2)
    guard steps[0] < 1 << 62, steps[1] <= steps[0] else {
      throw .invalid(reason: "\(prefix("steps")) is impossible")
    }
    (target.steps, target.stepsBefore) = (Int(steps[0]), Int(steps[1]))
    for (name, body) in interventions { try body.load(from: archive, prefix: prefix(name)) }
  }
}

/// The interventions on parameters that belong to a network's owner.
private final class OwnParametersHook: StepHook {
  private let own: OwnTarget
  private let bodies: [any NetworkIntervention]
  private let penalties: PenaltyScope

  init(_ own: OwnTarget, _ bodies: [any NetworkIntervention]) {
    self.own = own
    self.bodies = bodies
    penalties = PenaltyScope(own.block, isNeeded: bodies.contains { $0.addsGradients })
  }

  func step(_ optimizer: Optimizer, learningRate: Float, gradientScale: Float) {
    let scale = penalties.begin(gradientScale: gradientScale)
    for body in bodies where body.addsGradients { body.addGradients(toOwn: own) }
    var isTaken = false
    for body in bodies where !isTaken {
      isTaken = body.takeStep(ofOwn: own, learningRate: learningRate, gradientScale: scale)
    }
    if !isTaken { optimizer.takeOwnStep(learningRate: learningRate, gradientScale: scale) }
    penalties.end()
    for body in bodies { body.didStep(own: own) }
  }
}

/// The time from scaled gradients, to which penalties are added, until the step has been taken;
/// then the loss's own gradients are restored, which probes read.
private struct PenaltyScope {
  private let gradients: Vector
  /// A copy of the loss's gradients; empty if nothing is added to them.
  private let lossGradients: Vector
  private let isNeeded: Bool

  init(_ block: ParameterBlock, isNeeded: Bool) {
    gradients = block.gradients
    self.isNeeded = isNeeded
    lossGradients = Vector(count: isNeeded ? block.gradients.count : 0)
  }

  /// Scales the gradients if penalties are to be added.
  ///
  /// - Returns: The factor that remains to be applied.
  func begin(gradientScale: Float) -> Float {
    guard isNeeded else { return gradientScale }
    lossGradients.copy(from: gradients)
    for i in 0..<gradients.count { gradients[i] *= gradientScale }
    return 1
  }

  func end() {
    if isNeeded { gradients.copy(from: lossGradients) }
  }
}
