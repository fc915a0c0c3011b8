public import LinearAlgebra

/// N environments of one kind, erased to what agents need.
///
/// Stepping is by range so that worker threads can each drive their own environments through a
/// whole rollout without meeting; ranges stepped at the same time must not overlap.  An episode
/// that ends is reset in the same step ("same-step autoreset") unless ``resetsEndedEpisodes`` is
/// off; its last observation is kept apart either way.
public protocol BatchedEnvironment: AnyObject {
  /// Spaces, names, units and limits.
  var specification: EnvironmentSpecification { get }
  /// Number of environments.
  var count: Int { get }
  /// What the last step returned.
  var batch: StepBatch { get }
  /// Whether an episode that ends is followed by the next one within the step; true by default.
  ///
  /// If false, an ended environment stays in its last state, to be looked at, and must be reset
  /// before it is stepped again.
  var resetsEndedEpisodes: Bool { get set }
  /// Resets all environments and starts their episode counts at 0.
  func reset(seeds: EpisodeSeeds)
  /// Resets one environment to an episode of a given seed, outside the seed schedule.
  func reset(environment: Int, seed: UInt64)
  /// Steps a range of environments by one time step; each must have been reset.
  func step(actions: Matrix, in range: Range<Int>)
  /// The running episode of one environment, to be continued elsewhere.
  func snapshot(of environment: Int) -> EpisodeSnapshot
  /// Rebuilds a running episode by re-simulating it from its parameters, seed and actions.
  func restore(_ snapshot: EpisodeSnapshot, to environment: Int) throws(SnapshotError)
  /// A fingerprint of one environment's full simulator state; it must have been reset.
  func stateHash(of environment: Int) -> UInt64
  /// Whether the environments are pushed from outside; false by default.
  ///
  /// Switched between episodes only, that is before `reset(seeds:)`.  Stays false if there are no
  /// ``disturbanceComponents``.
  var takesDisturbances: Bool { get set }
  /// [N × D]: what pushes the environments in their next step; nil unless ``takesDisturbances``.
  ///
  /// Written before every step, with values within the bounds of ``disturbanceComponents``.
  var disturbances: Matrix? { get }
  /// What a disturbance consists of; D components.
  var disturbanceComponents: [DisturbanceComponent] { get }
  /// What one environment looks like now, also from within its observer; ``Scene/empty`` if it has
  /// no picture or has not been reset.
  func scene(of environment: Int) -> Scene
  /// How a person drives an environment; ``ManualControls/none`` if nobody can.
  var manualControls: ManualControls { get }
  /// Lets somebody watch one environment from its next reset on, in place of who did before.
  func observe(environment: Int, with observer: (any EpisodeObserver)?)
  /// The physical parameters of one environment's next episode, in table order.
  func parameterValues(of environment: Int) -> [ParameterValue]
  /// Sets a physical parameter of one environment from its next reset on, or of all.
  func setParameter(_ name: String, to value: Double, of environment: Int?) throws(ParameterError)
  /// Draws parameters of each episode that begins; nil, the default, changes no bit.
  var episodeParameters: EpisodeParameters? { get set }
  /// The sequence of tasks it follows, if any.
  var tasks: TaskSchedule? { get }
  /// Changes physical parameters from now on as a sequence of tasks says.
  ///
  /// At the end of a task every environment's running episode is truncated in the same step, its
  /// last observation kept to bootstrap from, and the next one starts with the new parameters.
  /// Observers are not told: an episode that is cut has no end for them.  Called before
  /// `reset(seeds:)`.
  ///
  /// - Parameters:
  ///   - tasks: The tasks; whatever they set must be allowed.
  ///   - steps: Steps that all environments together have taken already, all of them equally many.
  /// - Throws: If the current task sets what can't be set.
  func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError)
  /// What the episodes of each task came to since this was asked for last, in order of tasks; the
  /// last entry is of the current task.  Empty if there are no tasks.
  func takeTaskReturns() -> [TaskReturns]
}

extension BatchedEnvironment {
  /// The physical parameters of the first environment's next episode, in table order.
  public var parameterValues: [ParameterValue] { parameterValues(of: 0) }

  /// Sets a physical parameter of all environments from their next reset on.
  public func setParameter(_ name: String, to value: Double) throws(ParameterError) {
    try setParameter(name, to: value, of: nil)
  }

  /// Sets the physical parameters that differ from what they are, of one environment from its next
  /// reset on, or of all.
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

/// How the physical parameters of each episode are drawn: a randomisation, a curriculum.
public struct EpisodeParameters: Sendable {
  /// The parameters that an episode differs in from those that are set, all allowed; must depend on
  /// nothing but the environment's index, the episode's number in it and the episode's seed.
  public let values:
    @Sendable (_ environment: Int, _ episode: Int, _ seed: UInt64) -> [ParameterValue]

  /// Draws by a rule.
  public init(
    values:
      @escaping @Sendable (_ environment: Int, _ episode: Int, _ seed: UInt64) -> [ParameterValue]
  ) {
    self.values = values
  }
}

/// A running episode as data: never positions poked into a live world.
public struct EpisodeSnapshot: Sendable, Equatable {
  /// Which episode of its environment it is.
  public var episode: Int
  /// The seed it was reset with.
  public var seed: UInt64
  /// Its physical parameters, in table order.
  public var parameters: [ParameterValue]
  /// [steps × A], row by row: every action since the reset.
  public var actions: [Float]
  /// [steps × D], row by row: every disturbance since the reset; empty if they are off.
  public var disturbances: [Float]
  /// Fingerprint of the simulator after the last action.
  public var stateHash: UInt64

  /// Gathers a snapshot read from a file.
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

/// A snapshot that can't be continued.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
  /// Re-simulation arrived at another state: another build or machine.
  case diverged(environment: Int, step: Int)
  /// The parameters or the action log do not fit the environment.
  case malformed(environment: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .diverged(let environment, let step):
      "environment \(environment) re-simulated \(step) steps to another state than was saved"
    case .malformed(let environment):
      "the saved episode of environment \(environment) does not fit the environment"
    }
  }
}

/// A physical parameter that can't be set.
public enum ParameterError: Error, Equatable {
  /// No such parameter; the names there are.
  case unknown(name: String, known: [String])
  /// Outside its range.
  case outOfRange(name: String, value: Double, range: ClosedRange<Double>)
}
