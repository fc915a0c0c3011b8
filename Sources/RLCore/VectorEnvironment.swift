public import LinearAlgebra

/// N environments of one type, stepped in place.
///
/// Combines a ``Simulator``, which holds the states, with a record of their episodes.
public final class VectorEnvironment: BatchedEnvironment {
  public let specification: EnvironmentSpecification
  public let disturbanceComponents: [DisturbanceComponent]
  public let manualControls: ManualControls
  public let count: Int
  public let batch: StepBatch
  public var resetsEndedEpisodes = true
  public var episodeParameters: EpisodeParameters?
  public var perturber: (any StepPerturber)? {
    didSet {
      let disturbs = perturber?.disturbs == true && !disturbanceComponents.isEmpty
      sums = disturbs ? Matrix(rows: count, columns: disturbanceComponents.count) : nil
    }
  }
  public var trainingReward = TrainingReward()
  public private(set) var disturbances: Matrix?
  /// Disturbances of the caller and the perturber together, [N × D]; nil if the latter has none.
  private var sums: Matrix?
  private let simulator: any Simulator
  private let ledger: EpisodeLedger
  /// Episodes that a block starts at once, from its own first slot on, [N].
  private let beginnings: UnsafeMutablePointer<EpisodeBeginning>
  private var observed: (environment: Int, observer: any EpisodeObserver)?
  /// Whether the observer has seen its environment's episode begin.
  private var hasSeenReset = false

  /// Creates `count` environments of one type with nominal parameters; reset them before stepping.
  public convenience init<E: Environment & ~Copyable>(_ type: E.Type, count: Int) {
    precondition(count >= 1, "\(count) environments")
    self.init(type, count: count, simulator: E.makeSimulator(count: count))
  }

  /// Creates `count` environments that a given simulator of as many slots steps.
  package init(
    _ specification: EnvironmentSpecification, parameters: [ParameterDescription],
    disturbanceComponents: [DisturbanceComponent], manualControls: ManualControls, count: Int,
    simulator: any Simulator
  ) {
    self.count = count
    self.specification = specification
    self.disturbanceComponents = disturbanceComponents
    self.manualControls = manualControls
    batch = StepBatch(count: count, observationWidth: specification.observationWidth)
    self.simulator = simulator
    ledger = EpisodeLedger(count: count, specification: specification, parameters: parameters)
    beginnings = .allocate(capacity: count)
    beginnings.initialize(repeating: EpisodeBeginning(slot: 0, seed: 0), count: count)
  }

  /// Creates `count` environments of one type that a given simulator of as many slots steps.
  package convenience init<E: Environment & ~Copyable>(
    _ type: E.Type, count: Int, simulator: any Simulator
  ) {
    self.init(
      E.specification, parameters: E.parameterDescriptions,
      disturbanceComponents: E.disturbanceComponents, manualControls: E.manualControls,
      count: count, simulator: simulator)
  }

  deinit { beginnings.deallocate() }

  public var blockSize: Int { simulator.blockSize }

  // MARK: Episodes

  public func reset(seeds: EpisodeSeeds) {
    ledger.seeds = seeds
    for i in 0..<count {
      ledger.episodes[i] = 0
      beginnings[i] = ledger.scheduled(i)
    }
    begin(UnsafeBufferPointer(start: beginnings, count: count))
  }

  public func reset(environment i: Int, seed: UInt64) {
    requireSlot(i)
    beginnings[i] = EpisodeBeginning(slot: i, seed: seed)
    begin(UnsafeBufferPointer(start: beginnings + i, count: 1))
  }

  public func step(actions: Matrix, in range: Range<Int>) {
    precondition(
      actions.rows == count && actions.columns == specification.actionWidth
        && range.lowerBound >= 0 && range.upperBound <= count,
      "actions \(actions.rows) × \(actions.columns) for \(count) × \(specification.actionWidth), "
        + "range \(range)")
    ledger.requireRunning(range)
    let (perturber, acting) = (perturber, perturber?.perturb(actions, in: range) ?? actions)
    let pushes = addPushes(in: range)
    simulator.step(range, actions: acting, disturbances: pushes, batch: batch)
    ledger.record(range, actions: actions, disturbances: disturbances, batch: batch)
    if let observed, range.contains(observed.environment), hasSeenReset {
      report(observed.environment, acting, pushes, to: observed.observer)
    }
    if let tasks = ledger.tasks { for i in range { ledger.advance(i, in: tasks, batch: batch) } }
    if !trainingReward.isEmpty {
      let (learnt, rewards) = (trainingReward, batch.rewards)
      for i in range { rewards[i] = learnt(rewards[i], hasEnded: batch.ends[i] != nil) }
    }
    let (ends, truncated) = (batch.ends, batch.truncated)
    let ended = beginnings + range.lowerBound
    var endedCount = 0
    for i in range where ends[i] != nil || truncated[i] {
      batch.exactFinalObservations.copyRow(i, from: batch.observations, row: i)
      ended[endedCount].slot = i
      endedCount += 1
    }
    if let perturber { for i in range { perturber.distort(i, observations: batch.observations) } }
    for k in 0..<endedCount { ended[k] = ledger.finish(ended[k].slot, batch: batch) }
    if endedCount > 0 && resetsEndedEpisodes {
      begin(UnsafeBufferPointer(start: ended, count: endedCount))
    }
  }

  /// Returns the disturbances of a step: those of the caller with those of the perturber.
  private func addPushes(in range: Range<Int>) -> Matrix? {
    guard let perturber, let sums else { return disturbances }
    for i in range {
      if let disturbances {
        sums.copyRow(i, from: disturbances, row: i)
      } else {
        for j in 0..<sums.columns { sums[i, j] = 0 }
      }
    }
    perturber.disturb(sums, in: range)
    return sums
  }

  /// Starts episodes, with the parameters of a snapshot if there is one.
  private func begin(
    _ episodes: UnsafeBufferPointer<EpisodeBeginning>, with own: [ParameterValue]? = nil
  ) {
    for episode in episodes {
      let i = episode.slot
      let drawn =
        own
        ?? episodeParameters?.values(
          EpisodeParameters.Episode(
            environment: i, number: ledger.episodes[i], seed: episode.seed,
            stepsBefore: ledger.stepsTaken(i)))
      if ledger.begin(episode, changes: drawn ?? []) {
        simulator.setParameters(ledger.runningValues(of: i).span, of: i)
      }
    }
    simulator.start(episodes.span, observations: batch.observations)
    if let observed, episodes.contains(where: { $0.slot == observed.environment }) {
      hasSeenReset = true
      reportStart(observed.environment, to: observed.observer)
    }
    guard let perturber else { return }
    for episode in episodes {
      perturber.begin(episode.slot, seed: episode.seed, observations: batch.observations)
    }
  }

  private func reportStart(_ i: Int, to observer: any EpisodeObserver) {
    observer.didReset(
      EpisodeStart(
        episode: ledger.episodes[i], seed: ledger.seedsInUse[i],
        parameters: ledger.parameters(of: i, isRunning: true), stateHash: stateHash(of: i)),
      observation: batch.observations.row(i).span)
  }

  private func requireSlot(_ i: Int) {
    precondition(i >= 0 && i < count, "environment \(i) of \(count)")
  }

  public func stateHash(of i: Int) -> UInt64 {
    requireSlot(i)
    var hasher = StateHasher()
    hasher.combine(Int(ledger.lengths[i]))
    hasher.combine(ledger.returns[i])
    simulator.hashState(of: i, into: &hasher)
    return hasher.value
  }

  public func scene(of i: Int) -> Scene {
    requireSlot(i)
    return simulator.scene(of: i)
  }

  public func planningModel(of i: Int, _ parameters: ModelParameters) -> (any PlanningModel)? {
    requireSlot(i)
    return simulator.planningModel(of: i, parameters)
  }

  // MARK: Observers and disturbances

  public func observe(environment: Int, with observer: (any EpisodeObserver)?) {
    requireSlot(environment)
    observed = observer.map { (environment, $0) }
    hasSeenReset = false
  }

  private func report(
    _ i: Int, _ actions: Matrix, _ disturbances: Matrix?, to observer: any EpisodeObserver
  ) {
    let step = ObservedStep(
      reward: batch.rewards[i], end: batch.ends[i], truncated: batch.truncated[i],
      stateHash: stateHash(of: i))
    let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
    observer.didStep(
      step, action: actions.row(i).span, disturbance: (disturbances?.row(i) ?? none).span,
      observation: batch.observations.row(i).span)
  }

  public var takesDisturbances: Bool {
    get { disturbances != nil }
    set {
      let width = newValue && !disturbanceComponents.isEmpty ? disturbanceComponents.count : nil
      disturbances = width.map { Matrix(rows: count, columns: $0) }
      ledger.logDisturbances(width: width)
    }
  }

  // MARK: Snapshots

  public func snapshot(of i: Int) -> EpisodeSnapshot {
    requireSlot(i)
    ledger.requireRunning(i..<i + 1)
    return ledger.snapshot(of: i, stateHash: stateHash(of: i))
  }

  public func restore(_ snapshot: EpisodeSnapshot, to i: Int) throws(SnapshotError) {
    requireSlot(i)
    guard let steps = ledger.steps(of: snapshot) else { throw .malformed(environment: i) }
    ledger.episodes[i] = snapshot.episode
    ledger.rewind(i, by: steps)
    beginnings[i] = EpisodeBeginning(slot: i, seed: snapshot.seed)
    begin(UnsafeBufferPointer(start: beginnings + i, count: 1), with: snapshot.parameters)
    let actions = Matrix(rows: count, columns: specification.actionWidth)
    let (width, pushWidth) = (actions.columns, disturbances?.columns ?? 0)
    for t in 0..<steps {
      for j in 0..<width { actions[i, j] = snapshot.actions[t * width + j] }
      for j in 0..<pushWidth { disturbances?[i, j] = snapshot.disturbances[t * pushWidth + j] }
      step(actions: actions, in: i..<i + 1)
      guard ledger.isRunning(i), Int(ledger.lengths[i]) == t + 1 else {
        throw .diverged(environment: i, step: t)
      }
    }
    guard stateHash(of: i) == snapshot.stateHash else {
      throw .diverged(environment: i, step: steps)
    }
  }

  // MARK: Parameters and tasks

  public func parameterValues(of i: Int) -> [ParameterValue] {
    requireSlot(i)
    return ledger.parameters(of: i, isRunning: false)
  }

  public func setParameter(
    _ name: String, to value: Double, of environment: Int?
  ) throws(ParameterError) {
    if let environment { requireSlot(environment) }
    try ledger.setParameter(ParameterValue(name: name, value: value), of: environment)
  }

  public var tasks: TaskSchedule? { ledger.tasks }

  public func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError) {
    try ledger.follow(tasks, from: steps)
  }

  public func countSteps(from steps: Int) { ledger.countSteps(from: steps) }

  public func takeTaskReturns() -> [TaskReturns] { ledger.takeTaskReturns() }
}
