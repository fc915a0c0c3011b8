public import LinearAlgebra

/// The states of N environments, advanced in blocks of slots.
///
/// A simulator knows nothing of returns, limits, logs or tasks, which ``VectorEnvironment``
/// manages. Slots are started and stepped in blocks, so that a simulator may advance many states at
/// once.  Calls for different slots may come from different threads at the same time.
public protocol Simulator: AnyObject {
  /// Number of slots from which on stepping a block costs least for each; 1, the default, if they
  /// are stepped one by one.
  var blockSize: Int { get }

  /// Sets the physical parameters of a slot from its next start on.
  ///
  /// - Parameters:
  ///   - values: Values in table order, all allowed; nominal until this is called.
  ///   - slot: Index of the slot.
  func setParameters(_ values: Span<Double>, of slot: Int)

  /// Starts episodes, replacing any previous states of their slots.
  ///
  /// - Parameters:
  ///   - episodes: Slots and seeds of the episodes, each slot at most once.
  ///   - observations: Destination of the first observations, [N × O].
  func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix)

  /// Steps a range of slots, all of which must have been started.
  ///
  /// - Parameters:
  ///   - range: Slots to step.
  ///   - actions: Actions, [N × A].
  ///   - disturbances: Disturbances for this step only, [N × D]; nil if they are off.
  ///   - batch: Destination of observations, rewards and ends.
  func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch)

  /// Feeds every number on which the future of a slot depends to a hasher.
  func hashState(of slot: Int, into hasher: inout StateHasher)

  /// Returns a picture of a slot's current state; ``Scene/empty`` before its first start.
  func scene(of slot: Int) -> Scene

  /// Returns a copy of a slot's current state for planners; nil, the default, if it can't be copied.
  func planningModel(of slot: Int, _ parameters: ModelParameters) -> (any PlanningModel)?
}

extension Simulator {
  /// One slot, by default.
  public var blockSize: Int { 1 }
  /// Nil, by default.
  public func planningModel(
    of slot: Int, _ parameters: ModelParameters
  ) -> (any PlanningModel)? { nil }
}

/// The slot of an episode and the seed with which it starts.
@frozen public struct EpisodeBeginning: Sendable, Equatable {
  /// Index of the slot, that is, of the environment in its vector.
  public var slot: Int
  /// Seed of the episode's generator.
  public var seed: UInt64

  /// Creates a pair of slot and seed.
  @inlinable public init(slot: Int, seed: UInt64) {
    self.slot = slot
    self.seed = seed
  }
}

/// Steps environments of one type one by one.
package final class EnvironmentSimulator<E: Environment & ~Copyable>: Simulator {
  private let count: Int
  private let states: UnsafeMutablePointer<E>
  private let parameters: UnsafeMutablePointer<E.Parameters>
  /// Whether each slot holds a value, [N]; slots that were never started do not.
  private let holdsState: UnsafeMutablePointer<Bool>

  /// Creates a simulator with empty slots and nominal parameters.
  package init(count: Int) {
    self.count = count
    states = .allocate(capacity: count)
    parameters = .allocate(capacity: count)
    parameters.initialize(repeating: E.Parameters(), count: count)
    holdsState = .allocate(capacity: count)
    holdsState.initialize(repeating: false, count: count)
  }

  deinit {
    for slot in 0..<count where holdsState[slot] { (states + slot).deinitialize(count: 1) }
    states.deallocate()
    parameters.deinitialize(count: count)
    parameters.deallocate()
    holdsState.deallocate()
  }

  package func setParameters(_ values: Span<Double>, of slot: Int) {
    for (entry, j) in zip(E.parameterTable, values.indices) {
      entry.store(values[j], in: &parameters[slot])
    }
  }

  package func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    for k in episodes.indices {
      let slot = episodes[k].slot
      if holdsState[slot] { (states + slot).deinitialize(count: 1) }
      holdsState[slot] = true
    }
    E.startAll(states, episodes, parameters: parameters, observations: observations)
  }

  package func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    if let disturbances { for i in range { states[i].disturb(disturbances.row(i).span) } }
    E.stepAll(states, in: range, actions: actions, batch: batch)
  }

  package func hashState(of slot: Int, into hasher: inout StateHasher) {
    precondition(holdsState[slot], "environment \(slot) must be reset before its state is hashed")
    states[slot].hashState(into: &hasher)
  }

  package func scene(of slot: Int) -> Scene { holdsState[slot] ? states[slot].scene() : .empty }

  package func planningModel(
    of slot: Int, _ known: ModelParameters
  ) -> (any PlanningModel)? {
    precondition(holdsState[slot], "environment \(slot) must be reset before its state is copied")
    return states[slot].planningModel(known == .nominal ? E.Parameters() : parameters[slot])
  }
}
