public import LinearAlgebra

/// N environments of one type behind an interface that hides the type.
///
/// Environments are stepped by range, so that each worker thread can drive its own through a whole
/// rollout without synchronisation; ranges stepped at the same time must not overlap.  An
/// environment whose episode ends is reset in the same step ("same-step autoreset") unless
/// ``resetsEndedEpisodes`` is false; the episode's last observation is kept separately either way.
public protocol BatchedEnvironment: AnyObject {
  /// Spaces, names, units and limits of the environments.
  var specification: EnvironmentSpecification { get }
  /// Number of environments.
  var count: Int { get }
  /// Number of environments from which on stepping a range costs least for each; 1 by default.
  ///
  /// It is for speed only: results do not depend on how environments are split into ranges.
  var blockSize: Int { get }
  /// Observations, rewards and episode ends of the last step.
  var batch: StepBatch { get }
  /// Whether the next episode starts in the same step in which one ends; true by default.
  ///
  /// If false, an ended environment stays in its last state for inspection and must be reset before
  /// it is stepped again.
  var resetsEndedEpisodes: Bool { get set }
  /// Resets all environments and sets their episode counts to 0.
  func reset(seeds: EpisodeSeeds)
  /// Resets one environment to an episode with a given seed, outside the seed schedule.
  func reset(environment: Int, seed: UInt64)
  /// Steps a range of environments by one time step; each must have been reset.
  func step(actions: Matrix, in range: Range<Int>)
  /// Returns the running episode of one environment as data from which it can be continued.
  func snapshot(of environment: Int) -> EpisodeSnapshot
  /// Rebuilds a running episode by re-simulating it from its parameters, seed and actions.
  func restore(_ snapshot: EpisodeSnapshot, to environment: Int) throws(SnapshotError)
  /// Returns a fingerprint of one environment's full simulator state; it must have been reset.
  func stateHash(of environment: Int) -> UInt64
  /// Whether the environments accept external disturbances; false by default.
  ///
  /// Set it only before the first step of every running episode.  It stays false if there are no
  /// ``disturbanceComponents``.
  var takesDisturbances: Bool { get set }
  /// Disturbances of the next step, [N × D]; nil unless ``takesDisturbances`` is true.
  ///
  /// Write them before every step, with values within the bounds of ``disturbanceComponents``.
  var disturbances: Matrix? { get }
  /// Names, units and bounds of the D components of a disturbance.
  var disturbanceComponents: [DisturbanceComponent] { get }
  /// Returns the scene of one environment's current state; ``Scene/empty`` if it has no picture or
  /// has not been reset.
  ///
  /// The environment's observer may call it as well.
  func scene(of environment: Int) -> Scene
  /// Returns a copy of one environment's current state for planners; nil, the default, if it can't
  /// be copied.
  ///
  /// The environment must have been reset.  Each call allocates one value.
  func planningModel(of environment: Int, _ parameters: ModelParameters) -> (any PlanningModel)?
  /// Keys and axes for driving an environment by hand; ``ManualControls/none`` if unsupported.
  var manualControls: ManualControls { get }
  /// Observes one environment from its next reset on; replaces the vector's previous observer.
  func observe(environment: Int, with observer: (any EpisodeObserver)?)
  /// Returns the physical parameters of one environment's next episode, in table order.
  func parameterValues(of environment: Int) -> [ParameterValue]
  /// Sets a physical parameter of one environment, or of all if nil, from the next reset on.
  func setParameter(_ name: String, to value: Double, of environment: Int?) throws(ParameterError)
  /// Rule that draws parameters for each new episode; nil, the default, changes no bit.
  var episodeParameters: EpisodeParameters? { get set }
  /// What changes actions, pushes bodies and distorts observations; nil, the default, changes no bit.
  ///
  /// Set it only between episodes, that is before `reset(seeds:)`.  Observers see what is simulated:
  /// the actions and disturbances that act, and observations without distortion.
  var perturber: (any StepPerturber)? { get set }
  /// Change of the rewards that the batch reports, from which an agent learns; none by default.
  ///
  /// Returns of episodes, and what observers see, are of the rewards as they are.
  var trainingReward: TrainingReward { get set }
  /// The sequence of tasks that the environments follow; nil if there is none.
  var tasks: TaskSchedule? { get }
  /// Changes physical parameters from now on according to a sequence of tasks.
  ///
  /// At the end of a task the running episodes of all environments are truncated in the same step,
  /// their last observations are kept for bootstrapping, and the next episodes start with the new
  /// parameters.  Observers are not notified: for them, a truncated episode has no end.  Must be
  /// called before `reset(seeds:)`.
  ///
  /// - Parameters:
  ///   - tasks: The tasks; all values they set must be allowed.
  ///   - steps: Number of steps already taken by all environments together, the same number by
  ///     each.
  /// - Throws: An error if a parameter of the current task is unknown or out of range.
  func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError)
  /// Sets the number of steps that all environments together have taken, the same number by each,
  /// for a run that continues; counting begins at 0 unless this is called.
  ///
  /// Must be called before `reset(seeds:)`.  ``follow(_:from:)`` does it too.
  func countSteps(from steps: Int)
  /// Returns the results of each task's episodes since the last call, in order of tasks; the last
  /// entry is the current task's.  Empty if there are no tasks.
  func takeTaskReturns() -> [TaskReturns]
}

extension BatchedEnvironment {
  /// One environment, by default.
  public var blockSize: Int { 1 }

  /// Whether steps have disturbances, of the caller's or the perturber's; observers then see them.
  public var hasDisturbances: Bool { takesDisturbances || perturber?.disturbs == true }

  public func planningModel(
    of environment: Int, _ parameters: ModelParameters
  ) -> (any PlanningModel)? { nil }

  /// The physical parameters of the first environment's next episode, in table order.
  public var parameterValues: [ParameterValue] { parameterValues(of: 0) }

  /// Sets a physical parameter of all environments from their next reset on.
  public func setParameter(_ name: String, to value: Double) throws(ParameterError) {
    try setParameter(name, to: value, of: nil)
  }

  /// Sets the physical parameters that differ from their current values, of one environment or, if
  /// nil, of all, from the next reset on.
  public func setParameters(
    _ values: [ParameterValue], of environment: Int? = nil
  ) throws(ParameterError) {
    for slot in environment.map({ $0..<$0 + 1 }) ?? 0..<count {
      let current = parameterValues(of: slot)
      for new in values where !current.contains(new) {
        try setParameter(new.name, to: new.value, of: slot)
      }
    }
  }
}

/// A rule that draws the physical parameters of each episode: a randomisation, a curriculum.
public struct EpisodeParameters: Sendable {
  /// An episode whose parameters are to be drawn.
  public struct Episode: Sendable, Equatable {
    /// Index of the environment.
    public var environment: Int
    /// Number of the episode in its environment, from 0.
    public var number: Int
    /// Seed with which the episode is reset.
    public var seed: UInt64
    /// Number of steps that all environments together have taken before it, counted in multiples
    /// of their number: each is taken to be as far as this episode's.
    public var stepsBefore: Int

    /// Creates a description of an episode.
    public init(environment: Int, number: Int, seed: UInt64, stepsBefore: Int = 0) {
      (self.environment, self.number) = (environment, number)
      (self.seed, self.stepsBefore) = (seed, stepsBefore)
    }
  }

  /// Parameters in which an episode differs from those that are set, all with allowed values; must
  /// depend only on the episode.
  public let values: @Sendable (Episode) -> [ParameterValue]

  /// Creates a rule.
  public init(values: @escaping @Sendable (Episode) -> [ParameterValue]) {
    self.values = values
  }
}

/// A running episode as data, rebuilt by re-simulation and never by setting positions.
public struct EpisodeSnapshot: Sendable, Equatable {
  /// Number of the episode in its environment, from 0.
  public var episode: Int
  /// Seed with which the episode was reset.
  public var seed: UInt64
  /// Physical parameters of the episode, in table order.
  public var parameters: [ParameterValue]
  /// All actions since the reset, [steps × A], row by row, as they were asked for.
  public var actions: [Float]
  /// All disturbances that were asked for since the reset, [steps × D], row by row; empty if they
  /// are off.
  public var disturbances: [Float]
  /// Fingerprint of the simulator's state after the last action.
  public var stateHash: UInt64

  /// Creates a snapshot, for example from the contents of a file.
  public init(
    episode: Int, seed: UInt64, parameters: [ParameterValue], actions: [Float],
    disturbances: [Float] = [], stateHash: UInt64
  ) {
    self.episode = episode
    self.seed = seed
    self.parameters = parameters
    self.actions = actions
    self.disturbances = disturbances
    self.stateHash = stateHash
  }
}

/// An error that prevents an episode from being continued from its snapshot.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
  /// Re-simulation led to a different state, as another build or machine may do.
  case diverged(environment: Int, step: Int)
  /// The parameters or the action log do not fit the environment.
  case malformed(environment: Int)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .diverged(let environment, let step):
      "environment \(environment) differs from its saved state after re-simulating \(step) steps"
    case .malformed(let environment):
      "the saved episode of environment \(environment) does not fit the environment"
    }
  }
}

/// An error in making environments or setting their physical parameters.
public enum ParameterError: Error, Equatable, CustomStringConvertible {
  /// The environment has no parameter of this name; `known` lists those it has.
  case unknown(name: String, known: [String])
  /// The value is outside the parameter's range.
  case outOfRange(name: String, value: Double, range: ClosedRange<Double>)
  /// A number of environments below 1.
  case count(Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .unknown(let name, let known):
      "unknown parameter '\(name)'; there are \(known.joined(separator: ", "))"
    case .outOfRange(let name, let value, let range):
      "parameter \(name) must lie in \(range.lowerBound)...\(range.upperBound) and is \(value)"
    case .count(let count): "a vector needs at least 1 environment and not \(count)"
    }
  }
}
