public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// The inputs an agent is created from, besides its settings.
public struct AgentContext {
  /// Environments, already reset, which only the agent may step.
  public let environment: any BatchedEnvironment
  /// Threads that the agent may use; results must not depend on their number.
  public let pool: WorkerPool
  /// Seed of the run, from which the agent's random streams derive by name.
  public let seed: UInt64
  /// Total environment steps of the run, after which schedules end.
  public let totalSteps: Int
  /// Environment steps after which schedules begin: 0 unless the run was extended.
  public let scheduleStart: Int
  /// Whether schedules keep their initial values, as an extension may want it.
  public let keepsSchedules: Bool
  /// Physical parameters that the run randomises, with the ranges of their values.
  public let uncertainParameters: [UncertainParameter]
  /// Recorded episodes from which the agent learns; nil for none.
  public let recordings: RecordedEpisodes?

  /// Creates a context from its parts.
  public init(
    environment: any BatchedEnvironment, pool: WorkerPool, seed: UInt64, totalSteps: Int,
    scheduleStart: Int = 0, keepsSchedules: Bool = false,
    uncertainParameters: [UncertainParameter] = [],
    recordings: RecordedEpisodes? = nil
  ) {
    self.environment = environment
    self.pool = pool
    self.seed = seed
    self.totalSteps = totalSteps
    self.scheduleStart = scheduleStart
    self.keepsSchedules = keepsSchedules
    self.uncertainParameters = uncertainParameters
    self.recordings = recordings
  }
}

/// The steps over which an agent's schedules run.
public struct TrainingHorizon: Sendable, Equatable {
  /// Environment steps after which schedules begin.
  public let start: Int
  /// Environment steps after which they end, and the run with them.
  public let end: Int
  /// Whether schedules keep their initial values.
  public let isConstant: Bool

  /// Takes the steps of a run.
  public init(_ context: AgentContext) {
    (start, end) = (context.scheduleStart, context.totalSteps)
    isConstant = context.keepsSchedules
  }

  /// Takes the steps of a part of a run.
  package init(start: Int, end: Int, isConstant: Bool) {
    (self.start, self.end, self.isConstant) = (start, end, isConstant)
  }

  /// Returns the share of the schedules that is left, from 1 at their start to 0 at their end.
  public func remaining(after steps: Int) -> Double {
    isConstant ? 1 : min(1, max(0, 1 - Double(steps - start) / Double(max(1, end - start))))
  }
}

/// A physical parameter of which only a range is known.
public struct UncertainParameter: Sendable, Equatable {
  /// Name of the parameter in the environment's table.
  public let name: String
  /// Range of its values, all allowed, in the table's unit.
  public let range: ClosedRange<Double>

  /// Creates a parameter with its range.
  public init(_ name: String, in range: ClosedRange<Double>) {
    (self.name, self.range) = (name, range)
  }
}

/// An agent that gathers experience, learns from it, and can be saved between iterations.
///
/// Each agent defines its own iteration: rollouts and their updates for on-policy agents, a fixed
/// number of steps and updates for off-policy ones.  The agent steps the environments itself, so
/// that worker threads can take their environments through a whole rollout without waiting for each
/// other.
public protocol Agent: AnyObject {
  /// Number of environment steps taken so far, over all environments; of an agent that learns only
  /// from recorded steps, the number of those that it has learnt from, counted each time.
  var environmentSteps: Int { get }
  /// Number of completed iterations.
  var iterations: Int { get }
  /// The current policy, the same object throughout the agent's life, which changes as it learns.
  var policy: any Policy { get }
  /// The policy that evaluations and checkpoints take, such as one of averaged weights; ``policy`` by
  /// default.
  var evaluatedPolicy: any Policy { get }
  /// The agent's networks by name, for probes and interventions.
  var networks: [NamedNetwork] { get }
  /// Names of the metrics that each iteration reports, in the order of their columns.
  var metricNames: [String] { get }

  /// Takes note that ``policy`` has received other weights than those that the agent made, before
  /// its first iteration; does nothing by default.
  func policyWasReplaced()

  /// Runs one iteration: gathers experience and learns from it.
  func iterate() throws(TrainingError) -> IterationReport

  /// Writes everything that the next iteration depends on, including the state of running episodes.
  func save(to archive: inout TensorArchive)
  /// Restores the state that ``save(to:)`` wrote, so that training continues bit for bit.
  func load(from archive: TensorArchive) throws
}

extension Agent {
  public var evaluatedPolicy: any Policy { policy }
  public func policyWasReplaced() {}
}

/// A network of an agent with its optimiser, open to probes and interventions.
///
/// The objects it refers to live throughout the agent's life; ``minibatch`` is valid until the next
/// iteration.
public struct NamedNetwork {
  /// Name of the network, such as "policy" or "critic.0".
  public let name: String
  /// The network.
  public let network: MLP
  /// Optimiser of the network's parameters.
  public let optimizer: Optimizer
  /// Workspace with the features and outputs of a minibatch, valid while the network learns from it
  /// and after ``LearntMinibatch/computeGradient``.
  public let workspace: MLP.Workspace
  /// Target network, which follows the network slowly; nil if there is none.
  public let target: MLP?
  /// Parameters that belong to the network's owner rather than to a layer, such as a policy's
  /// log-deviation; may be empty.
  public let own: [OwnParameters]
  /// Present experience, from which inputs of the network can be drawn.
  public let experience: NetworkExperience
  /// Last minibatch of the iteration; nil if the network has not learnt in this iteration.
  ///
  /// The network's gradients are those of its last step.  If other networks learn more often, these
  /// gradients are of an earlier minibatch until ``LearntMinibatch/computeGradient`` is called.
  public let minibatch: LearntMinibatch?

  /// Creates a named network from its parts.
  public init(
    _ name: String, _ network: MLP, optimizer: Optimizer, workspace: MLP.Workspace,
    target: MLP? = nil, own: [OwnParameters] = [], experience: NetworkExperience,
    minibatch: LearntMinibatch?
  ) {
    self.name = name
    self.network = network
    self.optimizer = optimizer
    self.workspace = workspace
    self.target = target
    self.own = own
    self.experience = experience
    self.minibatch = minibatch
  }

  /// Returns the network under another name, as one of several players'.
  public func renamed(_ name: String) -> NamedNetwork {
    NamedNetwork(
      name, network, optimizer: optimizer, workspace: workspace, target: target, own: own,
      experience: experience, minibatch: minibatch)
  }
}

/// Parameters that are learnt together with a network and belong to none of its layers.
///
/// Their optimiser takes its step after the network's, along the gradient of the same minibatch.
public struct OwnParameters {
  /// The parameters, with their initial values when the agent is new.
  public let block: ParameterBlock
  /// Optimiser of the parameters.
  public let optimizer: Optimizer
  /// Whether they weigh terms of the loss, as SAC's temperature does, and are no part of what the
  /// network's owner computes; only resets reach them.
  public let isMultiplier: Bool

  /// Creates own parameters from their parts.
  public init(_ block: ParameterBlock, optimizer: Optimizer, isMultiplier: Bool = false) {
    self.block = block
    self.optimizer = optimizer
    self.isMultiplier = isMultiplier
  }
}

/// The experience that an agent has at the end of an iteration, as one of its networks sees it.
///
/// It is the replay buffer of an off-policy agent, or the last rollout of an on-policy one.
public struct NetworkExperience {
  /// Number of rows: transitions in the buffer, 0 if there are none yet, or steps in a rollout.
  public let rows: Int
  /// Fills all rows of a matrix with inputs of the network, drawn uniformly.
  ///
  /// There must be experience.  Draws come from the given stream; the agent's own are not used.
  public let draw: (_ inputs: Matrix, _ random: inout RandomStream) -> Void

  /// Creates an experience from its size and a closure that draws from it.
  public init(rows: Int, draw: @escaping (_ inputs: Matrix, _ random: inout RandomStream) -> Void) {
    self.rows = rows
    self.draw = draw
  }
}

/// The last minibatch that an agent learnt from, as one of its networks sees it.
public struct LearntMinibatch {
  /// Inputs of the network, in the first ``rows`` rows.
  public let input: Matrix
  /// Derivative of the loss with respect to the network's outputs, in the first ``rows`` rows; for
  /// this minibatch only after ``computeGradient`` has been called.
  public let outputGradient: Matrix
  /// Number of rows in the minibatch.
  public let rows: Int
  /// Mean number of rows in the iteration's minibatches, of which the last in a pass over a rollout
  /// may be smaller than the others.
  public let meanRows: Double
  /// Sets the network's gradients, ``outputGradient`` and the workspace to those of the loss on
  /// this minibatch at the network's current parameters; may be called any number of times and
  /// draws no random numbers.
  public let computeGradient: () -> Void

  /// Creates a minibatch as a network sees it.
  public init(
    input: Matrix, outputGradient: Matrix, rows: Int, meanRows: Double,
    computeGradient: @escaping () -> Void
  ) {
    self.input = input
    self.outputGradient = outputGradient
    self.rows = rows
    self.meanRows = meanRows
    self.computeGradient = computeGradient
  }
}

/// An attachment to an agent's networks that measures them or changes how they learn.
///
/// Attachments are called between iterations, on one thread.
public protocol TrainingAttachment: AnyObject {
  /// Names of the columns that the attachment adds to the run's metrics.
  var metricNames: [String] { get }
  /// Measures or intervenes after an iteration of the agent.
  ///
  /// - Returns: One value for each of ``metricNames``; NaN if there is no new value.
  func didIterate() -> [Double]
  /// Writes everything that the next call depends on.
  func save(to archive: inout TensorArchive)
  /// Restores the state that ``save(to:)`` wrote, so that the run continues bit for bit.
  func load(from archive: TensorArchive) throws(ArchiveError)
}

/// The metrics and durations of one iteration.
public struct IterationReport: Sendable {
  /// One value for each of the agent's `metricNames`; NaN if the iteration has no value.
  public var metrics: [Double]
  /// Nanoseconds spent stepping environments, summed over threads.
  public var environmentTime: UInt64
  /// Nanoseconds spent choosing actions, summed over threads.
  public var policyTime: UInt64
  /// Nanoseconds spent learning.
  public var updateTime: UInt64
  /// Episodes that ended, in order of time.
  public var episodes: [FinishedEpisode]

  /// Creates a report.
  public init(
    metrics: [Double], environmentTime: UInt64, policyTime: UInt64, updateTime: UInt64,
    episodes: [FinishedEpisode] = []
  ) {
    self.metrics = metrics
    self.episodes = episodes
    self.environmentTime = environmentTime
    self.policyTime = policyTime
    self.updateTime = updateTime
  }
}

/// An error that ends training.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// A loss, gradient, action or evaluation is not finite; no weight has been changed by it.
  case notFinite(metric: String, iteration: Int)

  /// Description of the error in one sentence.
  public var description: String {
    switch self {
    case .notFinite(let metric, let iteration):
      "training diverged: \(metric) is not finite in iteration \(iteration)"
    }
  }
}
