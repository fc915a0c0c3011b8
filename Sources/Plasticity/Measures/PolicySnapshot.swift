public import LinearAlgebra
internal import NeuralNetworks
public import Training

/// What a policy says on some inputs, kept to be compared with what it says later.
///
/// - Source: Schaul et al. 2022, arXiv:2206.00730, for the churn of a policy.
public struct PolicySnapshot: Sendable, Equatable {
  /// [B · D]: the network's outputs, row by row.
  public let outputs: [Float]
  /// [A]: the logarithms of the deviations, where they are parameters of their own.
  public let logDeviations: [Float]

  /// Takes numbers that are known already.
  public init(outputs: [Float], logDeviations: [Float]) {
    self.outputs = outputs
    self.logDeviations = logDeviations
  }

  /// Copies what a policy's network has just computed.
  ///
  /// - Parameters:
  ///   - policy: Whose.
  ///   - outputs: [≥ rows × D].
  ///   - rows: How many rows.
  public init(_ policy: any DistributionPolicy, outputs: Matrix, rows: Int) {
    self.outputs = (0..<rows).flatMap { i in (0..<outputs.columns).map { outputs[i, $0] } }
    let own = policy.distribution.parameters.parameters[0].value
    logDeviations = (0..<own.columns).map { own[0, $0] }
  }

  /// The mean over the rows of KL(self ‖ other), in nats; NaN without rows.
  ///
  /// - Parameters:
  ///   - other: Of the same policy and inputs.
  ///   - policy: Says how outputs are read.
  /// - Returns: The divergence.
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
