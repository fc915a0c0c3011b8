public import LinearAlgebra
internal import NeuralNetworks
public import Training

/// A policy's distributions on fixed inputs, stored for comparison with its later ones.
///
/// - Source: Schaul et al. 2022, arXiv:2206.00730, for the churn of a policy.
public struct PolicySnapshot: Sendable, Equatable {
  /// Outputs of the network, row by row, [B · D].
  public let outputs: [Float]
  /// Logarithms of the standard deviations, [A], if they are the distribution's own parameters;
  /// otherwise empty.
  public let logDeviations: [Float]

  /// Creates a snapshot from known values.
  public init(outputs: [Float], logDeviations: [Float]) {
    self.outputs = outputs
    self.logDeviations = logDeviations
  }

  /// Creates a snapshot of a policy by copying the outputs that its network has just computed.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - outputs: Outputs of the policy's network, [≥ rows × D].
  ///   - rows: The number of rows to copy, from row 0.
  public init(_ policy: any DistributionPolicy, outputs: Matrix, rows: Int) {
    self.outputs = (0..<rows).flatMap { i in (0..<outputs.columns).map { outputs[i, $0] } }
    let own = policy.distribution.parameters.parameters[0].value
    logDeviations = (0..<own.columns).map { own[0, $0] }
  }

  /// Returns the mean over the rows of KL(self ‖ other), in nats; NaN if there are no rows.
  ///
  /// - Parameters:
  ///   - other: A snapshot of the same policy on the same inputs.
  ///   - policy: The policy whose distribution turns the outputs into probabilities.
  /// - Returns: The mean divergence, in nats.
  public func divergence(
    to other: PolicySnapshot, of policy: any DistributionPolicy
  ) -> Double {
    let width = policy.distribution.outputWidth
    precondition(outputs.count == other.outputs.count && outputs.count % width == 0)
    let rows = outputs.count / width
    guard rows > 0 else { return .nan }
    return policy.distribution.divergence(
      batch(rows, width), from: other.batch(rows, width), rows: rows)
  }

  private func batch(_ rows: Int, _ width: Int) -> DistributionBatch {
    let own = Matrix(rows: 1, columns: logDeviations.count)
    for (j, value) in logDeviations.enumerated() { own[0, j] = value }
    let matrix = Matrix(rows: rows, columns: width)
    for (k, value) in outputs.enumerated() { matrix[k / width, k % width] = value }
    return DistributionBatch(outputs: matrix, own: own)
  }
}
