internal import LinearAlgebra

/// Simulates environments behind a wrapping, by the simulator of the environments themselves.
final class WrappedSimulator: Simulator {
  /// What is remembered of one slot's episode.
  private struct Memory {
    var stream = RandomStream(seed: 0, name: "sticky-actions")
    /// The environment's own steps so far.
    var steps = 0
  }

  private let base: any Simulator
  private let wrapping: EnvironmentWrapping
  private let bounds: (low: [Float], high: [Float])?
  private let width: Int
  private let episodeSteps: Int
  private let memories: UnsafeMutablePointer<Memory>
  private let count: Int
  /// Actions that act, [N × A]; from step to step the last ones.
  private let acting: Matrix
  /// Results of the environments' own steps.
  private let inner: StepBatch
  /// The last observations, the newest last, [N × history · O].
  private let frames: Matrix

  /// Creates a simulator of wrapped environments.
  ///
  /// - Parameters:
  ///   - base: Simulator of the environments themselves, with empty slots.
  ///   - count: Number of slots.
  ///   - specification: Specification of the environments themselves.
  ///   - wrapping: The wrapping.
  init(
    _ base: any Simulator, count: Int, of specification: EnvironmentSpecification,
    in wrapping: EnvironmentWrapping
  ) {
    (self.base, self.count, self.wrapping) = (base, count, wrapping)
    bounds =
      if case .box(let low, let high) = specification.actionSpace { (low, high) } else { nil }
    width = specification.observationWidth
    episodeSteps = wrapping.episodeSteps ?? specification.episodeSteps
    memories = .allocate(capacity: count)
    memories.initialize(repeating: Memory(), count: count)
    acting = Matrix(rows: count, columns: specification.actionWidth)
    inner = StepBatch(count: count, observationWidth: width)
    frames = Matrix(rows: count, columns: wrapping.history * width)
  }

  deinit { memories.deallocate() }

  var blockSize: Int { base.blockSize }

  func setParameters(_ values: Span<Double>, of slot: Int) { base.setParameters(values, of: slot) }

  func start(_ episodes: Span<EpisodeBeginning>, observations: Matrix) {
    base.start(episodes, observations: inner.observations)
    for k in episodes.indices {
      let slot = episodes[k].slot
      memories[slot] = Memory(
        stream: RandomStream(seed: episodes[k].seed, name: "sticky-actions"), steps: 0)
      for _ in 0..<wrapping.history { remember(slot) }
      observe(slot, into: observations)
    }
  }

  func step(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    for i in range { choose(i, actions) }
    base.step(range, actions: acting, disturbances: disturbances, batch: inner)
    for i in range {
      memories[i].steps += 1
      (batch.rewards[i], batch.ends[i]) = (inner.rewards[i], inner.ends[i])
    }
    for _ in 1..<wrapping.actionRepeat {
      // Whatever runs on is stepped in blocks as large as the episodes' ends allow.
      var first = range.lowerBound
      while first < range.upperBound {
        var last = first
        while last < range.upperBound, runsOn(last, batch) { last += 1 }
        if last > first { stepAgain(first..<last, disturbances, batch) }
        first = last + 1
      }
    }
    for i in range {
      remember(i)
      observe(i, into: batch.observations)
    }
  }

  private func runsOn(_ i: Int, _ batch: StepBatch) -> Bool {
    batch.ends[i] == nil && memories[i].steps < episodeSteps
  }

  private func stepAgain(_ range: Range<Int>, _ disturbances: Matrix?, _ batch: StepBatch) {
    base.step(range, actions: acting, disturbances: disturbances, batch: inner)
    for i in range {
      memories[i].steps += 1
      batch.rewards[i] += inner.rewards[i]
      batch.ends[i] = inner.ends[i]
    }
  }

  /// Sets the action that acts in a slot.
  private func choose(_ i: Int, _ actions: Matrix) {
    if wrapping.stickyProbability > 0 {
      // Drawn in every step, so that what follows does not depend on the choice.
      let isStuck = Double(memories[i].stream.uniform()) < wrapping.stickyProbability
      if isStuck && memories[i].steps > 0 { return }
    }
    acting.copyRow(i, from: actions, row: i)
    guard let bounds else { return }
    for j in bounds.low.indices {
      if let range = wrapping.actionRange {
        let part = (actions[i, j] - range.lowerBound) / (range.upperBound - range.lowerBound)
        acting[i, j] = bounds.low[j] + (bounds.high[j] - bounds.low[j]) * part
      }
      // As the environment does; so that what acts again is what acted.
      acting[i, j] = min(max(acting[i, j], bounds.low[j]), bounds.high[j])
    }
  }

  /// Appends a slot's newest observation to its last ones.
  private func remember(_ i: Int) {
    for j in 0..<frames.columns - width { frames[i, j] = frames[i, j + width] }
    for j in 0..<width { frames[i, frames.columns - width + j] = inner.observations[i, j] }
  }

  private func observe(_ i: Int, into observations: Matrix) {
    for j in 0..<frames.columns { observations[i, j] = frames[i, j] }
    guard wrapping.hasTime else { return }
    observations[i, frames.columns] = Float(memories[i].steps) / Float(episodeSteps)
  }

  func hashState(of slot: Int, into hasher: inout StateHasher) {
    base.hashState(of: slot, into: &hasher)
    hasher.combine(memories[slot].steps)
    if wrapping.stickyProbability > 0 {
      for word in memories[slot].stream.words { hasher.combine(word) }
      for j in 0..<acting.columns where memories[slot].steps > 0 { hasher.combine(acting[slot, j]) }
    }
    for j in 0..<frames.columns { hasher.combine(frames[slot, j]) }
  }

  func scene(of slot: Int) -> Scene { base.scene(of: slot) }
}
