internal import LinearAlgebra
internal import NeuralNetworks
internal import RLCore
internal import Training
internal import Storage

/// Steps the environments and fills the replay buffer, in the order of the environments.
///
/// It also keeps book of what the critics promised for the first environment's actions and what
/// came of them: the bias of the values.
final class SACCollector {
  private(set) var recentEpisodes = RecentEpisodes()
  /// Whether the policy chose NaN, which no environment has seen.
  private(set) var hasLostPolicy = false
  /// Mean of Q minus the soft return that followed, over the last episode of the first environment;
  /// NaN before there is one.
  private(set) var valueBias = Double.nan
  private let configuration: SACConfiguration
  private let environment: any BatchedEnvironment
  private let actor: SACActor
  private let critics: [SACCritic]
  private let scratch: [SACCriticScratch]
  private let buffer: ReplayBuffer
  private let workspace: MLP.Workspace
  private let sampler: SquashedGaussianSampler
  private let normalized: Matrix
  private let before: Matrix
  private let squashed: Matrix
  private let actions: Matrix
  private let firstObservation: Matrix
  private let firstAction: Matrix
  private var streams: [RandomStream]
  private var queues: [MultiStepQueue]
  private var promises: [Promise] = []
  private var steps = 0

  /// What was known when an action of the first environment was taken.
  private struct Promise {
    var value: Float
    var logProbability: Float
    var reward: Float
  }

  init(
    _ configuration: SACConfiguration, environment: any BatchedEnvironment, actor: SACActor,
    critics: [SACCritic], buffer: ReplayBuffer, seed: UInt64
  ) {
    let (count, specification) = (environment.count, environment.specification)
    let (observationWidth, actionWidth) = (
      specification.observationWidth, specification.actionWidth
    )
    self.configuration = configuration
    self.environment = environment
    self.actor = actor
    self.critics = critics
    self.buffer = buffer
    scratch = critics.map { SACCriticScratch($0) }
    workspace = actor.policy.network.makeWorkspace(rows: count)
    sampler = actor.distribution.makeSampler(rows: count, drawsPairs: false)
    normalized = Matrix(rows: count, columns: observationWidth)
    before = Matrix(rows: count, columns: observationWidth)
    squashed = Matrix(rows: count, columns: actionWidth)
    actions = Matrix(rows: count, columns: actionWidth)
    firstObservation = Matrix(rows: 1, columns: observationWidth)
    firstAction = Matrix(rows: 1, columns: actionWidth)
    streams = (0..<count).map { RandomStream(seed: seed, name: "action-noise", index: $0) }
    queues = (0..<count).map { _ in
      MultiStepQueue(steps: configuration.multiStep, discount: configuration.discount)
    }
  }

  /// Steps of all environments that no transition in the buffer begins with yet.
  var waitingSteps: Int { queues.reduce(0) { $0 + $1.count } }

  /// Takes steps with all environments.
  ///
  /// - Returns: Nanoseconds spent in environments and on choosing actions.
  func collect(steps: Int, isRandom: Bool) -> (environment: UInt64, policy: UInt64) {
    var times = (environment: UInt64(0), policy: UInt64(0))
    for _ in 0..<steps {
      let start = monotonicNanoseconds()
      for i in 0..<environment.count {
        before.copyRow(i, from: environment.batch.observations, row: i)
      }
      chooseActions(isRandom: isRandom)
      guard !hasLostPolicy else { return times }
      let chosen = monotonicNanoseconds()
      environment.step(actions: actions, in: 0..<environment.count)
      times.policy += chosen - start
      times.environment += monotonicNanoseconds() - chosen
      for i in 0..<environment.count { store(i) }
      actor.policy.normalizer.update(with: before, rows: environment.count)
      self.steps += 1
    }
    return times
  }

  private func chooseActions(isRandom: Bool) {
    let count = environment.count
    if isRandom {
      for i in 0..<count {
        for j in 0..<squashed.columns { squashed[i, j] = streams[i].uniform(from: -1, to: 1) }
      }
    } else {
      actor.policy.normalizer.normalize(before, rows: count, into: normalized)
      let output = actor.policy.network.forward(normalized, rows: count, in: workspace)
      sampler.sample(output, rows: count, streams: &streams)
      for i in 0..<count { squashed.copyRow(i, from: sampler.actions, row: i) }
      notePromise()
    }
    // A simulator that is given NaN may never return.
    for i in 0..<count {
      for j in 0..<squashed.columns where squashed[i, j].isNaN { hasLostPolicy = true }
    }
    actor.distribution.bound(squashed, rows: count, into: actions, firstRow: 0)
  }

  private func notePromise() {
    firstObservation.copyRow(0, from: normalized, row: 0)
    firstAction.copyRow(0, from: sampler.actions, row: 0)
    var value = Float.infinity
    for (critic, scratch) in zip(critics, scratch) {
      value = min(value, critic.value(of: firstObservation, action: firstAction, in: scratch))
    }
    promises.append(
      Promise(value: value, logProbability: sampler.logProbabilities[0], reward: 0))
  }

  private func store(_ i: Int) {
    let batch = environment.batch
    let hasEnded = batch.hasEnded(i)
    let next = hasEnded ? batch.finalObservations : batch.observations
    queues[i].push(
      row: i, observations: before, actions: squashed, reward: batch.rewards[i],
      nextObservations: next, terminated: batch.hasTerminated(i),
      truncated: hasEnded && !batch.hasTerminated(i), to: buffer)
    if i == 0, !promises.isEmpty {
      promises[promises.count - 1].reward = configuration.rewardScale * batch.rewards[0]
    }
    guard hasEnded else { return }
    recentEpisodes.add([
      FinishedEpisode(
        step: steps, environment: i, episodeReturn: batch.episodeReturn(i),
        length: batch.episodeLength(i))
    ])
    if i == 0 { settlePromises(terminated: batch.hasTerminated(0)) }
  }

  /// Compares promises with soft returns as targets have them, `G = Σ γᵏ r_k + γⁿ (G' − α logπ')`;
  /// behind a time limit stands the last promise, which is left out of the mean.
  private func settlePromises(terminated: Bool) {
    defer { promises = [] }
    let temperature = Double(actor.temperature)
    let discount = Double(configuration.discount)
    var softReturns = promises.map { Double($0.value) }
    var (bias, count) = (0.0, 0)
    for i in promises.indices.reversed() {
      let following = promises.count - i - (terminated ? 0 : 1)
      guard following > 0 else { continue }
      let end = i + min(configuration.multiStep, following)
      var (sum, factor) = (0.0, 1.0)
      for promise in promises[i..<end] {
        sum += factor * Double(promise.reward)
        factor *= discount
      }
      if end < promises.count {
        sum += factor * (softReturns[end] - temperature * Double(promises[end].logProbability))
      }
      softReturns[i] = sum
      bias += Double(promises[i].value) - sum
      count += 1
    }
    if count > 0 { valueBias = bias / Double(count) }
  }

  func save(to archive: inout TensorArchive) {
    for (i, stream) in streams.enumerated() {
      archive.set(stream, named: "action-noise.\(i)")
      archive.set("replay.waiting.\(i)", .floats(queues[i].floats))
    }
    archive.set(
      "q-bias.promises", .floats(promises.flatMap { [$0.value, $0.logProbability, $0.reward] }))
    archive.set("q-bias.last", .words([valueBias.bitPattern]))
    archive.set("collector.steps", .words([UInt64(steps)]))
    recentEpisodes.save(to: &archive)
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    for i in streams.indices {
      streams[i] = try archive.stream(named: "action-noise.\(i)")
      try queues[i].restore(
        try archive.floats("replay.waiting.\(i)"), observationWidth: before.columns,
        actionWidth: actions.columns)
    }
    let numbers = try archive.floats("q-bias.promises")
    guard numbers.count % 3 == 0 else { throw .invalid(reason: "its promises do not fit") }
    promises = stride(from: 0, to: numbers.count, by: 3).map {
      Promise(value: numbers[$0], logProbability: numbers[$0 + 1], reward: numbers[$0 + 2])
    }
    valueBias = Double(bitPattern: try archive.words("q-bias.last", count: 1)[0])
    let count = try archive.words("collector.steps", count: 1)[0]
    guard count < 1 << 62 else { throw .invalid(reason: "its step count is impossible") }
    steps = Int(count)
    try recentEpisodes.load(from: archive)
  }
}
