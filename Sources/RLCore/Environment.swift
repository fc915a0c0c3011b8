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

/// One episode of a simulated task.
///
/// A value is a running episode: it is made at its start and given up when the next one begins, so
/// nothing of an earlier episode can leak into a later one.  The same parameters and generator state
/// give the same episode.
///
/// Required are ``specification``, ``init(parameters:using:observation:)``,
/// ``step(action:observation:)`` and ``hashState(into:)``.  All else is a capability with a default:
/// physical parameters, disturbances, a picture, manual controls, and a simulator of its own.
public protocol Environment: ~Copyable {
  /// The task's physical constants; ``NoParameters`` if none may be varied.
  associatedtype Parameters: EnvironmentParameters = NoParameters

  /// Spaces, names, units and limits.
  static var specification: EnvironmentSpecification { get }
  /// The constants that may be varied.
  static var parameterTable: [PhysicalParameter<Parameters>] { get }

  /// Starts an episode.
  ///
  /// - Parameters:
  ///   - parameters: The constants of this episode.
  ///   - random: The episode's generator, to draw the start from; keep a copy to draw later.
  ///   - observation: [O], to be overwritten with the first observation.
  init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>)

  /// Advances by one time step.
  ///
  /// - Parameters:
  ///   - action: [A], clipped by the environment as its reference does.
  ///   - observation: [O], the state after the step.
  /// - Returns: The reward and whether the task ended.
  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome

  /// Feeds every number the future depends on to a hasher.
  func hashState(into hasher: inout StateHasher)

  /// What may push the environment from outside; D components, none by default.
  static var disturbanceComponents: [DisturbanceComponent] { get }

  /// Pushes during the next step only.
  ///
  /// A disturbance of zeros changes no bit of the trajectory.
  ///
  /// - Parameter disturbance: [D], within the components' bounds.
  mutating func disturb(_ disturbance: Span<Float>)

  /// What the environment looks like now; ``Scene/empty`` if it has no picture.
  ///
  /// Drawing changes no bit of the simulation.
  func scene() -> Scene

  /// How a person drives it; ``ManualControls/none`` if nobody can.
  static var manualControls: ManualControls { get }

  /// Makes the simulator of `count` slots; by default one that steps them one by one.
  static func makeSimulator(count: Int) -> any Simulator

  /// Starts episodes in slots that hold none; a requirement so that its default body is specialised
  /// in the module that defines the environment.
  ///
  /// - Parameters:
  ///   - states: [N], uninitialised in the slots of the episodes.
  ///   - episodes: Slots and seeds, each slot at most once.
  ///   - parameters: [N], the constants of each slot's episode.
  ///   - observations: [N × O], where the first observations go.
  static func startAll(
    _ states: UnsafeMutablePointer<Self>, _ episodes: Span<EpisodeBeginning>,
    parameters: UnsafePointer<Parameters>, observations: Matrix)

  /// Steps a range of slots; a requirement for the same reason as
  /// ``startAll(_:_:parameters:observations:)``.
  static func stepAll(
    _ states: UnsafeMutablePointer<Self>, in range: Range<Int>, actions: Matrix, batch: StepBatch)
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
  /// No picture.
  public func scene() -> Scene { .empty }
  /// Nobody can drive it.
  public static var manualControls: ManualControls { .none }
  /// Steps slots one by one.
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
      batch.terminated[i] = outcome.terminated
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
  /// Nothing can be varied.
  public static var parameterTable: [PhysicalParameter<NoParameters>] { [] }
}

extension Environment where Self: ~Copyable {
  /// The physical parameters with their nominal values.
  public static var parameterDescriptions: [ParameterDescription] {
    let nominal = Parameters()
    return parameterTable.map {
      ParameterDescription(
        name: $0.name, unit: $0.unit, nominal: nominal[keyPath: $0.keyPath], range: $0.range,
        isReversible: $0.isReversible, summary: $0.summary)
    }
  }
}
