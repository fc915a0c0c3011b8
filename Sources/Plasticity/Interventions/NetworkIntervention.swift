internal import LinearAlgebra
package import Storage

/// An intervention that keeps one network plastic.
///
/// It takes part in every step of the network's optimiser, or acts at the end of iterations.
package protocol NetworkIntervention: AnyObject {
  /// Whether ``addGradients(to:)`` does anything.
  var addsGradients: Bool { get }
  /// Number of times the intervention has fired; nil if it acts on every step.
  var events: Int? { get }
  /// Adds the gradients of a penalty to the scaled gradients of the loss, before a step.
  func addGradients(to target: InterventionTarget)
  /// Takes the step in place of the optimiser.
  ///
  /// - Returns: Whether the intervention has taken the step.
  func takeStep(of target: InterventionTarget, learningRate: Float, gradientScale: Float) -> Bool
  /// Returns the length of the intervention's own last step of a parameter, without weight decay;
  /// nil if it takes no steps.
  func lengthOfLastStep(ofParameter place: Int) -> Double?
  /// Changes parameters and moments after a step.
  func didStep(_ target: InterventionTarget)
  /// Adds the gradients of a penalty to those of own parameters, as ``addGradients(to:)`` does.
  func addGradients(toOwn own: OwnTarget)
  /// Takes the step of own parameters, which follows the network's step on the same minibatch.
  ///
  /// - Returns: Whether the intervention has taken the step.
  func takeStep(ofOwn own: OwnTarget, learningRate: Float, gradientScale: Float) -> Bool
  /// Changes own parameters after their step.
  func didStep(own: OwnTarget)
  /// Changes parameters and moments at the end of an iteration, between updates on old experience.
  func didIterate(_ target: InterventionTarget)
  /// Forgets what is remembered about weights that have been replaced.
  func weightsAreNew(_ weights: NewWeights)
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
  package func addGradients(toOwn own: OwnTarget) {}
  package func takeStep(
    ofOwn own: OwnTarget, learningRate: Float, gradientScale: Float
  ) -> Bool { false }
  package func didStep(own: OwnTarget) {}
  package func didIterate(_ target: InterventionTarget) {}
  package func weightsAreNew(_ weights: NewWeights) {}
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

  /// Reads finite numbers.
  func finiteFloats(_ name: String, count: Int) throws(ArchiveError) -> [Float] {
    let numbers = try floats(name, count: count)
    guard numbers.allSatisfy(\.isFinite) else { throw .invalid(reason: "\(name) is not finite") }
    return numbers
  }

  /// Writes matrices, one tensor for each, named after its index.
  mutating func set(_ name: String, _ matrices: [Matrix]) {
    for (place, matrix) in matrices.enumerated() {
      set("\(name).\(place)", .floats(matrix.elements))
    }
  }

  /// Reads matrices of the same shapes that ``set(_:_:)`` wrote.
  func read(_ name: String, into matrices: [Matrix]) throws(ArchiveError) {
    for (place, matrix) in matrices.enumerated() {
      let numbers = try finiteFloats("\(name).\(place)", count: matrix.rows * matrix.columns)
      for (k, number) in numbers.enumerated() {
        matrix[k / matrix.columns, k % matrix.columns] = number
      }
    }
  }
}

extension Matrix {
  /// All elements, row by row.
  var elements: [Float] { (0..<rows).flatMap { i in (0..<columns).map { self[i, $0] } } }

  /// Returns a matrix of its own with the same elements.
  func duplicate() -> Matrix {
    let copy = Matrix(rows: rows, columns: columns)
    copy.copy(from: self)
    return copy
  }
}
