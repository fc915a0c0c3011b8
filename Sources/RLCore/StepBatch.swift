public import LinearAlgebra

/// The results of one vectorised step, for N environments and O observation components.
public final class StepBatch {
  /// Number of environments.
  public let count: Int
  /// Observations, [N × O]; if an episode ended and the vector resets ended episodes, already the
  /// first observation of the next.
  public let observations: Matrix
  /// Last observations of episodes that ended, [N × O]; rows of running episodes are stale.
  public let finalObservations: Matrix
  /// The same without the distortion by a perturber, [N × O]: what the state itself is judged by.
  public let exactFinalObservations: Matrix
  /// Rewards of the step, [N].
  public let rewards: Vector
  /// What it means that a task ended, [N], nil if it goes on; if it ended, there is nothing to
  /// bootstrap from.
  public let ends: UnsafeMutablePointer<TaskEnd?>
  /// Whether each episode was truncated, [N]; if so, bootstrap from the final observation.
  public let truncated: UnsafeMutablePointer<Bool>
  /// Undiscounted returns of episodes that just ended, [N]; stale elsewhere.
  public let episodeReturns: UnsafeMutablePointer<Double>
  /// Lengths of episodes that just ended, in steps, [N]; stale elsewhere.
  public let episodeLengths: UnsafeMutablePointer<Int>

  /// Allocates buffers for `count` environments.
  public init(count: Int, observationWidth: Int) {
    self.count = count
    observations = Matrix(rows: count, columns: observationWidth)
    finalObservations = Matrix(rows: count, columns: observationWidth)
    exactFinalObservations = Matrix(rows: count, columns: observationWidth)
    rewards = Vector(count: count)
    ends = .allocate(capacity: count)
    ends.initialize(repeating: nil, count: count)
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
    return ends[i] != nil || truncated[i]
  }

  /// Whether an environment's task ended in the last step.
  @inlinable public func hasTerminated(_ i: Int) -> Bool {
    precondition(i >= 0 && i < count)
    return ends[i] != nil
  }

  /// Whether an environment's task ended in the last step, and as a failure.
  public func hasFailed(_ i: Int) -> Bool {
    precondition(i >= 0 && i < count)
    return ends[i]?.isSuccess == false
  }

  /// Returns how an environment's episode ended in the last step; nil if it goes on.
  public func end(of i: Int) -> EpisodeEnd? {
    precondition(i >= 0 && i < count)
    return ends[i].map { .task($0) } ?? (truncated[i] ? .timeLimit : nil)
  }

  /// Returns the undiscounted return of the episode that ended in the last step.
  @inlinable public func episodeReturn(_ i: Int) -> Double {
    precondition(i >= 0 && i < count)
    return episodeReturns[i]
  }

  /// Returns the length of the episode that ended in the last step, in steps.
  @inlinable public func episodeLength(_ i: Int) -> Int {
    precondition(i >= 0 && i < count)
    return episodeLengths[i]
  }

  deinit {
    ends.deallocate()
    truncated.deallocate()
    episodeReturns.deallocate()
    episodeLengths.deallocate()
  }
}
