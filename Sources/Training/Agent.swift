public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// What an agent is made from besides its settings.
public struct AgentContext {
  /// Already reset; the agent alone steps it.
  public let environment: any BatchedEnvironment
  /// The threads it may use; results must not depend on how many there are.
  public let pool: WorkerPool
  /// The run's seed; the agent's random streams derive from it by name.
  public let seed: UInt64
  /// Environment steps the run is going to take; schedules end there.
  public let totalSteps: Int

  /// Gathers what an agent needs.
  public init(
    environment: any BatchedEnvironment, pool: WorkerPool, seed: UInt64, totalSteps: Int
  ) {
    self.environment = environment
    self.pool = pool
    self.seed = seed
    self.totalSteps = totalSteps
  }
}

/// A learner: gathers experience, improves, and can be saved between two iterations.
///
/// An iteration is the agent's own unit: a rollout and its update for on-policy agents, a fixed
/// number of steps and updates for off-policy ones.  The agent drives the environment itself, so
/// that worker threads can carry their environments through a whole rollout without meeting.
public protocol Agent: AnyObject {
  /// Environment steps taken so far, over all environments.
  var environmentSteps: Int { get }
  /// Iterations done so far.
  var iterations: Int { get }
  /// The policy as it stands; lives as long as the agent and changes with it.
  var policy: any Policy { get }
  /// Its networks by name, for probes and interventions.
  var networks: [NamedNetwork] { get }
  /// The metrics every iteration reports, in the order of their columns.
  var metricNames: [String] { get }

  /// Gathers experience and learns from it once.
  func iterate() throws(TrainingError) -> IterationReport

  /// Writes everything the next iteration depends on, running episodes included.
  func save(to archive: inout TensorArchive)
  /// Continues from what ``save(to:)`` wrote, bit for bit.
  func load(from archive: TensorArchive) throws
}

/// A network that others may look into, with all that moves it.
///
/// What it refers to lives as long as the agent; ``minibatch`` holds until the next iteration.
public struct NamedNetwork {
  /// For example "policy" or "critic.0".
  public let name: String
  /// The network.
  public let network: MLP
  /// What moves its parameters.
  public let optimizer: Optimizer
  /// Holds the features and outputs of the minibatch it learns from, while it does and after
  /// ``LearntMinibatch/computeGradient``.
  public let workspace: MLP.Workspace
  /// Follows the network slowly, if anything does.
  public let target: MLP?
  /// The iteration's last minibatch; nil where the network has not learnt in this iteration.
  ///
  /// The network's gradients are those of its last step.  Where others learn more often they are of
  /// an earlier minibatch than this one until ``LearntMinibatch/computeGradient`` is called.
  public let minibatch: LearntMinibatch?

  /// Names a network.
  public init(
    _ name: String, _ network: MLP, optimizer: Optimizer, workspace: MLP.Workspace,
    target: MLP? = nil,
    minibatch: LearntMinibatch?
  ) {
    self.name = name
    self.network = network
    self.optimizer = optimizer
    self.workspace = workspace
    self.target = target
    self.minibatch = minibatch
  }
}

/// The minibatch that an agent learnt from last, as one of its networks sees it.
public struct LearntMinibatch {
  /// The network's inputs, in the first rows.
  public let input: Matrix
  /// The derivative of the loss by the network's outputs, in the first rows; of this minibatch once
  /// ``computeGradient`` was called.
  public let outputGradient: Matrix
  /// How many rows.
  public let rows: Int
  /// Inputs of the experience that the minibatch was drawn from, or its own.
  public let experience: Matrix
  /// Sets the network's gradients, ``outputGradient`` and the workspace to those of the loss on this
  /// minibatch at the network's parameters; may be called any number of times and draws no random
  /// numbers.
  public let computeGradient: () -> Void

  /// Gathers what a network sees of a minibatch.
  public init(
    input: Matrix, outputGradient: Matrix, rows: Int, experience: Matrix,
    computeGradient: @escaping () -> Void
  ) {
    self.input = input
    self.outputGradient = outputGradient
    self.rows = rows
    self.experience = experience
    self.computeGradient = computeGradient
  }
}

/// Something attached to an agent's networks: it measures them, or changes how they learn.
///
/// Called between two iterations, on one thread.
public protocol TrainingAttachment: AnyObject {
  /// The columns it adds to the run's metrics.
  var metricNames: [String] { get }
  /// Called after each iteration of its agent.
  ///
  /// - Returns: One value for each of ``metricNames``; NaN where there is none this time.
  func didIterate() -> [Double]
  /// Writes everything that its next call depends on.
  func save(to archive: inout TensorArchive)
  /// Continues from what ``save(to:)`` wrote, bit for bit.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// What one iteration did.
public struct IterationReport: Sendable {
  /// One value for each of the agent's `metricNames`; NaN where there is none this time.
  public var metrics: [Double]
  /// Nanoseconds spent stepping environments, summed over threads.
  public var environmentTime: UInt64
  /// Nanoseconds spent choosing actions, summed over threads.
  public var policyTime: UInt64
  /// Nanoseconds spent learning.
  public var updateTime: UInt64

  /// Gathers a report.
  public init(
    metrics: [Double], environmentTime: UInt64, policyTime: UInt64, updateTime: UInt64
  ) {
    self.metrics = metrics
    self.environmentTime = environmentTime
    self.policyTime = policyTime
    self.updateTime = updateTime
  }
}

/// The end of a run that can't go on.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss, gradient, action or evaluation is not finite; no weight has been touched by it.
  case notFinite(metric: String, iteration: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .notFinite(let metric, let iteration):
      "training diverged: \(metric) is not finite in iteration \(iteration)"
    }
  }
}
