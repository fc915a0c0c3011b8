public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// How a policy chooses.
public enum ActionMode: String, Sendable, CaseIterable {
  /// The mode of its distribution.
  case deterministic
  /// A sample of its distribution.
  case stochastic
}

/// Anything that chooses actions from observations: a network or a classical controller.
public protocol Policy: AnyObject {
  /// The id of the environment it was made for.
  var environmentIdentifier: String { get }
  /// Whether it takes an environment's observations and chooses among its actions.
  func fits(_ specification: EnvironmentSpecification) -> Bool
  /// Makes an actor for up to `rows` observations at a time.
  func makeActor(rows: Int) -> any PolicyActor
  /// Writes the policy with all it needs to act: weights, normaliser, bounds, architecture.
  func save(to archive: inout TensorArchive)
}

/// A policy that a network computes, which probes and interventions may look into.
public protocol NetworkPolicy: Policy {
  /// What computes it; one of its agent's networks.
  var network: MLP { get }
}

/// A policy whose network's outputs are read as a distribution of actions.
public protocol DistributionPolicy: NetworkPolicy {
  /// How the network's outputs become actions.
  var distribution: any ActionDistribution { get }
}

/// A policy's scratch memory for one thread; different actors of a policy may act at once.
public protocol PolicyActor: AnyObject {
  /// Chooses actions for `rows` raw observations.
  ///
  /// - Parameters:
  ///   - observations: [≥ rows × O], as the environment returned them.
  ///   - rows: How many rows, from row 0.
  ///   - mode: Deterministic or stochastic.
  ///   - streams: One random stream for each row; not touched in deterministic mode.
  ///   - actions: [≥ rows × A], in the environment's units, within its bounds; NaN where the policy
  ///     has no answer.
  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix)
}
