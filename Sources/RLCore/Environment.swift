public import LinearAlgebra

/// What one step returned besides the observation.
@frozen public struct StepOutcome: Sendable, Equatable {
  /// The reward, as the reference computes it.
  public var reward: Double
  /// Whether the task itself ended; time limits are not the environment's business.
  public var terminated: Bool

  /// Pairs a reward with the end of the task.
  @inlinable public init(reward: Double, terminated: Bool) {
    self.reward = reward
    self.terminated = terminated
  }
}

/// One simulated task.
///
/// A conforming type holds the state of a single episode.  `reset` makes everything anew (a Box2D
/// world included), so nothing of an earlier episode can leak into a later one: the same generator
/// state and parameters give the same episode, whatever came before.
public protocol Environment: ~Copyable {
  /// The task's physical constants.
  associatedtype Parameters: EnvironmentParameters

  /// Spaces, names, units and limits.
  static var specification: EnvironmentSpecification { get }
  /// The constants that may be varied.
  static var parameterTable: [PhysicalParameter<Parameters>] { get }

  /// The constants of the next episode; a change takes effect at the next reset.
  var parameters: Parameters { get set }

  /// Makes an environment that must be reset before it can step.
  init(parameters: Parameters)

  /// Starts an episode and writes its first observation [O].
  mutating func reset(using random: inout NumPyRandom, observation: inout MutableSpan<Float>)

  /// Advances by one time step.
  ///
  /// - Parameters:
  ///   - action: [A], clipped by the environment as its reference does.
  ///   - observation: [O], the state after the step.
  /// - Returns: The reward and whether the task ended.
  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome

  /// What may push the environment from outside, if anything; D components.
  static var disturbanceComponents: [DisturbanceComponent] { get }

  /// Pushes during the next step only.
  ///
  /// A disturbance of zeros changes no bit of the trajectory.
  ///
  /// - Parameter disturbance: [D], within the components' bounds.
  mutating func disturb(_ disturbance: Span<Float>)

  /// What the environment looks like now; drawing changes no bit of the simulation.
  func scene() -> Scene

  /// How a person drives it.
  static var manualControls: ManualControls { get }

  /// Feeds every number the future depends on to a hasher.
  func hashState(into hasher: inout StateHasher)

  /// Steps a range of environments; one requirement, so that its body is specialised where the
  /// environment is defined and the loop pays no dispatch.
  static func stepAll(
    _ environments: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix,
    batch: StepBatch)
}

/// One component of an environment's disturbance port: which body is pushed, along what.
public struct DisturbanceComponent: Sendable, Equatable {
  /// What it pushes, for example "hull force along x".
  public let name: String
  /// Its unit.
  public let unit: String
  /// Its greatest size; a disturbance lies within ± this.
  public let bound: Float

  /// Describes a component.
  public init(_ name: String, unit: String, bound: Float) {
    self.name = name
    self.unit = unit
    self.bound = bound
  }
}

extension Environment where Self: ~Copyable {
  /// Nothing can push it unless it says otherwise.
  public static var disturbanceComponents: [DisturbanceComponent] { [] }
  /// Does nothing.
  public mutating func disturb(_ disturbance: Span<Float>) {}

  // Inlinable: a conformance then emits the loop specialised for its own step (7.5 → 4.7 ns/step).
  @inlinable public static func stepAll(
    _ environments: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix,
    batch: StepBatch
  ) {
    for i in range {
      let action = actions.row(i)
      let row = batch.observations.mutableRow(i)
      var observation = row.mutableSpan
      let outcome = environments[i].step(action: action.span, observation: &observation)
      batch.rewards[i] = Float(outcome.reward)
      batch.terminated[i] = outcome.terminated
    }
  }
}

/// What one vectorised step returns, for N environments and O observation components.
public final class StepBatch {
  /// Number of environments.
  public let count: Int
  /// [N × O]: where an episode ended, already the first observation of the next.
  public let observations: Matrix
  /// [N × O]: the last observation of the episode that ended; rows of running episodes are stale.
  public let finalObservations: Matrix
  /// [N]: the rewards of the step.
  public let rewards: Vector
  /// [N]: the task ended; nothing to bootstrap from.
  public let terminated: UnsafeMutablePointer<Bool>
  /// [N]: the time limit struck; bootstrap from the final observation.
  public let truncated: UnsafeMutablePointer<Bool>
  /// [N]: undiscounted return of the episode that just ended; stale elsewhere.
  public let episodeReturns: UnsafeMutablePointer<Double>
  /// [N]: length of the episode that just ended; stale elsewhere.
  public let episodeLengths: UnsafeMutablePointer<Int>

  /// Allocates buffers for `count` environments.
  public init(count: Int, observationWidth: Int) {
    self.count = count
    observations = Matrix(rows: count, columns: observationWidth)
    finalObservations = Matrix(rows: count, columns: observationWidth)
    rewards = Vector(count: count)
    terminated = .allocate(capacity: count)
    terminated.initialize(repeating: false, count: count)
    truncated = .allocate(capacity: count)
    truncated.initialize(repeating: false, count: count)
    episodeReturns = .allocate(capacity: count)
    episodeReturns.initialize(repeating: 0, count: count)
    episodeLengths = .allocate(capacity: count)
    episodeLengths.initialize(repeating: 0, count: count)
  }

  /// Whether an environment's episode ended in the last step, by termination or truncation.
  @inlinable public func hasEnded(_ i: Int) -> Bool {
    precondition(i >= 0 && i < count)
    return terminated[i] || truncated[i]
  }

  /// Whether an environment's task ended in the last step.
  @inlinable public func hasTerminated(_ i: Int) -> Bool {
    precondition(i >= 0 && i < count)
    return terminated[i]
  }

  /// Undiscounted return of the episode that ended in the last step.
  @inlinable public func episodeReturn(_ i: Int) -> Double {
    precondition(i >= 0 && i < count)
    return episodeReturns[i]
  }

  /// Length of the episode that ended in the last step.
  @inlinable public func episodeLength(_ i: Int) -> Int {
    precondition(i >= 0 && i < count)
    return episodeLengths[i]
  }

  deinit {
    terminated.deallocate()
    truncated.deallocate()
    episodeReturns.deallocate()
    episodeLengths.deallocate()
  }
}
