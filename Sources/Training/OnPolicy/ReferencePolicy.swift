internal import LinearAlgebra
public import NeuralNetworks

/// The policy that gathered a rollout, as a distribution on the rows of a minibatch, for divergences
/// from it while the policy learns.
public final class ReferencePolicy {
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let own: Matrix
  private let outputs: Matrix

  /// Allocates memory for minibatches of up to `rows` rows.
  ///
  /// - Parameters:
  ///   - policy: The policy that learns.
  ///   - rollout: A rollout with the column `MLPPolicy.outputsColumn`.
  ///   - rows: The maximum number of rows in a minibatch.
  public init(_ policy: MLPPolicy, rollout: RolloutBuffer, rows: Int) {
    self.policy = policy
    self.rollout = rollout
    own = Matrix(
      rows: 1, columns: policy.distribution.parameters.parameters[0].value.columns)
    outputs = Matrix(rows: rows, columns: policy.distribution.outputWidth)
  }

  /// Notes the distribution's own parameters; call it before the policy learns.
  public func note() {
    own.copyRow(0, from: policy.distribution.parameters.parameters[0].value, row: 0)
  }

  /// Gathers the recorded outputs of a minibatch.
  public func gather(_ order: [Int32], _ rows: Range<Int>) {
    guard let recorded = rollout.column(MLPPolicy.outputsColumn) else {
      preconditionFailure("the rollout has no column of outputs")
    }
    for (k, position) in rows.enumerated() {
      outputs.copyRow(k, from: recorded, row: Int(order[position]))
    }
  }

  /// The distribution on the rows that were gathered last.
  public var batch: DistributionBatch { DistributionBatch(outputs: outputs, own: own) }
}
