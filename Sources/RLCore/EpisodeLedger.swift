internal import LinearAlgebra

/// A record of the running episodes of N environments and of the parameters of their next ones.
///
/// It sees actions, rewards and ends of episodes, never a simulator's state.
final class EpisodeLedger {
  let count: Int
  // One array for each number of the episodes, and one for the steps of all slots: a step of many
  // slots then reads and writes whole registers and cache lines (9 → 2 ns per step of `cartpole-v1`,
  // 8,192 environments, a profile of `bench cartpole-v1-steps`).
  /// Numbers of the episodes, [N]; once one has ended, that of the next one.
  let episodes: UnsafeMutablePointer<Int>
  /// Seeds of the episodes, [N].
  let seedsInUse: UnsafeMutablePointer<UInt64>
  /// Lengths of the episodes so far, in steps, [N].
  let lengths: UnsafeMutablePointer<Int32>
  /// Sums of the episodes' rewards so far, [N].
  let returns: UnsafeMutablePointer<Double>
  /// 0 for each episode that has begun and not yet ended, 1 for others, [N]: numbers, since a loop
  /// that reduces truth values is not compiled to registers of them.
  private let resting: UnsafeMutablePointer<UInt8>
  /// Numbers of steps in the slots' earlier episodes, [N].
  private let earlierSteps: UnsafeMutablePointer<Int>
  /// Names and ranges of the P physical parameters.
  let descriptions: [ParameterDescription]
  var seeds = EpisodeSeeds.training(runSeed: 0)
  private let episodeSteps: Int
  private let actionWidth: Int
  /// Actions of the running episodes.
  private let actionLog: StepLog
  /// Disturbances of the running episodes, D numbers per step; nil if disturbances are off.
  private var disturbanceLog: StepLog?
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
    func allocate<Number>(_ initial: Number) -> UnsafeMutablePointer<Number> {
      let numbers = UnsafeMutablePointer<Number>.allocate(capacity: count)
      numbers.initialize(repeating: initial, count: count)
      return numbers
    }
    (episodes, seedsInUse, lengths) = (allocate(0), allocate(0), allocate(0))
    (returns, resting, earlierSteps) = (allocate(0), allocate(1), allocate(0))
    actionLog = StepLog(count: count, steps: episodeSteps, width: actionWidth)
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
    episodes.deallocate()
    seedsInUse.deallocate()
    lengths.deallocate()
    returns.deallocate()
    resting.deallocate()
    earlierSteps.deallocate()
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
    seedsInUse[i] = episode.seed
    let length = Int(lengths[i])
    earlierSteps[i] += length
    actionLog.begin(i, after: length)
    disturbanceLog?.begin(i, after: length)
    (lengths[i], returns[i], resting[i]) = (0, 0, 0)
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

  /// Whether a slot's episode has begun and not yet ended.
  func isRunning(_ i: Int) -> Bool { resting[i] == 0 }

  /// Fails unless all slots of a range hold running episodes.
  func requireRunning(_ range: Range<Int>) {
    let resting = resting
    var anyRests: UInt8 = 0
    for i in range { anyRests |= resting[i] }
    guard anyRests != 0, let i = range.first(where: { !isRunning($0) }) else { return }
    preconditionFailure("environment \(i) of \(count) must be reset before it is stepped")
  }

  /// Records a step of each slot of a range and sets the batch's truncation flags at the time limit.
  func record(_ range: Range<Int>, actions: Matrix, disturbances: Matrix?, batch: StepBatch) {
    actionLog.append(range, of: actions, lengths: lengths)
    if let disturbances { disturbanceLog?.append(range, of: disturbances, lengths: lengths) }
    let (lengths, returns, limit) = (lengths, returns, Int32(episodeSteps))
    let (rewards, ends, truncated) = (batch.rewards.base, batch.ends, batch.truncated)
    for i in range { returns[i] += Double(rewards[i]) }
    for i in range {
      // Both are read first: a loop with a jump would not be compiled to whole registers.
      let (goesOn, length) = (ends[i] == nil, lengths[i] &+ 1)
      lengths[i] = length
      truncated[i] = goesOn && length >= limit
    }
  }

  /// Writes the last observation, return and length of an ended episode to the batch.
  ///
  /// - Returns: The slot's next episode in the seed schedule.
  func finish(_ i: Int, batch: StepBatch) -> EpisodeBeginning {
    batch.finalObservations.copyRow(i, from: batch.observations, row: i)
    batch.episodeReturns[i] = returns[i]
    batch.episodeLengths[i] = Int(lengths[i])
    resting[i] = 1
    episodes[i] += 1
    return scheduled(i)
  }

  /// Returns a slot's episode in the seed schedule.
  func scheduled(_ i: Int) -> EpisodeBeginning {
    EpisodeBeginning(slot: i, seed: seeds.seed(environment: i, episode: episodes[i]))
  }

  /// Allocates the log for D disturbance numbers per step, or removes it if D is nil.
  func logDisturbances(width: Int?) {
    disturbanceLog = width.map { StepLog(count: count, steps: episodeSteps, width: $0) }
  }

  // MARK: Snapshots

  func snapshot(of i: Int, stateHash: UInt64) -> EpisodeSnapshot {
    EpisodeSnapshot(
      episode: episodes[i], seed: seedsInUse[i], parameters: parameters(of: i, isRunning: true),
      actions: actionLog.steps(Int(lengths[i]), of: i),
      disturbances: disturbanceLog?.steps(Int(lengths[i]), of: i) ?? [], stateHash: stateHash)
  }

  /// Returns the number of steps in a snapshot; nil if it does not fit the environment.
  func steps(of snapshot: EpisodeSnapshot) -> Int? {
    let steps = snapshot.actions.count / actionWidth
    guard snapshot.actions.count == steps * actionWidth, steps < episodeSteps,
      snapshot.disturbances.count == steps * (disturbanceLog?.width ?? 0),
      snapshot.actions.allSatisfy(\.isFinite), snapshot.disturbances.allSatisfy(\.isFinite),
      fits(snapshot.parameters)
    else { return nil }
    return steps
  }

  // MARK: Steps of the run

  /// Sets the number of steps that all slots together have taken, the same number by each.
  func countSteps(from steps: Int) {
    precondition(steps % count == 0, "\(count) environments can't have taken \(steps) steps")
    for i in 0..<count { earlierSteps[i] = steps / count - Int(lengths[i]) }
  }

  /// Subtracts steps that are about to be re-simulated from a slot's count.
  ///
  /// No episode spans two tasks, so re-simulation does not reach the end of a task.
  func rewind(_ i: Int, by steps: Int) { earlierSteps[i] -= steps }

  /// Returns the number of steps of all slots together, as if each were as far as this one.
  func stepsTaken(_ i: Int) -> Int { (earlierSteps[i] + Int(lengths[i])) * count }

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
      track.add(returns[i], isLate: tasks.isLate(steps, in: task))
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
