internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
package import Storage
package import Training

/// A policy whose weights are a running mean of those of the policy that learns, for evaluations.
///
/// `θ̄ ← θ̄ + max(1 − d, 10 / (n + 10)) (θ − θ̄)` after the n-th update of the policy: a mean with
/// exponential weights over 1 / (1 − d) updates, but over no more than a tenth of those so far.  Nothing
/// in training depends on it.
///
/// - Source: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging"; for
///   policies, Nikishin et al. 2018, "Improving stability in deep reinforcement learning with weight
///   averaging".
/// - Difference from source: the weights are exponential, and the first updates are forgotten sooner.
package final class AveragedPolicy {
  /// The policy; its statistics of observations are those of the policy that learns.
  package let policy: MLPPolicy
  /// Number of updates since the start or the last restart.
  package private(set) var updates = 0
  private let decay: Float

  /// Creates an average that equals a policy.
  package init(of policy: MLPPolicy, decay: Float) {
    self.policy = policy.twin()
    self.decay = decay
  }

  /// Moves the weights towards those of the policy that learns, after an update of it.
  package func follow(_ other: MLPPolicy) {
    updates += 1
    let rate = max(1 - decay, 10 / Float(updates + 10))
    softUpdate(
      policy.network.parameters.values, towards: other.network.parameters.values, rate: rate)
    policy.network.followFrozenParts(of: other.network, rate: rate)
    policy.network.parametersDidChange()
  }

  /// Forgets all updates, after the policy that learns has received new weights.
  package func restart(from other: MLPPolicy) {
    updates = 0
    policy.network.copyState(of: other.network)
  }

  /// Writes weights and count.
  package func save(to archive: inout TensorArchive) {
    var part = TensorArchive()
    part.set(policy.network.parameters.parameters)
    part.setFrozenParts(of: policy.network)
    part.set("updates", .words([UInt64(updates)]))
    archive.set(part, under: "average")
  }

  /// Reads weights and count, beside a policy that has been read before.
  package func load(
    from archive: TensorArchive, following other: MLPPolicy
  ) throws(ArchiveError) {
    let part = archive.part(under: "average")
    let count = try part.words("updates", count: 1)[0]
    guard count < 1 << 62 else { throw .invalid(reason: "its number of updates is impossible") }
    try part.read(into: policy.network.parameters.parameters)
    try part.readFrozenParts(into: policy.network)
    guard policy.network.injections == other.network.injections else {
      throw .invalid(reason: "its averaged policy has been injected otherwise than the policy")
    }
    policy.network.parametersDidChange()
    updates = Int(count)
  }
}
