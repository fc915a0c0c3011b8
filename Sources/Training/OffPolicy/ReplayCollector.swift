public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage

/// An observer of a collector's policy and of its first environment.
public protocol ReplayObserver: AnyObject {
  /// Called after the policy has drawn actions for normalised observations [N × O]; not called for
  /// random actions.
  func didChoose(for observations: Matrix)
  /// Called after the first environment has taken a step.
  func didStep(reward: Float, hasEnded: Bool, hasTerminated: Bool)
}

/// A collector that steps environments with a policy and stores transitions in a replay buffer, in
/// the order of the environments.
///
/// Actions are stored as sampled; they are brought within bounds only for the environments.
public final class ReplayCollector {
  /// Statistics of the most recently finished episodes.
  public private(set) var recentEpisodes = RecentEpisodes()
  /// Episodes that ended in the last call of ``collect(steps:isRandom:)``, in order of time.
  public private(set) var finishedEpisodes: [FinishedEpisode] = []
  /// Whether the policy has chosen a NaN action; no environment receives one.
  public private(set) var hasLostPolicy = false
  /// Observer of the policy and of the first environment.
  public var observer: (any ReplayObserver)?
  /// Numbers of episodes that transitions hold behind both observations; nil for none.
  private let context: (any EpisodeContext)?
  private let environment: any BatchedEnvironment
  private let policy: MLPPolicy
  private let sampler: any ActionSampler
  private let buffer: ReplayBuffer
  private let workspace: MLP.Workspace
  private let normalized: Matrix
  private let before: Matrix
  /// Observations before and after a step with the context's numbers, [N × (O + P)]; without a
  /// context no rows.
  private let joinedBefore: Matrix
  private let joinedAfter: Matrix
  private let sampled: Matrix
  private let actions: Matrix
  private var streams: [RandomStream]
  private var queues: [MultiStepQueue]
  private var steps = 0
  private let pool: WorkerPool
  /// Environments that are stepped on one thread each.
  private let blocks: [Range<Int>]

  /// Creates a collector and allocates its buffers.
  ///
  /// - Parameters:
  ///   - environment: Environments, which must have been reset.
  ///   - policy: The policy that chooses actions.
  ///   - sampler: Sampler of the policy's actions, with one row per environment.
  ///   - buffer: The buffer that receives transitions.
  ///   - multiStep: Number of rewards in a transition, n.
  ///   - discount: Discount γ per step.
  ///   - context: Numbers of episodes that the buffer holds behind both observations.
  ///   - pool: Threads on which environments are stepped.
  ///   - seed: Seed of the run.
  public init(
    _ environment: any BatchedEnvironment, policy: MLPPolicy, sampler: any ActionSampler,
    buffer: ReplayBuffer, multiStep: Int, discount: Float, context: (any EpisodeContext)? = nil,
    pool: WorkerPool, seed: UInt64
  ) {
    let (count, specification) = (environment.count, environment.specification)
    let (observationWidth, actionWidth) = (
      specification.observationWidth, specification.actionWidth
    )
    self.environment = environment
    self.policy = policy
    self.sampler = sampler
    self.buffer = buffer
    workspace = policy.network.makeWorkspace(rows: count)
    normalized = Matrix(rows: count, columns: observationWidth)
    before = Matrix(rows: count, columns: observationWidth)
    self.context = context
    let width = observationWidth + (context?.values.columns ?? 0)
    joinedBefore = Matrix(rows: context == nil ? 0 : count, columns: width)
    joinedAfter = Matrix(rows: context == nil ? 0 : count, columns: width)
    sampled = Matrix(rows: count, columns: actionWidth)
    actions = Matrix(rows: count, columns: actionWidth)
    streams = (0..<count).map { RandomStream(seed: seed, name: "action-noise", index: $0) }
    queues = (0..<count).map { _ in MultiStepQueue(steps: multiStep, discount: discount) }
    self.pool = pool
    blocks = Self.blocks(of: count, threads: pool.threads, blockSize: environment.blockSize)
  }

  /// Returns the blocks into which environments are split, of at least eight environments and of as many
  /// as are best stepped together: fewer are stepped sooner than a thread wakes up.
  static func blocks(of environments: Int, threads: Int, blockSize: Int) -> [Range<Int>] {
    let least = max(8, blockSize)
    let size = max((environments + threads - 1) / threads, least)
    return stride(from: 0, to: environments, by: size).map { $0..<min($0 + size, environments) }
  }

  /// Number of steps of all environments that still wait for their transition to be completed.
  public var waitingSteps: Int { queues.reduce(0) { $0 + $1.count } }

  /// Steps all environments; stops early if the policy chooses NaN.
  ///
  /// - Parameters:
  ///   - steps: Number of steps of each environment.
  ///   - isRandom: Whether actions are uniform in −1...1, the range of squashed samples, rather
  ///     than the policy's.
  /// - Returns: Time spent in environments and on choosing actions, in nanoseconds.
  public func collect(steps: Int, isRandom: Bool) -> (environment: UInt64, policy: UInt64) {
    var times = (environment: UInt64(0), policy: UInt64(0))
    finishedEpisodes.removeAll(keepingCapacity: true)
    for _ in 0..<steps {
      let start = monotonicNanoseconds()
      for i in 0..<environment.count {
        before.copyRow(i, from: environment.batch.observations, row: i)
      }
      chooseActions(isRandom: isRandom)
      guard !hasLostPolicy else { return times }
      let chosen = monotonicNanoseconds()
      context?.willStep()
      stepEnvironments()
      times.policy += chosen - start
      times.environment += monotonicNanoseconds() - chosen
      for i in 0..<environment.count { store(i) }
      policy.normalizer.update(with: before, rows: environment.count)
      self.steps += 1
    }
    return times
  }

  private func stepEnvironments() {
    guard blocks.count > 1 else {
      return environment.step(actions: actions, in: 0..<environment.count)
    }
    pool.run(blocks.count) { environment.step(actions: actions, in: blocks[$0]) }
  }

  private func chooseActions(isRandom: Bool) {
    let count = environment.count
    if isRandom {
      for i in 0..<count {
        for j in 0..<sampled.columns { sampled[i, j] = streams[i].uniform(from: -1, to: 1) }
      }
    } else {
      policy.normalizer.normalize(before, rows: count, into: normalized)
      let output = policy.network.forward(normalized, rows: count, in: workspace)
      sampler.sample(output, rows: count, streams: &streams)
      for i in 0..<count { sampled.copyRow(i, from: sampler.actions, row: i) }
      observer?.didChoose(for: normalized)
    }
    // A simulator may never return if an action is NaN.
    for i in 0..<count {
      for j in 0..<sampled.columns where sampled[i, j].isNaN { hasLostPolicy = true }
    }
    policy.distribution.bound(sampled, rows: count, into: actions, firstRow: 0)
  }

  private func store(_ i: Int) {
    let batch = environment.batch
    let (hasEnded, hasTerminated) = (batch.hasEnded(i), batch.hasTerminated(i))
    let after = hasEnded ? batch.finalObservations : batch.observations
    if let context {
      joinedBefore.setColumns(from: 0, ofRow: i, to: before, row: i)
      joinedBefore.setColumns(from: before.columns, ofRow: i, to: context.values, row: i)
      joinedAfter.setColumns(from: 0, ofRow: i, to: after, row: i)
      joinedAfter.setColumns(from: before.columns, ofRow: i, to: context.values, row: i)
    }
    queues[i].push(
      row: i, observations: context == nil ? before : joinedBefore, actions: sampled,
      reward: batch.rewards[i], nextObservations: context == nil ? after : joinedAfter,
      terminated: hasTerminated, truncated: hasEnded && !hasTerminated, to: buffer)
    if i == 0 {
      observer?.didStep(
        reward: batch.rewards[0], hasEnded: hasEnded, hasTerminated: hasTerminated)
    }
    guard hasEnded else { return }
    context?.didEnd(in: i)
    finishedEpisodes += recentEpisodes.add([
      FinishedEpisode(
        step: steps, environment: i, episodeReturn: batch.episodeReturn(i),
        length: batch.episodeLength(i))
    ])
  }

  /// Writes streams, waiting steps and episode statistics; environments are saved separately.
  public func save(to archive: inout TensorArchive) {
    archive.set(streams, named: "action-noise")
    for (i, queue) in queues.enumerated() {
      archive.set("replay.waiting.\(i)", .floats(queue.floats))
    }
    archive.set("collector.steps", .words([UInt64(steps)]))
    recentEpisodes.save(to: &archive)
  }

  /// Restores the state that ``save(to:)`` wrote.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    streams = try archive.streams(named: "action-noise", count: streams.count)
    for i in queues.indices {
      try queues[i].restore(
        try archive.floats("replay.waiting.\(i)"), observationWidth: joinedBefore.columns,
        actionWidth: actions.columns)
    }
    let count = try archive.words("collector.steps", count: 1)[0]
    guard count < 1 << 62 else { throw .invalid(reason: "its step count is impossible") }
    steps = Int(count)
    try recentEpisodes.load(from: archive)
  }
}
