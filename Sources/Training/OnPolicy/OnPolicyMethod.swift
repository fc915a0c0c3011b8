public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// What makes one on-policy method differ from another: its policy and how it improves on a rollout.
///
/// ``OnPolicyAgent`` does the rest: collectors, values, advantages, normalisers, episode metrics,
/// saving and resuming.
public protocol OnPolicyMethod: AnyObject {
  /// Its settings.
  associatedtype Configuration: OnPolicyConfiguration
  /// What it learns.
  associatedtype LearntPolicy: RolloutPolicy

  /// Makes the policy with new weights.
  static func makePolicy(
    _ configuration: Configuration, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) -> LearntPolicy
  /// What the policy notes of each step besides observation and action.
  static func columns(_ configuration: Configuration, policy: LearntPolicy) -> [RolloutColumn]

  /// Makes what learns.
  ///
  /// - Parameters:
  ///   - configuration: Has passed its own check.
  ///   - policy: Of ``makePolicy(_:specification:random:)``.
  ///   - critic: Maps normalised observations to values [B × 1].
  ///   - rollout: Holds the columns of ``columns(_:policy:)``; filled anew before each update.
  ///   - seed: The run's.
  init(
    _ configuration: Configuration, policy: LearntPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64)

  /// The metrics of an update.
  var metricNames: [String] { get }
  /// The networks, for probes and interventions.
  var networks: [NamedNetwork] { get }

  /// Computes what the update compares with, with the policy that gathered the rollout.
  ///
  /// Called while the critic values the rollout, once for each part and on any thread.
  func prepare(part: Int, of parts: Int)
  /// Improves policy and critic on the rollout, whose advantages and value targets are computed.
  ///
  /// - Parameters:
  ///   - pool: The threads; results must not depend on how many there are.
  ///   - progressRemaining: 1 at the start of the run, 0 at its end.
  ///   - iteration: The number of this iteration, for errors.
  /// - Throws: ``TrainingError/notFinite(metric:iteration:)`` before a bad gradient reaches a weight.
  /// - Returns: One value for each of ``metricNames``.
  func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double]

  /// Writes what ``improve(pool:progressRemaining:iteration:)`` depends on besides the weights.
  func save(to archive: inout TensorArchive)
  /// Continues from what ``save(to:)`` wrote.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// A policy that gathers rollouts.
public protocol RolloutPolicy: Policy {
  /// Standardises observations for policy and critic.
  var normalizer: ObservationNormalizer { get }
  /// Makes an actor for up to `rows` environments, which notes its columns in a rollout.
  func makeRolloutActor(rows: Int, rollout: RolloutBuffer) -> any RolloutActor
  /// Replaces weights and statistics by those of a file of the same architecture.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// A policy's scratch memory for gathering rollouts on one thread.
public protocol RolloutActor: AnyObject {
  /// Draws an action for each row.
  ///
  /// - Parameters:
  ///   - observations: [≥ rows × O], normalised.
  ///   - block: Which environments and which step of the rollout; actions and columns belong there.
  ///   - streams: One random stream for each row.
  ///   - actions: [N × A]: receives what the environments get, in their units and within their
  ///     bounds; NaN where the policy has no answer.
  func act(
    on observations: Matrix, for block: RolloutBlock, streams: inout [RandomStream],
    actions: Matrix)
}

/// Some consecutive environments at one step of a rollout.
public struct RolloutBlock {
  /// The rollout.
  public let rollout: RolloutBuffer
  /// The environments, one for each row.
  public let environments: Range<Int>
  /// t.
  public let step: Int

  /// The rollout's row for row i of the block.
  @inlinable public func row(_ i: Int) -> Int {
    (environments.lowerBound + i) * rollout.steps + step
  }
}

extension MLPPolicy: RolloutPolicy {
  /// The name of the column of the network's outputs [D].
  public static let outputsColumn = "outputs"

  /// Makes a policy with new weights from the settings that on-policy methods share.
  public convenience init(
    onPolicy settings: OnPolicySettings, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) {
    self.init(
      specification: specification, hidden: settings.policyHidden, activation: settings.activation,
      usesLayerNorm: settings.layerNorm, initialLogDeviation: settings.initialLogStd,
      normalizesObservations: settings.normalizeObservations, random: &random)
  }

  /// Makes an actor that notes the network's outputs if the rollout has a column for them.
  public func makeRolloutActor(rows: Int, rollout: RolloutBuffer) -> any RolloutActor {
    MLPRolloutActor(self, rows: rows, outputs: rollout.column(Self.outputsColumn))
  }
}

/// Gathers rollouts for one thread.
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
