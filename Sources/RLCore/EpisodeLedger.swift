internal import LinearAlgebra

/// A record of the running episodes of N environments and of the parameters of their next ones.
///
/// It sees actions, rewards and ends of episodes, never a simulator's state.
final class EpisodeLedger {
  /// The current episode of one environment.
  struct Entry {
    /// Number of the episode; once it has ended, that of the next one.
    var episode = 0
    var seed: UInt64 = 0
    var steps = 0
    var totalReward = 0.0
    /// Number of steps in all of the slot's episodes so far.
    var stepsInAll = 0
    /// Whether the episode has begun and not yet ended.
    var isRunning = false
  }

  let count: Int
  /// Episodes by slot, [N].
  let entries: UnsafeMutablePointer<Entry>
  /// Names and ranges of the P physical parameters.
  let descriptions: [ParameterDescription]
  var seeds = EpisodeSeeds.training(runSeed: 0)
  private let episodeSteps: Int
  private let actionWidth: Int
  /// Actions of the running episodes, [N · steps × A].
  private let actionLog: UnsafeMutablePointer<Float>
  /// Disturbances of the running episodes, [N · steps × D]; nil if disturbances are off.
  private var disturbanceLog: Matrix?
  /// Parameters of the running episodes and, below, of the next ones, [N × P] each.
  private let running: UnsafeMutablePointer<Double>
  private let next: UnsafeMutablePointer<Double>
  private(set) var tasks: TaskSchedule?
  private var tracks: [TaskTrack] = []

  init(
    count: Int, specification: EnvironmentSpecification, parameters: [ParameterDescription]
  ) {
    self.count = count
    descriptions = parameters
    episodeSteps = specification.episodeSteps
    actionWidth = specification.actionWidth
    entries = .allocate(capacity: count)
    entries.initialize(repeating: Entry(), count: count)
    actionLog = .allocate(capacity: count * episodeSteps * actionWidth)
    running = .allocate(capacity: count * parameters.count)
    next = .allocate(capacity: count * parameters.count)
    for i in 0..<count {
      for (j, parameter) in parameters.enumerated() {
        next[i * parameters.count + j] = parameter.nominal
        running[i * parameters.count + j] = parameter.nominal
      }
    }
  }

  deinit {
    entries.deallocate()
    actionLog.deallocate()
    running.deallocate()
    next.deallocate()
  }

  // MARK: Parameters

  /// Returns the parameter values of a slot's running episode, [P].
  func runningValues(of i: Int) -> UnsafeBufferPointer<Double> { row(i, of: running) }

  /// Returns the parameters of a slot's running or next episode.
  func parameters(of i: Int, isRunning: Bool) -> [ParameterValue] {
    zip(descriptions, row(i, of: isRunning ? running : next)).map {
      ParameterValue(name: $0.name, value: $1)
    }
  }

  /// Sets a parameter of the next episode of a slot, or of all slots if nil.
  func setParameter(_ new: ParameterValue, of slot: Int?) throws(ParameterError) {
    let j = try index(of: new)
    for i in slot.map({ $0..<$0 + 1 }) ?? 0..<count { next[i * descriptions.count + j] = new.value }
  }

  private func index(of new: ParameterValue) throws(ParameterError) -> Int {
    guard let j = descriptions.firstIndex(where: { $0.name == new.name }) else {
      throw .unknown(name: new.name, known: descriptions.map(\.name))
    }
    guard descriptions[j].allows(new.value) else {
      throw .outOfRange(name: new.name, value: new.value, range: descriptions[j].range)
    }
    return j
  }

  private func row(
    _ i: Int, of values: UnsafeMutablePointer<Double>
  ) -> UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: values + i * descriptions.count, count: descriptions.count)
  }

  /// Whether an episode could have these parameters.
  func fits(_ parameters: [ParameterValue]) -> Bool {
    parameters.map(\.name) == descriptions.map(\.name)
      && zip(descriptions, parameters).allSatisfy { $0.allows($1.value) }
  }

  // MARK: Episodes

  /// Records that an episode begins in a slot.
  ///
  /// - Parameters:
  ///   - episode: Slot and seed of the episode.
  ///   - changes: The parameters in which it differs from those set for the next episode.
  /// - Returns: Whether its parameters differ from those of the slot's previous episode.
  func begin(_ episode: EpisodeBeginning, changes: [ParameterValue] = []) -> Bool {
    let i = episode.slot
    entries[i].seed = episode.seed
    entries[i].steps = 0
    entries[i].totalReward = 0
    entries[i].isRunning = true
    let (own, set) = (row(i, of: running), row(i, of: next))
    guard !changes.isEmpty else {
      guard !own.elementsEqual(set, by: { $0.bitPattern == $1.bitPattern }) else { return false }
      (running + i * own.count).update(from: next + i * own.count, count: own.count)
      return true
    }
    (running + i * own.count).update(from: next + i * own.count, count: own.count)
    for new in changes {
      do throws(ParameterError) {
        running[i * own.count + (try index(of: new))] = new.value
      } catch {
        preconditionFailure("the parameters drawn for environment \(i): \(error)")
      }
    }
    return true
  }

  /// Records a step of a slot and sets the batch's truncation flag at the time limit.
  func record(_ i: Int, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    let row = i * episodeSteps + entries[i].steps
    // A loop, since a call to copy a few numbers costs 3 ns.
    for j in 0..<actionWidth { actionLog[row * actionWidth + j] = actions[i, j] }
    if let disturbances { disturbanceLog?.copyRow(row, from: disturbances, row: i) }
    entries[i].steps += 1
    entries[i].stepsInAll += 1
    entries[i].totalReward += Double(batch.rewards[i])
    batch.truncated[i] = entries[i].steps >= episodeSteps && batch.ends[i] == nil
  }

  /// Writes the last observation, return and length of an ended episode to the batch.
  ///
  /// - Returns: The slot's next episode in the seed schedule.
  func finish(_ i: Int, batch: StepBatch) -> EpisodeBeginning {
    batch.finalObservations.copyRow(i, from: batch.observations, row: i)
    batch.episodeReturns[i] = entries[i].totalReward
    batch.episodeLengths[i] = entries[i].steps
    entries[i].isRunning = false
    entries[i].episode += 1
    return scheduled(i)
  }

  /// Returns a slot's episode in the seed schedule.
  func scheduled(_ i: Int) -> EpisodeBeginning {
    EpisodeBeginning(slot: i, seed: seeds.seed(environment: i, episode: entries[i].episode))
  }

  /// Allocates the log for D disturbance numbers per step, or removes it if D is nil.
  func logDisturbances(width: Int?) {
    disturbanceLog = width.map { Matrix(rows: count * episodeSteps, columns: $0) }
  }

  // MARK: Snapshots

  func snapshot(of i: Int, stateHash: UInt64) -> EpisodeSnapshot {
    let (entry, first) = (entries[i], i * episodeSteps)
    let log = UnsafeBufferPointer(
      start: actionLog + first * actionWidth, count: entry.steps * actionWidth)
    return EpisodeSnapshot(
      episode: entry.episode, seed: entry.seed, parameters: parameters(of: i, isRunning: true),
      actions: Array(log),
      disturbances: disturbanceLog.map { log in
        (0..<entry.steps).flatMap { Array(log.row(first + $0)) }
      } ?? [], stateHash: stateHash)
  }

  /// Returns the number of steps in a snapshot; nil if it does not fit the environment.
  func steps(of snapshot: EpisodeSnapshot) -> Int? {
    let steps = snapshot.actions.count / actionWidth
    guard snapshot.actions.count == steps * actionWidth, steps < episodeSteps,
      snapshot.disturbances.count == steps * (disturbanceLog?.columns ?? 0),
      snapshot.actions.allSatisfy(\.isFinite), snapshot.disturbances.allSatisfy(\.isFinite),
      fits(snapshot.parameters)
    else { return nil }
    return steps
  }

  // MARK: Steps of the run

  /// Sets the number of steps that all slots together have taken, the same number by each.
  func countSteps(from steps: Int) {
    precondition(steps % count == 0, "\(count) environments can't have taken \(steps) steps")
    for i in 0..<count { entries[i].stepsInAll = steps / count }
  }

  /// Subtracts steps that are about to be re-simulated from a slot's count.
  ///
  /// No episode spans two tasks, so re-simulation does not reach the end of a task.
  func rewind(_ i: Int, by steps: Int) { entries[i].stepsInAll -= steps }

  /// Returns the number of steps of all slots together, as if each were as far as this one.
  func stepsTaken(_ i: Int) -> Int { entries[i].stepsInAll * count }

  // MARK: Tasks

  func follow(_ tasks: TaskSchedule, from steps: Int) throws(ParameterError) {
    countSteps(from: steps)
    let task = tasks.task(after: steps)
    for new in tasks.values(task) { try setParameter(new, of: nil) }
    self.tasks = tasks
    tracks = (0..<count).map { _ in TaskTrack(task: task) }
  }

  /// Records an episode that ended with a counted step, and truncates a running one at the end of a
  /// task.
  func advance(_ i: Int, in tasks: TaskSchedule, batch: StepBatch) {
    let (track, steps) = (tracks[i], stepsTaken(i))
    let task = tasks.task(after: steps - count)
    if batch.hasEnded(i) {
      track.add(entries[i].totalReward, isLate: tasks.isLate(steps, in: task))
    }
    let new = tasks.task(after: steps)
    guard new != task else { return }
    track.begin(task: new)
    batch.truncated[i] = batch.ends[i] == nil
    for value in tasks.values(new) {
      guard let j = descriptions.firstIndex(where: { $0.name == value.name }) else { continue }
      next[i * descriptions.count + j] = value.value
    }
  }

  func takeTaskReturns() -> [TaskReturns] {
    var merged: [TaskReturns] = []
    for track in tracks {
      for (index, part) in track.takeReturns().enumerated() {
        if index < merged.count { merged[index].add(part) } else { merged.append(part) }
      }
    }
    return merged
  }
}
