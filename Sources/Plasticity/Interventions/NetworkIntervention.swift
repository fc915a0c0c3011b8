package import Storage

/// One way to keep one network plastic: at work in every step of its optimiser.
package protocol NetworkIntervention: AnyObject {
  /// Whether ``addGradients(to:)`` does anything.
  var addsGradients: Bool { get }
  /// How often it has done what it does now and then; nil where it acts in every step.
  var events: Int? { get }
  /// Adds the gradients of a penalty before a step; those of the loss are there, scaled.
  func addGradients(to target: InterventionTarget)
  /// Takes the step in place of Adam.
  ///
  /// - Returns: Whether it has.
  func takeStep(of target: InterventionTarget, learningRate: Float, gradientScale: Float) -> Bool
  /// How far its own last step moved a parameter, by the place, without the decay of weights; nil
  /// where it takes none.
  func lengthOfLastStep(ofParameter place: Int) -> Double?
  /// Changes parameters and moments after a step.
  func didStep(_ target: InterventionTarget)
  /// Writes what the next step depends on, under names that begin with the prefix.
  func save(to archive: inout TensorArchive, prefix: String)
  /// Continues from what ``save(to:prefix:)`` wrote.
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

/// One that acts now and then, and keeps nothing between steps but how often it has.
package protocol CountingIntervention: NetworkIntervention {
  /// How often it has acted.
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
  /// A count that fits.
  func count(_ name: String) throws(ArchiveError) -> Int {
    let word = try words(name, count: 1)[0]
    guard word < 1 << 62 else { throw .invalid(reason: "\(name) is impossible") }
    return Int(word)
  }
}
