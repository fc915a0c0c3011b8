internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage

/// L2 regularisation towards the initial parameters θ₀ of the network: the penalty `λ ‖θ − θ₀‖²`.
///
/// Weights that are made new have their new values as θ₀.
///
/// - Source: Kumar et al. 2023, arXiv:2308.11958, "regenerative regularization".
final class L2Init: NetworkIntervention {
  private let strength: Float
  private let target: InterventionTarget
  /// θ₀, one matrix for each parameter.
  private let initialValues: [Matrix]
  /// Whether any of θ₀ is not the run's first.
  private var hasChanged = false

  init(strength: Double, target: InterventionTarget) {
    self.strength = Float(strength)
    self.target = target
    initialValues = target.parameters.map { $0.value.duplicate() }
  }

  var addsGradients: Bool { true }

  func addGradients(to target: InterventionTarget) {
    addGradients(to: target.parameters, initialValues)
  }

  func addGradients(toOwn own: OwnTarget) {
    addGradients(to: own.block.parameters, own.initialValues)
  }

  private func addGradients(to parameters: [Parameter], _ initialValues: [Matrix]) {
    for (parameter, initial) in zip(parameters, initialValues) {
      let (value, gradient) = (parameter.value, parameter.gradient)
      for i in 0..<value.rows {
        for j in 0..<value.columns {
          gradient[i, j] += 2 * strength * (value[i, j] - initial[i, j])
        }
      }
    }
  }

  func weightsAreNew(_ weights: NewWeights) {
    hasChanged = true
    target.forEachElement(of: weights) { place, i, j in
      initialValues[place][i, j] = target.parameters[place].value[i, j]
    }
  }

  func save(to archive: inout TensorArchive, prefix: String) {
    if hasChanged { archive.set("\(prefix).initial", initialValues) }
  }

  func load(from archive: TensorArchive, prefix: String) throws(ArchiveError) {
    hasChanged = archive.tensors["\(prefix).initial.0"] != nil
    if hasChanged { try archive.read("\(prefix).initial", into: initialValues) }
  }
}
