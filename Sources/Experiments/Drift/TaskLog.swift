internal import Foundation
internal import RLCore
internal import Storage

/// Writes `drift.csv`: a row for every task that has ended, and for the last one when the run ends.
final class TaskLog {
  private static let key = "drift.returns"
  private let file: LogFile
  private let tasks: TaskSchedule
  private let environments: Int
  private var current: TaskReturns

  /// Opens the file.
  ///
  /// - Parameters:
  ///   - path: Its name.
  ///   - tasks: The run's tasks.
  ///   - environments: How many step side by side.
  ///   - firstStep: Steps taken before; rows that end later are dropped.
  ///   - checkpoint: What the run continues from, if anything.
  /// - Throws: ``FileError``.
  init(
    _ path: String, _ tasks: TaskSchedule, environments: Int, firstStep: Int,
    resuming checkpoint: (path: String, Checkpoint)?
  ) throws(FileError) {
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
    try LogFile.truncate(path, afterStep: firstStep) { line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      return cells.count > 2 ? Int(cells[2]) : nil
    }
    // A kill may have come before the whole header.
    var isNew = !FileSystem.exists(path)
    if !isNew { isNew = try FileSystem.read(path).isEmpty }
    file = try LogFile(path)
    guard isNew else { return }
    let names = tasks.values(current.task).map(\.name)
    try file.append(
      line: (["task", "first-step", "last-step"] + names
        + ["episodes", "mean-return", "late-episodes", "late-mean-return"])
        .joined(separator: ","))
  }

  /// Adds what an iteration's episodes came to and writes the tasks that it ended.
  ///
  /// - Parameters:
  ///   - returns: In order of tasks, from the one that was current to the one that is.
  ///   - steps: Steps taken by now.
  /// - Throws: ``FileError``.
  func record(_ returns: [TaskReturns], steps: Int) throws(FileError) {
    for part in returns {
      while current.task < part.task {
        try write(lastStep: tasks.end(of: current.task, environments: environments) ?? steps)
        current = TaskReturns(task: current.task + 1)
      }
      current.add(part)
    }
  }

  /// Writes the task that the run's end has interrupted, unless it has not begun.
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
    try file.append(line: (cells + results).joined(separator: ","))
  }

  /// Waits until the disk has every row.
  func synchronize() throws(FileError) { try file.synchronize() }

  /// Writes what the current task's episodes came to so far.
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
      throw .invalid(reason: "its task is not the one its steps lead to")
    }
    var returns = TaskReturns(task: task)
    (returns.episodes, returns.sum) = (Int(words[1]), Double(bitPattern: words[2]))
    (returns.lateEpisodes, returns.lateSum) = (Int(words[3]), Double(bitPattern: words[4]))
    return returns
  }
}
