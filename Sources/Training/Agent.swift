public import NeuralNetworks
public import RLCore

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

/// A network that others may look into.
public struct NamedNetwork {
  /// For example "policy" or "critic".
  public let name: String
  /// The network.
  public let network: MLP

  /// Names a network.
  public init(_ name: String, _ network: MLP) {
    self.name = name
    self.network = network
  }
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
