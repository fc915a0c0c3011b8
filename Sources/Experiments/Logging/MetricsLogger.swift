internal import Foundation
public import Storage
public import Training

/// A writer of a run's metrics to CSV, JSON lines and TensorBoard event files.
///
/// The columns are fixed when the run starts.  Metrics and evaluations contain nothing that depends
/// on the clock, so equal runs write equal files; times go to a file of their own.
public final class MetricsLogger {
  /// The time and speed of one iteration.
  public struct Timing: Sendable {
    /// Seconds since the run began or was resumed.
    public var elapsed: Double
    /// Environment steps per second during the iteration.
    public var stepsPerSecond: Double
    /// Fractions of the iteration's time spent in environments, policy and update.
    public var shares: (environment: Double, policy: Double, update: Double)

    /// Creates the timing of an iteration.
    public init(
      elapsed: Double, stepsPerSecond: Double,
      shares: (environment: Double, policy: Double, update: Double)
    ) {
      self.elapsed = elapsed
      self.stepsPerSecond = stepsPerSecond
      self.shares = shares
    }
  }

  private let names: [String]
  private let metrics: LogFile
  private let lines: LogFile
  private let timing: LogFile
  private let evaluations: LogFile
  private let events: LogFile

  /// Opens the log files of a run.
  ///
  /// - Parameters:
  ///   - folder: Folder of the run.
  ///   - metricNames: Names of the metrics, one per column.
  ///   - settings: Names and values for TensorBoard's table of hyperparameters.
  ///   - resumeStep: Step of the checkpoint from which the run continues, after which rows are
  ///     dropped; nil for a new run.
  /// - Throws: `FileError` if a file can't be read or written.
  public init(
    folder: RunFolder, metricNames: [String], settings: [(name: String, value: String)],
    resumeStep: Int?
  ) throws(FileError) {
    names = metricNames
    let header = (["iteration", "steps"] + metricNames).joined(separator: ",")
    let timingHeader =
      "iteration,steps,seconds,steps-per-second,environment-share,policy-share,update-share"
    let evaluationHeader =
      "steps,mode,episodes,mean-return,std-return,mean-length,success-rate,"
      + "seeds,returns,lengths"
    if let resumeStep {
      for file in [folder.metricsFile, folder.timingFile] {
        try LogFile.truncate(file, afterStep: resumeStep) { Self.field(1, of: $0) }
      }
      try LogFile.truncate(folder.evaluationsFile, afterStep: resumeStep) { Self.field(0, of: $0) }
      try LogFile.truncate(folder.metricsLinesFile, afterStep: resumeStep) { line in
        (try? JSONDecoder().decode(StepLine.self, from: Data(line.utf8)))?.steps
      }
    }
    metrics = try Self.open(folder.metricsFile, header: header)
    timing = try Self.open(folder.timingFile, header: timingHeader)
    evaluations = try Self.open(folder.evaluationsFile, header: evaluationHeader)
    lines = try LogFile(folder.metricsLinesFile)
    try FileSystem.makeFolder(folder.tensorBoardFolder)
    let now = Date().timeIntervalSince1970
    let host = ProcessInfo.processInfo.hostName
    events = try LogFile(
      "\(folder.tensorBoardFolder)/events.out.tfevents.\(Int(now)).\(host).\(getpid()).0")
    try events.append(EventEncoder.version(wallTime: now))
    if let resumeStep {
      try events.append(EventEncoder.sessionStart(step: resumeStep + 1, wallTime: now))
    } else {
      let runName = FileSystem.split(folder.path).name
      try events.append(
        EventEncoder.hyperparameters(
          settings, metric: "eval/mean_reward", runName: runName, wallTime: now))
    }
  }

  private static func open(_ path: String, header: String) throws(FileError) -> LogFile {
    let isNew = !FileSystem.exists(path)
    let file = try LogFile(path)
    if isNew { try file.append(line: header) }
    return file
  }

  private struct StepLine: Decodable { let steps: Int }

  private static func field(_ index: Int, of line: Substring) -> Int? {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    return fields.count > index ? Int(fields[index]) : nil
  }

  /// Writes the metrics and times of one iteration.
  public func record(
    iteration: Int, steps: Int, values: [Double], timing: Timing
  ) throws(FileError) {
    precondition(values.count == names.count, "\(values.count) values for \(names.count) metrics")
    let cells = values.map { $0.isFinite ? "\($0)" : "" }
    try metrics.append(line: (["\(iteration)", "\(steps)"] + cells).joined(separator: ","))
    let members = zip(names, values).map { "\"\($0)\":\($1.isFinite ? "\($1)" : "null")" }
    try lines.append(
      line: "{"
        + (["\"iteration\":\(iteration)", "\"steps\":\(steps)"] + members)
        .joined(separator: ",") + "}")
    let shares = [timing.shares.environment, timing.shares.policy, timing.shares.update]
    let times = ([timing.elapsed, timing.stepsPerSecond] + shares).map { Self.rounded($0) }
    try self.timing.append(line: (["\(iteration)", "\(steps)"] + times).joined(separator: ","))
    let scalars =
      zip(names, values).filter { $1.isFinite }.map { TensorBoardTag.scalar($0, $1) }
      + [("time/fps", timing.stepsPerSecond.rounded()), ("time/iterations", Double(iteration))]
    try events.append(EventEncoder.scalars(scalars, step: steps, wallTime: Self.now))
  }

  /// Writes the result of one evaluation.
  public func record(_ result: EvaluationResult, steps: Int) throws(FileError) {
    func list(_ values: [String]) -> String { values.joined(separator: " ") }
    let cells: [String] = [
      "\(steps)", result.mode.rawValue, "\(result.episodes.count)", "\(result.mean)",
      "\(result.standardDeviation)", "\(result.meanLength)",
      result.successRate.map { "\($0)" } ?? "",
      list(result.episodes.map { "\($0.seed)" }),
      list(result.episodes.map { "\($0.episodeReturn)" }),
      list(result.episodes.map { "\($0.length)" }),
    ]
    try evaluations.append(line: cells.joined(separator: ","))
    var scalars = [("eval/mean_reward", result.mean), ("eval/mean_ep_length", result.meanLength)]
    if let rate = result.successRate { scalars.append(("eval/success_rate", rate)) }
    try events.append(EventEncoder.scalars(scalars, step: steps, wallTime: Self.now))
  }

  /// Records whether the run succeeded, and waits until every row is on the disk.
  public func finish(isSuccess: Bool) throws(FileError) {
    try events.append(EventEncoder.sessionEnd(isSuccess: isSuccess, wallTime: Self.now))
    try synchronize()
  }

  /// Waits until every row is on the disk, since a checkpoint must not be ahead of the logs.
  public func synchronize() throws(FileError) {
    for file in [metrics, lines, timing, evaluations, events] { try file.synchronize() }
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  /// Returns a time as text with at most six decimals, since times are not exact anyway.
  private static func rounded(_ value: Double) -> String {
    value.isFinite ? "\((value * 1e6).rounded() / 1e6)" : ""
  }
}
