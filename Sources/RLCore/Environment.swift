public import LinearAlgebra

/// The results of one step besides the observation.
@frozen public struct StepOutcome: Sendable, Equatable {
  /// Reward of the step, as computed by the reference.
  public var reward: Double
  /// What it means that the task itself ended; nil if it goes on.
  ///
  /// Time limits are applied outside the environment.
  public var end: TaskEnd?

  /// Whether the task itself ended.
  @inlinable public var terminated: Bool { end != nil }

  /// Creates an outcome, by default of a task that goes on.
  @inlinable public init(reward: Double, end: TaskEnd? = nil) {
    self.reward = reward
    self.end = end
  }
}

/// One episode of a simulated task.
///
/// A value is a running episode: it is created at the episode's start and discarded when the next
/// one begins, so nothing of an earlier episode can leak into a later one.  The same parameters and
/// generator state produce the same episode.
///
/// Required are ``specification``, ``init(parameters:using:observation:)``,
/// ``step(action:observation:)`` and ``hashState(into:)``.  Everything else is optional and has a
/// default: physical parameters, disturbances, a picture, manual controls, a model for planners and a
/// simulator.
public protocol Environment: ~Copyable {
  /// Physical constants of the task; ``NoParameters`` if none may be varied.
  associatedtype Parameters: EnvironmentParameters = NoParameters

  /// Spaces, names, units and limits of the environment.
  static var specification: EnvironmentSpecification { get }
  /// Table of the physical constants that may be varied.
  static var parameterTable: [PhysicalParameter<Parameters>] { get }

  /// Starts an episode.
  ///
  /// - Parameters:
  ///   - parameters: Physical constants of this episode.
  ///   - random: Generator of the episode, for drawing the start; keep a copy to draw later.
  ///   - observation: Destination of the first observation, [O].
  init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>)

  /// Advances the episode by one time step.
  ///
  /// - Parameters:
  ///   - action: Action, [A], clipped by the environment as in its reference.
  ///   - observation: Destination of the observation after the step, [O].
  /// - Returns: The reward and, if the task ended, what that means: one of the specification's ends.
  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome

  /// Feeds every number on which the future depends to a hasher.
  func hashState(into hasher: inout StateHasher)

  /// The D components of an external disturbance; none by default.
  static var disturbanceComponents: [DisturbanceComponent] { get }

  /// Applies a disturbance during the next step only.
  ///
  /// A disturbance of zeros changes no bit of the trajectory.
  ///
  /// - Parameter disturbance: Disturbance, [D], within the components' bounds.
  mutating func disturb(_ disturbance: Span<Float>)

  /// Returns a picture of the current state; ``Scene/empty`` if the environment has none.
  ///
  /// Drawing changes no bit of the simulation.
  func scene() -> Scene

  /// Keys and axes for driving the environment by hand; ``ManualControls/none`` if unsupported.
  static var manualControls: ManualControls { get }

  /// Copies the present state for planners.
  ///
  /// - Parameter parameters: Physical constants of the copy.
  /// - Returns: The copy; nil, the default, if the state can't be copied.
  func planningModel(_ parameters: Parameters) -> (any PlanningModel)?

  /// Makes a simulator with `count` slots, which by default steps environments one by one.
  static func makeSimulator(count: Int) -> any Simulator

  /// Starts episodes in empty slots; a requirement so that its default body is specialised in the
  /// module that defines the environment.
  ///
  /// - Parameters:
  ///   - states: States, [N], uninitialised in the slots of the episodes.
  ///   - episodes: Slots and seeds of the episodes, each slot at most once.
  ///   - parameters: Physical constants of each slot's episode, [N].
  ///   - observations: Destination of the first observations, [N × O].
  static func startAll(
    _ states: UnsafeMutablePointer<Self>, _ episodes: Span<EpisodeBeginning>,
    parameters: UnsafePointer<Parameters>, observations: Matrix)

  /// Steps a range of slots; a requirement for the same reason as
  /// ``startAll(_:_:parameters:observations:)``.
  static func stepAll(
    _ states: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix, batch: StepBatch)
}

/// One component of an environment's disturbance: which body is pushed, and along which axis.
public struct DisturbanceComponent: Sendable, Equatable {
  /// Name of the component, for example "hull force along x".
  public let name: String
  /// Unit of the component.
  public let unit: String
  /// Largest magnitude: a disturbance lies within ± this bound.
  public let bound: Float

  /// Creates a component.
  public init(_ name: String, unit: String, bound: Float) {
    self.name = name
    self.unit = unit
    self.bound = bound
  }
}

extension Environment where Self: ~Copyable {
  /// No disturbance components, by default.
  public static var disturbanceComponents: [DisturbanceComponent] { [] }
  /// Does nothing, by default.
  public mutating func disturb(_ disturbance: Span<Float>) {}
  /// Returns an empty scene, by default.
  public func scene() -> Scene { .empty }
  /// No manual controls, by default.
  public static var manualControls: ManualControls { .none }
  /// Returns nil, by default.
  public func planningModel(_ parameters: Parameters) -> (any PlanningModel)? { nil }
  /// Makes a simulator that steps environments one by one.
  public static func makeSimulator(count: Int) -> any Simulator {
    EnvironmentSimulator<Self>(count: count)
  }

  // Inlinable: a conformance then emits the loop specialised for its own step (7.5 → 4.7 ns/step).
  @inlinable public static func stepAll(
    _ states: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix, batch: StepBatch
  ) {
    for i in range {
      let action = actions.row(i)
      let row = batch.observations.mutableRow(i)
      var observation = row.mutableSpan
      let outcome = states[i].step(action: action.span, observation: &observation)
      batch.rewards[i] = Float(outcome.reward)
      batch.ends[i] = outcome.end
    }
  }

  @inlinable public static func startAll(
    _ states: UnsafeMutablePointer<Self>, _ episodes: Span<EpisodeBeginning>,
    parameters: UnsafePointer<Parameters>, observations: Matrix
  ) {
    for k in episodes.indices {
      let slot = episodes[k].slot
      var random = NumPyRandom(seed: episodes[k].seed)
      let row = observations.mutableRow(slot)
      var observation = row.mutableSpan
      (states + slot).initialize(
        to: Self(parameters: parameters[slot], using: &random, observation: &observation))
    }
  }
}

extension Environment where Self: ~Copyable, Parameters == NoParameters {
  /// An empty table, since there are no parameters.
  public static var parameterTable: [PhysicalParameter<NoParameters>] { [] }
}

extension Environment where Self: ~Copyable {
  /// The environment's physical parameters with their nominal values.
  public static var parameterDescriptions: [ParameterDescription] {
    let nominal = Parameters()
    return parameterTable.map {
      ParameterDescription(
        name: $0.name, unit: $0.unit, nominal: $0.value(in: nominal), range: $0.range,
        isReversible: $0.isReversible, summary: $0.summary)
    }
  }
}
