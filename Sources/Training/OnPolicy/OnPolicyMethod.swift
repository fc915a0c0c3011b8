public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// An on-policy method: its policy and its update on a rollout.
///
/// ``OnPolicyAgent`` does the rest, which all methods share: collectors, values, advantages,
/// normalisers, episode metrics, saving and resuming.
public protocol OnPolicyMethod: AnyObject {
  /// The type of the method's settings.
  associatedtype Configuration: OnPolicyConfiguration
  /// The type of policy that the method learns.
  associatedtype LearntPolicy: RolloutPolicy

  /// Creates a policy with new weights.
  static func makePolicy(
    _ configuration: Configuration, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) -> LearntPolicy
  /// Returns the columns that the policy records at each step, besides observation and action.
  static func columns(_ configuration: Configuration, policy: LearntPolicy) -> [RolloutColumn]

  /// Creates the method with new optimisers.
  ///
  /// - Parameters:
  ///   - configuration: Settings that have passed their own check.
  ///   - policy: A policy from ``makePolicy(_:specification:random:)``.
  ///   - critic: A network that maps normalised observations to values [B × 1].
  ///   - rollout: A buffer with the columns of ``columns(_:policy:)``, refilled before each update.
  ///   - seed: The run's seed.
  init(
    _ configuration: Configuration, policy: LearntPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64)

  /// Names of the metrics of an update.
  var metricNames: [String] { get }
  /// The method's networks, for probes and interventions.
  var networks: [NamedNetwork] { get }

  /// Computes the reference values of the update, such as old log-probabilities, before the policy
  /// changes.
  ///
  /// Called while the critic evaluates the rollout, once for each part and on any thread.
  func prepare(part: Int, of parts: Int)
  /// Improves policy and critic on the rollout, whose advantages and value targets are computed.
  ///
  /// - Parameters:
  ///   - pool: The threads to use; results must not depend on their number.
  ///   - progressRemaining: The remaining fraction of the run: 1 at its start, 0 at its end.
  ///   - iteration: The number of this iteration, for errors.
  /// - Throws: ``TrainingError/notFinite(metric:iteration:)`` before a bad gradient reaches a
  ///   weight.
  /// - Returns: One value for each of ``metricNames``.
  func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double]

  /// Writes the state that ``improve(pool:progressRemaining:iteration:)`` depends on, besides the
  /// weights.
  func save(to archive: inout TensorArchive)
  /// Restores the state that ``save(to:)`` wrote.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

extension OnPolicyMethod where LearntPolicy == MLPPolicy {
  /// Creates a perceptron from the settings that on-policy methods share.
  public static func makePolicy(
    _ configuration: Configuration, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) -> MLPPolicy {
    MLPPolicy(onPolicy: configuration.shared, specification: specification, random: &random)
  }
}

/// A policy that gathers rollouts.
public protocol RolloutPolicy: Policy {
  /// Normaliser of observations for policy and critic.
  var normalizer: ObservationNormalizer { get }
  /// Creates an actor for up to `rows` environments that records its columns in a rollout.
  func makeRolloutActor(rows: Int, rollout: RolloutBuffer) -> any RolloutActor
  /// Restores weights and statistics from a file with the same architecture.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// A policy's scratch memory for gathering rollouts on one thread.
public protocol RolloutActor: AnyObject {
  /// Draws an action for each row.
  ///
  /// - Parameters:
  ///   - observations: Normalised observations, [≥ rows × O].
  ///   - block: The environments and the step of the rollout in which to store sampled actions and
  ///     columns.
  ///   - streams: One random stream for each row.
  ///   - actions: The matrix [N × A] that receives the actions for the environments, in their units
  ///     and within their bounds; NaN if the policy's output is not a number.
  func act(
    on observations: Matrix, for block: RolloutBlock, streams: inout [RandomStream],
    actions: Matrix)
}

/// A block of consecutive environments at one step of a rollout.
public struct RolloutBlock {
  /// Rollout that the block belongs to.
  public let rollout: RolloutBuffer
  /// Indices of the environments, one for each row of the block.
  public let environments: Range<Int>
  /// Step t of the rollout.
  public let step: Int

  package init(rollout: RolloutBuffer, environments: Range<Int>, step: Int) {
    self.rollout = rollout
    self.environments = environments
    self.step = step
  }

  /// Returns the rollout's row for row i of the block.
  @inlinable public func row(_ i: Int) -> Int {
    (environments.lowerBound + i) * rollout.steps + step
  }
}

extension MLPPolicy: RolloutPolicy {
  /// Name of the rollout column with the network's outputs [D].
  public static let outputsColumn = "outputs"

  /// Creates a policy with new weights from the settings that on-policy methods share.
  public convenience init(
    onPolicy settings: OnPolicySettings, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) {
    self.init(
      specification: specification, hidden: settings.policyHidden, activation: settings.activation,
      usesLayerNorm: settings.layerNorm, initialLogDeviation: settings.initialLogStd,
      normalizesObservations: settings.normalizeObservations,
      parts: settings.sharedPolicy ? specification.agents : 1, random: &random)
  }

  /// Creates an actor that records the network's outputs if the rollout has a column for them.
  public func makeRolloutActor(rows: Int, rollout: RolloutBuffer) -> any RolloutActor {
    MLPRolloutActor(self, rows: rows, outputs: rollout.column(Self.outputsColumn))
  }
}

/// An actor that gathers rollouts on one thread.
private final class MLPRolloutActor: RolloutActor {
  private let policy: MLPPolicy
  private let workspace: MLP.Workspace
  private let sampler: any ActionSampler
  private let outputs: Matrix?

  init(_ policy: MLPPolicy, rows: Int, outputs: Matrix?) {
    self.policy = policy
    self.outputs = outputs
    workspace = policy.network.makeWorkspace(rows: rows)
    sampler = policy.distribution.makeSampler(rows: rows, drawsPairs: true)
  }

  func act(
    on observations: Matrix, for block: RolloutBlock, streams: inout [RandomStream],
    actions: Matrix
  ) {
    let rows = block.environments.count
    let output = policy.network.forward(observations, rows: rows, in: workspace)
    sampler.sample(output, rows: rows, streams: &streams)
    let (sampled, stored) = (sampler.actions, block.rollout.actions)
    for i in 0..<rows {
      outputs?.copyRow(block.row(i), from: output, row: i)
      stored.copyRow(block.row(i), from: sampled, row: i)
    }
    policy.distribution.bound(
      sampled, rows: rows, into: actions, firstRow: block.environments.lowerBound)
  }
}
