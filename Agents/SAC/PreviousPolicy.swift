internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage
internal import Training

/// The previous policy π_k of off-policy mirror descent, towards which the policy's loss pulls.
///
/// With an index q of 1 it adds `ω mean(logπ − logπ_k)` to SAC's loss, with ω the mirror coefficient:
/// as ω vanishes, SAC remains, bit for bit.  With q above 1 the loss is
/// `mean(κ S(π) − (κ q − α) S(π_k) − Q)` with `κ = α + ω`, where S is the sum of the q-logarithms of
/// the density's components.
///
/// - Source: Tomar et al. 2022, arXiv:2005.09814, equation 13, and the authors' code
///   (`mdpo_off/mdpo.py`), whose κ is `klconst` and whose α is `lamda`.
package final class PreviousPolicy {
  /// Mean of logπ − logπ_k, or of the difference of q-logarithms, on the last minibatch.
  package private(set) var divergence: Float = 0
  /// Whether its part of the loss contains the entropy bonus.
  let replacesEntropy: Bool
  private let coefficient: Float
  private let index: Float
  private let interval: Int
  private let network: MLP
  private let workspace: MLP.Workspace
  private let rows: Int

  /// Creates a previous policy equal to the given one.
  init(_ configuration: SACConfiguration, policy: MLP) {
    coefficient = configuration.mirrorCoefficient
    index = configuration.tsallisIndex
    replacesEntropy = configuration.tsallisIndex > 1
    interval = configuration.mirrorRefreshEvery
    rows = configuration.batchSize
    network = policy.copy(named: "previous-policy")
    workspace = network.makeWorkspace(rows: rows)
  }

  /// Becomes equal to the policy if that is due before an update.
  func refreshIfDue(_ policy: MLP, update: Int) {
    if update % interval == 0 { refresh(policy) }
  }

  /// Becomes equal to the policy.
  func refresh(_ policy: MLP) { network.copyState(of: policy) }

  /// Evaluates the observations of a minibatch [B × O].
  func evaluate(_ observations: Matrix) {
    network.forward(observations, rows: rows, in: workspace)
  }

  /// Adds the gradient of the densities' part of the loss to the output's gradient.
  ///
  /// - Returns: That part of the loss.
  func addGradient(
    _ sample: SquashedGaussianSampler, output: Matrix, temperature: Float, outputGradient: Matrix
  ) -> Float {
    let scale = 1 / Float(rows)
    let weight = replacesEntropy ? temperature + coefficient : coefficient
    let otherWeight = replacesEntropy ? weight * index - temperature : coefficient
    let sums = sample.addMirrorGradient(
      weight: scale * weight, otherWeight: scale * otherWeight, output: output,
      other: workspace.output, index: index, rows: rows, outputGradient: outputGradient)
    divergence = scale * (sums.own - sums.other)
    return scale * (weight * sums.own - otherWeight * sums.other)
  }

  /// Writes the weights.
  func save(to archive: inout TensorArchive) {
    archive.set(network.parameters.parameters)
    archive.setFrozenParts(of: network)
  }

  /// Restores the weights.
  func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: network.parameters.parameters)
    try archive.readFrozenParts(into: network)
    network.parametersDidChange()
  }
}
