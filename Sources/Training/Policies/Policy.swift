public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// The way a policy chooses among its actions.
public enum ActionMode: String, Sendable, CaseIterable {
  /// The mode of the policy's distribution.
  case deterministic
  /// A random sample from the policy's distribution.
  case stochastic
}

/// A policy that chooses actions from observations, such as a network or a classical controller.
public protocol Policy: AnyObject {
  /// Identifier of the environment that the policy was created for.
  var environmentIdentifier: String { get }
  /// Returns whether the policy's inputs and actions match those of an environment.
  func fits(_ specification: EnvironmentSpecification) -> Bool
  /// Creates an actor for up to `rows` observations at a time.
  func makeActor(rows: Int) -> any PolicyActor
  /// Writes everything that the policy needs to act: weights, normaliser, bounds and architecture.
  func save(to archive: inout TensorArchive)
}

/// A policy computed by a network, which probes and interventions can access.
public protocol NetworkPolicy: Policy {
  /// Network that computes the policy; one of the agent's networks.
  var network: MLP { get }
}

/// A policy whose network's outputs are the parameters of a distribution of actions.
public protocol DistributionPolicy: NetworkPolicy {
  /// Distribution that turns the network's outputs into actions.
  var distribution: any ActionDistribution { get }
}

/// A policy's scratch memory for one thread; several actors of one policy may act concurrently.
public protocol PolicyActor: AnyObject {
  /// Chooses actions for `rows` raw observations.
  ///
  /// - Parameters:
  ///   - observations: Observations as the environment returned them, [≥ rows × O].
  ///   - rows: The number of rows, from row 0.
  ///   - mode: Whether actions are deterministic or stochastic.
  ///   - streams: One random stream for each row; unused in deterministic mode.
  ///   - actions: The matrix that receives the actions, [≥ rows × A], in the environment's units
  ///     and within its bounds; NaN if the policy's output is not a number.
  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix)
  /// Forgets the episode of a row, since the next observation there is the first of another one.
  ///
  /// Actors without memory, the default, do nothing.
  ///
  /// - Parameters:
  ///   - row: The row.
  ///   - seed: The seed of the episode, from which the actor may derive streams of its own.
  func beginEpisode(row: Int, seed: UInt64)
}

extension PolicyActor {
  public func beginEpisode(row: Int, seed: UInt64) {}
}
