package import Storage

/// An intervention that keeps one network plastic and takes part in every step of its optimiser.
package protocol NetworkIntervention: AnyObject {
  /// Whether ``addGradients(to:)`` does anything.
  var addsGradients: Bool { get }
  /// Number of times the intervention has fired; nil if it acts on every step.
  var events: Int? { get }
  /// Adds the gradients of a penalty to the scaled gradients of the loss, before a step.
  func addGradients(to target: InterventionTarget)
  /// Takes the step in place of Adam.
  ///
  /// - Returns: Whether the intervention has taken the step.
  func takeStep(of target: InterventionTarget, learningRate: Float, gradientScale: Float) -> Bool
  /// Returns the length of the intervention's own last step of a parameter, without weight decay;
  /// nil if it takes no steps.
  func lengthOfLastStep(ofParameter place: Int) -> Double?
  /// Changes parameters and moments after a step.
  func didStep(_ target: InterventionTarget)
  /// Writes the state that the next step depends on, under names that begin with the prefix.
  func save(to archive: inout TensorArchive, prefix: String)
  /// Restores the state that ``save(to:prefix:)`` wrote.
  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError)
}

extension NetworkIntervention {
  package var addsGradients: Bool { false }
  package var events: Int? { nil }
  package func addGradients(to target: InterventionTarget) {}
  package func takeStep(
    of target: InterventionTarget, learningRate: Float, gradientScale: Float
  ) -> Bool { false }
  package func lengthOfLastStep(ofParameter place: Int) -> Double? { nil }
  package func didStep(_ target: InterventionTarget) {}
  package func save(to archive: inout TensorArchive, prefix: String) {}
  package func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {}
}

/// An intervention that fires occasionally and stores only the number of times it has fired.
package protocol CountingIntervention: NetworkIntervention {
  /// Number of times the intervention has fired.
  var count: Int { get set }
}

extension CountingIntervention {
  package var events: Int? { count }

  package func save(to archive: inout TensorArchive, prefix: String) {
    archive.set("\(prefix).count", .words([UInt64(count)]))
  }

  package func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    count = try archive.count("\(prefix).count")
  }
}

extension TensorArchive {
  /// Reads a count and checks its range.
  func count(_ name: String) throws(ArchiveError) -> Int {
    let word = try words(name, count: 1)[0]
    guard word < 1 << 62 else { throw .invalid(reason: "\(name) is impossible") }
    return Int(word)
  }
}
