internal import Foundation
internal import RLCore
internal import Storage

/// Writes `drift.csv`: a row for each task that has ended, and for the last one when the run ends.
final class TaskLog {
  private static let key = "drift.returns"
  private let path: String
  private let firstStep: Int
  private var file: LogFile?
  private let tasks: TaskSchedule
  private let environments: Int
  private var current: TaskReturns

  /// Prepares the log; nothing is opened before ``open(warn:)``.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - tasks: Tasks of the run.
  ///   - environments: Number of environments that run in parallel.
  ///   - firstStep: Environment steps taken before; rows that end later are dropped.
  ///   - checkpoint: Checkpoint from which the run continues; nil for a new run.
  /// - Throws: `FileError.damaged` if the checkpoint can't be used.
  init(
    _ path: String, _ tasks: TaskSchedule, environments: Int, firstStep: Int,
    resuming checkpoint: (path: String, Checkpoint)?
  ) throws(FileError) {
    (self.path, self.firstStep) = (path, firstStep)
    self.tasks = tasks
    self.environments = environments
    current = TaskReturns(task: tasks.task(after: firstStep))
    if let (path, checkpoint) = checkpoint {
      do {
        current = try Self.load(from: checkpoint.trainer, task: current.task)
      } catch {
        throw .damaged(path: path, reason: "\(error)")
      }
    }
  }

  /// Opens the file, whose later rows are dropped.
  ///
  /// - Parameter warn: A closure called with the warning that rows are missing.
  /// - Throws: `FileError` if the file can't be used.
  func open(warn: (String) -> Void) throws(FileError) {
    let names = tasks.values(current.task).map(\.name)
    let header =
      ["task", "first-step", "last-step"] + names
      + ["episodes", "mean-return", "late-episodes", "late-mean-return"]
    let log = try LogFile.openRows(path, header: [header.joined(separator: ",")]) { _, line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      return cells.count <= 2 || Int(cells[2]).map { $0 <= firstStep } ?? true
    }
    file = log.file
    MetricsLogger.warn(
      of: path, rows: log.rows.count, of: tasks.only == nil ? current.task : 0, before: firstStep,
      warn)
  }

  /// Adds the returns of an iteration's episodes and writes the tasks that have ended.
  ///
  /// - Parameters:
  ///   - returns: Returns by task, in order from the previously current task to the current one.
  ///   - steps: Environment steps taken so far.
  /// - Throws: `FileError` if the file can't be written.
  func record(_ returns: [TaskReturns], steps: Int) throws(FileError) {
    for part in returns {
      while current.task < part.task {
        try write(lastStep: tasks.end(of: current.task, environments: environments) ?? steps)
        current = TaskReturns(task: current.task + 1)
      }
      current.add(part)
    }
  }

  /// Writes the task that the end of the run interrupts, unless it has not begun.
  func finish(steps: Int) throws(FileError) {
    guard steps > tasks.start(of: current.task, environments: environments) else { return }
    try write(lastStep: steps)
  }

  private func write(lastStep: Int) throws(FileError) {
    func mean(_ sum: Double, _ count: Int) -> String {
      let mean = sum / Double(count)
      return mean.isFinite ? "\(mean)" : ""
    }
    let first = tasks.start(of: current.task, environments: environments) + 1
    let values = tasks.values(current.task).map { "\($0.value)" }
    let cells = ["\(current.task)", "\(first)", "\(lastStep)"] + values
    let results = [
      "\(current.episodes)", mean(current.sum, current.episodes), "\(current.lateEpisodes)",
      mean(current.lateSum, current.lateEpisodes),
    ]
    try file?.append(line: (cells + results).joined(separator: ","))
  }

  /// Waits until every row is on the disk.
  func synchronize() throws(FileError) { try file?.synchronize() }

  /// Saves the returns of the current task so far.
  func save(to archive: inout TensorArchive) {
    archive.set(
      Self.key,
      .words([
        UInt64(current.task), UInt64(current.episodes), current.sum.bitPattern,
        UInt64(current.lateEpisodes), current.lateSum.bitPattern,
      ]))
  }

  private static func load(
    from archive: TensorArchive, task: Int
  ) throws(ArchiveError) -> TaskReturns {
    let words = try archive.words(key, count: 5)
    guard words[0] == UInt64(task), words[1] < 1 << 62, words[3] <= words[1] else {
      throw .invalid(reason: "its task does not match its number of steps")
    }
    var returns = TaskReturns(task: task)
    (returns.episodes, returns.sum) = (Int(words[1]), Double(bitPattern: words[2]))
    (returns.lateEpisodes, returns.lateSum) = (Int(words[3]), Double(bitPattern: words[4]))
    return returns
  }
}
