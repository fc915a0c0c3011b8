/// A sequence of tasks: one environment whose physical parameters change as its steps go on.
///
/// Steps are those of all environments of a run together.  N environments step side by side, so a
/// task ends with the first step at or after a multiple of ``every``: the next multiple of N.
public struct TaskSchedule: Sendable {
  /// Environment steps of a task.
  public let every: Int
  /// The index of the only task, where there is but one; that one never ends.
  public let only: Int?
  /// The parameters that a task sets; must depend on the task's index alone.
  public let values: @Sendable (_ task: Int) -> [ParameterValue]

  /// Makes a sequence.
  public init(
    every: Int, only: Int? = nil,
    values: @escaping @Sendable (_ task: Int) -> [ParameterValue]
  ) {
    precondition(every >= 1, "tasks of \(every) steps")
    self.every = every
    self.only = only
    self.values = values
  }

  /// The index of the task that the next step belongs to, after so many.
  public func task(after steps: Int) -> Int { only ?? steps / every }

  /// The steps that have been taken when a task ends.
  ///
  /// - Parameters:
  ///   - task: Its index.
  ///   - environments: How many step side by side.
  /// - Returns: A multiple of the number of environments; nil for a task that never ends.
  public func end(of task: Int, environments: Int) -> Int? {
    only == nil ? ((task + 1) * every + environments - 1) / environments * environments : nil
  }

  /// The steps that have been taken when a task begins.
  public func start(of task: Int, environments: Int) -> Int {
    only == nil ? (task * every + environments - 1) / environments * environments : 0
  }

  /// Whether an episode that ends with a step belongs to the last fifth of its task.
  ///
  /// - Parameters:
  ///   - steps: Steps taken, that one included.
  ///   - task: The task's index.
  /// - Returns: Whether less than a fifth of ``every`` is left.
  public func isLate(_ steps: Int, in task: Int) -> Bool {
    5 * ((only == nil ? task + 1 : 1) * every - steps) < every
  }

  /// How often the task can change while each environment takes so many steps.
  public func mostChanges(within steps: Int, environments: Int) -> Int {
    only == nil ? steps * environments / every + 1 : 0
  }
}

/// What the training episodes of one task came to.
public struct TaskReturns: Sendable, Equatable {
  /// The task's index.
  public var task: Int
  /// Episodes that ended by themselves or by the time limit; not those that the next task cut.
  public var episodes = 0
  /// The sum of their undiscounted returns.
  public var sum = 0.0
  /// How many of them ended in the last fifth of the task.
  public var lateEpisodes = 0
  /// The sum of the returns of those.
  public var lateSum = 0.0

  /// Starts without episodes.
  public init(task: Int) { self.task = task }

  /// Adds an episode.
  mutating func add(_ episodeReturn: Double, isLate: Bool) {
    episodes += 1
    sum += episodeReturn
    guard isLate else { return }
    lateEpisodes += 1
    lateSum += episodeReturn
  }

  /// Adds other episodes of the same task.
  public mutating func add(_ other: TaskReturns) {
    precondition(task == other.task, "task \(other.task) is not \(task)")
    episodes += other.episodes
    sum += other.sum
    lateEpisodes += other.lateEpisodes
    lateSum += other.lateSum
  }
}

/// How far one environment has come in a sequence of tasks, and what its episodes came to.
///
/// An object per environment, so that threads that step different environments share nothing.
final class TaskTrack {
  /// Steps of all environments before the next one.
  var steps: Int
  private var current: TaskReturns
  private var finished: [TaskReturns] = []

  init(task: Int, steps: Int) {
    self.steps = steps
    current = TaskReturns(task: task)
  }

  /// Notes an episode of the current task.
  func add(_ episodeReturn: Double, isLate: Bool) { current.add(episodeReturn, isLate: isLate) }

  /// Goes on to another task.
  func begin(task: Int) {
    finished.append(current)
    current = TaskReturns(task: task)
  }

  /// The returns since this was asked for last, in order of tasks.
  func takeReturns() -> [TaskReturns] {
    defer { (finished, current) = ([], TaskReturns(task: current.task)) }
    return finished + [current]
  }
}
