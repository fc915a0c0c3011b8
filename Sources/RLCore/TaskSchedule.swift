/// A sequence of tasks: one environment whose physical parameters change over time.
///
/// Steps are counted over all environments of a run together.  N environments step side by side, so
/// a task ends with the first step at or after a multiple of ``every``: the next multiple of N.
public struct TaskSchedule: Sendable {
  /// Number of environment steps per task.
  public let every: Int
  /// Index of the only task, which never ends; nil for a sequence of tasks.
  public let only: Int?
  /// Parameters that a task sets; must depend on the task's index alone.
  public let values: @Sendable (_ task: Int) -> [ParameterValue]

  /// Creates a sequence.
  public init(
    every: Int, only: Int? = nil,
    values: @escaping @Sendable (_ task: Int) -> [ParameterValue]
  ) {
    precondition(every >= 1, "tasks of \(every) steps")
    self.every = every
    self.only = only
    self.values = values
  }

  /// Returns the index of the task to which the next step belongs, after this many steps.
  public func task(after steps: Int) -> Int { only ?? steps / every }

  /// Returns the number of steps taken when a task ends.
  ///
  /// - Parameters:
  ///   - task: Index of the task.
  ///   - environments: Number of environments that step side by side.
  /// - Returns: A multiple of the number of environments; nil for a task that never ends.
  public func end(of task: Int, environments: Int) -> Int? {
    only == nil ? ((task + 1) * every + environments - 1) / environments * environments : nil
  }

  /// Returns the number of steps taken when a task begins.
  public func start(of task: Int, environments: Int) -> Int {
    only == nil ? (task * every + environments - 1) / environments * environments : 0
  }

  /// Whether an episode that ends with a step belongs to the last fifth of its task.
  ///
  /// - Parameters:
  ///   - steps: Number of steps taken, including that one.
  ///   - task: Index of the task.
  /// - Returns: Whether less than a fifth of ``every`` is left.
  public func isLate(_ steps: Int, in task: Int) -> Bool {
    5 * ((only == nil ? task + 1 : 1) * every - steps) < every
  }

  /// Returns the largest number of task changes while each environment takes this many steps.
  public func mostChanges(within steps: Int, environments: Int) -> Int {
    only == nil ? steps * environments / every + 1 : 0
  }
}

/// The counts and summed returns of one task's training episodes.
public struct TaskReturns: Sendable, Equatable {
  /// Index of the task.
  public var task: Int
  /// Number of episodes that terminated or reached the time limit; excludes those cut by the next
  /// task.
  public var episodes = 0
  /// Sum of the undiscounted returns of these episodes.
  public var sum = 0.0
  /// Number of episodes that ended in the last fifth of the task.
  public var lateEpisodes = 0
  /// Sum of the undiscounted returns of episodes that ended in the last fifth of the task.
  public var lateSum = 0.0

  /// Creates an empty record.
  public init(task: Int) { self.task = task }

  /// Adds an episode.
  mutating func add(_ episodeReturn: Double, isLate: Bool) {
    episodes += 1
    sum += episodeReturn
    guard isLate else { return }
    lateEpisodes += 1
    lateSum += episodeReturn
  }

  /// Adds the episodes of another record of the same task.
  public mutating func add(_ other: TaskReturns) {
    precondition(task == other.task, "task \(other.task) is not \(task)")
    episodes += other.episodes
    sum += other.sum
    lateEpisodes += other.lateEpisodes
    lateSum += other.lateSum
  }
}

/// The progress of one environment in a sequence of tasks, with the returns of its episodes.
///
/// There is one object per environment, so that threads that step different environments share
/// nothing.
final class TaskTrack {
  private var current: TaskReturns
  private var finished: [TaskReturns] = []

  init(task: Int) { current = TaskReturns(task: task) }

  /// Adds an episode of the current task.
  func add(_ episodeReturn: Double, isLate: Bool) { current.add(episodeReturn, isLate: isLate) }

  /// Starts another task.
  func begin(task: Int) {
    finished.append(current)
    current = TaskReturns(task: task)
  }

  /// Returns the records since the last call, in order of tasks.
  func takeReturns() -> [TaskReturns] {
    defer { (finished, current) = ([], TaskReturns(task: current.task)) }
    return finished + [current]
  }
}
