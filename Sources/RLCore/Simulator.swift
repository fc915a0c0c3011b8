public import LinearAlgebra

/// The states of N environments side by side, and how they advance.
///
/// It knows nothing of returns, limits, logs or tasks, which ``VectorEnvironment`` keeps.  Slots are
/// started and stepped in blocks, so that a simulator may advance many states at once.  Calls for
/// different slots may come from different threads at the same time.
public protocol Simulator: AnyObject {
  /// Sets the physical parameters of a slot from its next start on.
  ///
  /// - Parameters:
  ///   - values: In table order, each allowed; nominal until this is called.
  ///   - slot: Which slot.
  func setParameters(_ values: UnsafeBufferPointer<Double>, of slot: Int)

  /// Starts episodes, in place of whatever the slots held.
  ///
  /// - Parameters:
  ///   - episodes: Slots and seeds, each slot at most once.
  ///   - observations: [N × O], where the first observations go.
  func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix)

  /// Steps a range of slots, all of which have been started.
  ///
  /// - Parameters:
  ///   - range: The slots.
  ///   - actions: [N × A].
  ///   - disturbances: [N × D], for this step only; nil if disturbances are off.
  ///   - batch: Where observations, rewards and terminations go.
  func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch)

  /// Feeds every number the future of a slot depends on to a hasher.
  func hashState(of slot: Int, into hasher: inout StateHasher)

  /// What a slot looks like now; ``Scene/empty`` before its first start.
  func scene(of slot: Int) -> Scene
}

/// A slot and the seed of the episode that starts in it.
@frozen public struct EpisodeBeginning: Sendable, Equatable {
  /// Which environment of the vector.
  public var slot: Int
  /// The seed of the episode's generator.
  public var seed: UInt64

  /// Pairs a slot with a seed.
  @inlinable public init(slot: Int, seed: UInt64) {
    self.slot = slot
    self.seed = seed
  }
}

/// Steps the values of one environment type one by one.
final class EnvironmentSimulator<E: Environment & ~Copyable>: Simulator {
  private let count: Int
  private let states: UnsafeMutablePointer<E>
  private let parameters: UnsafeMutablePointer<E.Parameters>
  /// Memory of slots that were never started holds no value.
  private let holdsState: UnsafeMutablePointer<Bool>

  init(count: Int) {
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

  func setParameters(_ values: UnsafeBufferPointer<Double>, of slot: Int) {
    for (entry, value) in zip(E.parameterTable, values) {
      parameters[slot][keyPath: entry.keyPath] = value
    }
  }

  func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    for k in episodes.indices {
      let slot = episodes[k].slot
      if holdsState[slot] { (states + slot).deinitialize(count: 1) }
      holdsState[slot] = true
    }
    E.startAll(states, episodes, parameters: parameters, observations: observations)
  }

  func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    if let disturbances { for i in range { states[i].disturb(disturbances.row(i).span) } }
    E.stepAll(states, in: range, actions: actions, batch: batch)
  }

  func hashState(of slot: Int, into hasher: inout StateHasher) {
    precondition(holdsState[slot], "environment \(slot) must be reset before its state is hashed")
    states[slot].hashState(into: &hasher)
  }

  func scene(of slot: Int) -> Scene { holdsState[slot] ? states[slot].scene() : .empty }
}
