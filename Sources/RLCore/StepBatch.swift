public import LinearAlgebra

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
