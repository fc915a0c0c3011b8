public import LinearAlgebra

/// Many copies of one environment, erased to what agents need.
///
/// Stepping is by range so that worker threads can each drive their own environments through a
/// whole rollout without meeting; ranges stepped at the same time must not overlap.  An episode
/// that ends is reset in the same step ("same-step autoreset"), its last observation kept apart.
public protocol BatchedEnvironment: AnyObject {
  /// Spaces, names, units and limits.
  var specification: EnvironmentSpecification { get }
  /// Number of environments.
  var count: Int { get }
  /// What the last step returned.
  var batch: StepBatch { get }
  /// Resets all environments and starts their episode counts at 0.
  func reset(seeds: EpisodeSeeds)
  /// Resets one environment to an episode of a given seed, outside the seed schedule.
  func reset(environment: Int, seed: UInt64)
  /// Steps a range of environments by one time step.
  func step(actions: Matrix, in range: Range<Int>)
  /// The running episode of one environment, to be continued elsewhere.
  func snapshot(of environment: Int) -> EpisodeSnapshot
  /// Rebuilds a running episode by re-simulating it from its seed and actions.
  func restore(_ snapshot: EpisodeSnapshot, to environment: Int) throws(SnapshotError)
  /// A fingerprint of one environment's full simulator state.
  func stateHash(of environment: Int) -> UInt64
  /// [N × D]: what pushes the environments in their next step, or nil where disturbances are off.
  ///
  /// Values lie within the bounds of ``disturbanceComponents``.  Switched on or off between
  /// episodes only, that is before `reset(seeds:)`; the matrix is written before every step.
  var disturbances: Matrix? { get set }
  /// What a disturbance consists of; D components.
  var disturbanceComponents: [DisturbanceComponent] { get }
  /// What one environment looks like now, also from within its observer.
  func scene(of environment: Int) -> Scene
  /// How a person drives an environment.
  var manualControls: ManualControls { get }
  /// Lets somebody watch one environment from its next reset on, in place of who did before.
  func observe(environment: Int, with observer: (any EpisodeObserver)?)
  /// The values of the physical parameters, by name, in table order.
  var parameterValues: [(name: String, value: Double)] { get }
  /// Sets a physical parameter of all environments from their next reset on.
  func setParameter(_ name: String, to value: Double) throws(ParameterError)
  /// The sequence of tasks it follows, if any.
  var tasks: TaskSchedule? { get }
  /// Changes physical parameters from now on as a sequence of tasks says.
  ///
  /// At the end of a task every environment's running episode is truncated in the same step, its
  /// last observation kept to bootstrap from, and the next one starts with the new parameters.
  /// Observers are not told: an episode that is cut has no end for them.  Called before
  /// `reset(seeds:)`.
  ///
  /// - Parameters:
  ///   - tasks: The tasks; whatever they set must be allowed.
  ///   - steps: Steps that all environments together have taken already, all of them equally many.
  /// - Throws: Where the current task sets what can't be set.
  func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError)
  /// What the episodes of each task came to since this was asked for last, in order of tasks; the
  /// last entry is of the current task.  Empty where there are no tasks.
  func takeTaskReturns() -> [TaskReturns]
}

/// A running episode as data: never positions poked into a live world.
public struct EpisodeSnapshot: Sendable, Equatable {
  /// Which episode of its environment it is.
  public var episode: Int
  /// The seed it was reset with.
  public var seed: UInt64
  /// [steps × A], row by row: every action since the reset.
  public var actions: [Float]
  /// [steps × D], row by row: every disturbance since the reset; empty where they are off.
  public var disturbances: [Float]
  /// Fingerprint of the simulator after the last action.
  public var stateHash: UInt64

  /// Gathers a snapshot read from a file.
  public init(
    episode: Int, seed: UInt64, actions: [Float], disturbances: [Float] = [], stateHash: UInt64
  ) {
    self.episode = episode
    self.seed = seed
    self.actions = actions
    self.disturbances = disturbances
    self.stateHash = stateHash
  }
}

/// A snapshot that can't be continued.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
  /// Re-simulation arrived at another state: another build, machine or parameter.
  case diverged(environment: Int, step: Int)
  /// The action log does not fit the environment.
  case malformed(environment: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .diverged(let environment, let step):
      "environment \(environment) re-simulated \(step) steps to another state than was saved"
    case .malformed(let environment):
      "the saved episode of environment \(environment) does not fit the environment"
    }
  }
}

/// A physical parameter that can't be set.
public enum ParameterError: Error, Equatable {
  /// No such parameter; the names there are.
  case unknown(name: String, known: [String])
  /// Outside its range.
  case outOfRange(name: String, value: Double, range: ClosedRange<Double>)
}

/// N environments of one type, stepped in place.
public final class VectorEnvironment<E: Environment & ~Copyable>: BatchedEnvironment {
  public let count: Int
  public let batch: StepBatch
  private let environments: UnsafeMutablePointer<E>
  private let progress: UnsafeMutablePointer<EpisodeProgress>
  private let actionLog: UnsafeMutablePointer<Float>
  private let actionWidth: Int
  public var disturbances: Matrix? {
    didSet {
      precondition(
        disturbances.map { $0.rows == count && $0.columns == E.disturbanceComponents.count } ?? true
      )
      disturbanceLog = disturbances.map { Matrix(rows: count * episodeSteps, columns: $0.columns) }
    }
  }
  private var disturbanceLog: Matrix?
  private var observed: (environment: Int, observer: any EpisodeObserver)?
  /// Whether the observer has seen its environment's episode begin.
  private var hasSeenReset = false
  private let episodeSteps: Int
  private var seeds = EpisodeSeeds.training(runSeed: 0)
  public private(set) var tasks: TaskSchedule?
  private var tracks: [TaskTrack] = []

  private struct EpisodeProgress {
    var episode = 0
    var seed: UInt64 = 0
    var steps = 0
    var totalReward = 0.0
  }

  /// Makes `count` environments with the same parameters; reset before stepping.
  public init(count: Int, parameters: E.Parameters = E.Parameters()) {
    precondition(count >= 1, "\(count) environments")
    let specification = E.specification
    self.count = count
    actionWidth = specification.actionWidth
    episodeSteps = specification.episodeSteps
    batch = StepBatch(count: count, observationWidth: specification.observationWidth)
    environments = .allocate(capacity: count)
    for i in 0..<count { (environments + i).initialize(to: E(parameters: parameters)) }
    progress = .allocate(capacity: count)
    progress.initialize(repeating: EpisodeProgress(), count: count)
    actionLog = .allocate(capacity: count * episodeSteps * actionWidth)
    actionLog.initialize(repeating: 0, count: count * episodeSteps * actionWidth)
  }

  deinit {
    environments.deinitialize(count: count)
    environments.deallocate()
    progress.deallocate()
    actionLog.deallocate()
  }

  public var specification: EnvironmentSpecification { E.specification }

  public func reset(seeds: EpisodeSeeds) {
    self.seeds = seeds
    for i in 0..<count {
      progress[i].episode = 0
      reset(environment: i, seed: seeds.seed(environment: i, episode: 0))
    }
  }

  public func reset(environment i: Int, seed: UInt64) {
    precondition(i >= 0 && i < count)
    progress[i].seed = seed
    progress[i].steps = 0
    progress[i].totalReward = 0
    var random = NumPyRandom(seed: seed)
    var observation = batch.observations.mutableRow(i).mutableSpan
    environments[i].reset(using: &random, observation: &observation)
    if let observed, observed.environment == i {
      hasSeenReset = true
      observed.observer.didReset(
        EpisodeStart(
          episode: progress[i].episode, seed: seed, parameters: parameterValues(of: i),
          stateHash: stateHash(of: i)),
        observation: batch.observations.row(i).span)
    }
  }

  public func observe(environment: Int, with observer: (any EpisodeObserver)?) {
    precondition(environment >= 0 && environment < count)
    observed = observer.map { (environment, $0) }
    hasSeenReset = false
  }

  public func scene(of environment: Int) -> Scene {
    precondition(environment >= 0 && environment < count)
    return environments[environment].scene()
  }

  public var manualControls: ManualControls { E.manualControls }

  public var disturbanceComponents: [DisturbanceComponent] { E.disturbanceComponents }

  public func step(actions: Matrix, in range: Range<Int>) {
    precondition(
      actions.rows == count && actions.columns == actionWidth && range.lowerBound >= 0
        && range.upperBound <= count,
      "actions \(actions.rows) × \(actions.columns) for \(count) × \(actionWidth), range \(range)")
    if let disturbances { disturb(range, by: disturbances) }
    E.stepAll(environments, in: range, actions: actions, batch: batch)
    let (observed, tasks) = (observed, tasks)
    for i in range {
      let log = actionLog + (i * episodeSteps + progress[i].steps) * actionWidth
      log.update(from: actions.base + i * actions.stride, count: actionWidth)
      progress[i].steps += 1
      progress[i].totalReward += Double(batch.rewards[i])
      batch.truncated[i] = progress[i].steps >= episodeSteps && !batch.terminated[i]
      if let observed, observed.environment == i, hasSeenReset {
        report(i, actions, to: observed.observer)
      }
      if let tasks { advance(i, in: tasks) }
      if batch.terminated[i] || batch.truncated[i] { finishEpisode(i) }
    }
  }

  /// Notes an episode that has ended, and cuts the running one where the task ends.
  private func advance(_ i: Int, in tasks: TaskSchedule) {
    let track = tracks[i]
    let task = tasks.task(after: track.steps)
    track.steps += count
    if batch.terminated[i] || batch.truncated[i] {
      track.add(progress[i].totalReward, isLate: tasks.isLate(track.steps, in: task))
    }
    let next = tasks.task(after: track.steps)
    guard next != task else { return }
    track.begin(task: next)
    batch.truncated[i] = !batch.terminated[i]
    for (name, value) in tasks.values(next) {
      guard let parameter = E.parameterTable.first(where: { $0.name == name }) else { continue }
      environments[i].parameters[keyPath: parameter.keyPath] = value
    }
  }

  private func disturb(_ range: Range<Int>, by disturbances: Matrix) {
    for i in range {
      environments[i].disturb(disturbances.row(i).span)
      disturbanceLog?.copyRow(i * episodeSteps + progress[i].steps, from: disturbances, row: i)
    }
  }

  private func report(_ i: Int, _ actions: Matrix, to observer: any EpisodeObserver) {
    let step = ObservedStep(
      reward: batch.rewards[i], terminated: batch.terminated[i], truncated: batch.truncated[i],
      stateHash: stateHash(of: i))
    let none = UnsafeBufferPointer<Float>(start: nil, count: 0)
    observer.didStep(
      step, action: actions.row(i).span, disturbance: (disturbances?.row(i) ?? none).span,
      observation: batch.observations.row(i).span)
  }

  private func finishEpisode(_ i: Int) {
    batch.finalObservations.copyRow(i, from: batch.observations, row: i)
    batch.episodeReturns[i] = progress[i].totalReward
    batch.episodeLengths[i] = progress[i].steps
    progress[i].episode += 1
    reset(environment: i, seed: seeds.seed(environment: i, episode: progress[i].episode))
  }

  public func snapshot(of i: Int) -> EpisodeSnapshot {
    let log = UnsafeBufferPointer(
      start: actionLog + i * episodeSteps * actionWidth, count: progress[i].steps * actionWidth)
    let pushes = disturbanceLog.map { log in
      (0..<progress[i].steps).flatMap { Array(log.row(i * episodeSteps + $0)) }
    }
    return EpisodeSnapshot(
      episode: progress[i].episode, seed: progress[i].seed, actions: Array(log),
      disturbances: pushes ?? [], stateHash: stateHash(of: i))
  }

  public func restore(_ snapshot: EpisodeSnapshot, to i: Int) throws(SnapshotError) {
    let steps = snapshot.actions.count / actionWidth
    let pushWidth = disturbances?.columns ?? 0
    guard snapshot.actions.count == steps * actionWidth, steps < episodeSteps,
      snapshot.disturbances.count == steps * pushWidth, snapshot.actions.allSatisfy(\.isFinite),
      snapshot.disturbances.allSatisfy(\.isFinite)
    else {
      throw .malformed(environment: i)
    }
    progress[i].episode = snapshot.episode
    // No episode spans two tasks, so the way there comes to the end of none.
    if tasks != nil { tracks[i].steps -= steps * count }
    reset(environment: i, seed: snapshot.seed)
    let actions = Matrix(rows: count, columns: actionWidth)
    for t in 0..<steps {
      for j in 0..<actionWidth { actions[i, j] = snapshot.actions[t * actionWidth + j] }
      for j in 0..<pushWidth { disturbances?[i, j] = snapshot.disturbances[t * pushWidth + j] }
      step(actions: actions, in: i..<i + 1)
      guard progress[i].steps == t + 1 else { throw .diverged(environment: i, step: t) }
    }
    guard stateHash(of: i) == snapshot.stateHash else {
      throw .diverged(environment: i, step: steps)
    }
  }

  public func stateHash(of i: Int) -> UInt64 {
    var hasher = StateHasher()
    hasher.combine(progress[i].steps)
    hasher.combine(progress[i].totalReward)
    environments[i].hashState(into: &hasher)
    return hasher.value
  }

  public var parameterValues: [(name: String, value: Double)] { parameterValues(of: 0) }

  private func parameterValues(of i: Int) -> [(name: String, value: Double)] {
    E.parameterTable.map { ($0.name, environments[i].parameters[keyPath: $0.keyPath]) }
  }

  public func setParameter(_ name: String, to value: Double) throws(ParameterError) {
    guard let parameter = E.parameterTable.first(where: { $0.name == name }) else {
      throw .unknown(name: name, known: E.parameterTable.map(\.name))
    }
    guard parameter.allows(value) else {
      throw .outOfRange(name: name, value: value, range: parameter.range)
    }
    for i in 0..<count { environments[i].parameters[keyPath: parameter.keyPath] = value }
  }

  public func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError) {
    precondition(steps % count == 0, "\(count) environments can't have taken \(steps) steps")
    let task = tasks.task(after: steps)
    for (name, value) in tasks.values(task) { try setParameter(name, to: value) }
    self.tasks = tasks
    tracks = (0..<count).map { _ in TaskTrack(task: task, steps: steps) }
  }

  public func takeTaskReturns() -> [TaskReturns] {
    var merged: [TaskReturns] = []
    for track in tracks {
      for (index, part) in track.takeReturns().enumerated() {
        if index < merged.count { merged[index].add(part) } else { merged.append(part) }
      }
    }
    return merged
  }
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
