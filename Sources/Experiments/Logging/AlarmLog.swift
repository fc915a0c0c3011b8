internal import Storage

/// Writes `alarms.csv`, which exists only in the folders of runs that gave an alarm.
final class AlarmLog {
  private static let header = "iteration,steps,alarm,mean-return,peak-return,peak-iteration"
  private let path: String
  private var file: LogFile?

  /// Prepares the log; rows of a run that continues are dropped if they are of later steps.
  ///
  /// - Throws: `FileError` if the file exists and can't be used.
  init(_ path: String, steps: Int) throws(FileError) {
    self.path = path
    if FileSystem.exists(path) { file = try Self.open(path, steps: steps) }
  }

  /// Writes the row of an alarm.
  func record(_ alarm: RewardCliff.Alarm, iteration: Int, steps: Int) throws(FileError) {
    if file == nil { file = try Self.open(path, steps: steps) }
    let cells = [
      "\(iteration)", "\(steps)", "reward-cliff", "\(alarm.mean)", "\(alarm.peak)",
      "\(alarm.peakIteration)",
    ]
    try file?.append(line: cells.joined(separator: ","))
  }

  /// Waits until every row is on the disk.
  func synchronize() throws(FileError) { try file?.synchronize() }

  private static func open(_ path: String, steps: Int) throws(FileError) -> LogFile {
    try LogFile.openRows(path, header: [header]) { _, line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      return cells.count <= 1 || Int(cells[1]).map { $0 <= steps } ?? true
    }.file
  }
}
