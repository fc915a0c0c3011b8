internal import Foundation
internal import Plasticity
public import Storage
public import Training

/// A writer of a run's metrics to CSV, JSON lines, NumPy arrays and TensorBoard event files.
///
/// The columns are fixed when the run starts.  Metrics, evaluations and episodes contain nothing
/// that depends on the clock, so equal runs write equal files; times are in `timing.csv` and in the
/// column `t` of `monitor.csv`.
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

  /// The point at which a run continues.
  public struct Resumption: Sendable {
    /// Environment steps taken before; later rows are dropped.
    public var steps: Int
    /// Iterations before.
    public var iterations: Int
    /// Evaluations before.
    public var evaluations: Int
    /// Episodes of training that had ended before.
    public var episodes: Int

    /// Creates the description of a point; all counts are 0 for a run that starts again.
    public init(steps: Int = 0, iterations: Int = 0, evaluations: Int = 0, episodes: Int = 0) {
      self.steps = steps
      self.iterations = iterations
      self.evaluations = evaluations
      self.episodes = episodes
    }
  }

  private let names: [String]
  private let metrics: LogFile
  private let lines: LogFile
  private let timing: LogFile
  private let evaluations: LogFile
  private let monitor: MonitorLog
  private let events: LogFile
  private let arraysFile: String
  private var arrays = EvaluationArrays()

  /// Opens the log files of a run.
  ///
  /// - Parameters:
  ///   - folder: Folder of the run.
  ///   - metricNames: Names of the metrics, one per column.
  ///   - settings: Names and values for TensorBoard's table of hyperparameters.
  ///   - environment: Id of the environment.
  ///   - resumption: Point at which the run continues; nil for a new run.
  ///   - warn: A closure called with each warning that rows are missing.
  /// - Throws: `FileError` if a file can't be read or written, or is no log of this run.
  public init(
    folder: RunFolder, metricNames: [String], settings: [(name: String, value: String)],
    environment: String, resumption: Resumption?, warn: (String) -> Void = { _ in }
  ) throws(FileError) {
    names = metricNames
    let point = resumption ?? Resumption()
    /// Opens a log and warns if it lacks rows.
    func open(
      _ path: String, header: [String], rows expected: Int, stepOf: (Substring) -> Int?
    ) throws(FileError) -> (file: LogFile, header: [String], rows: [Substring]) {
      let log = try LogFile.openRows(path, header: header) { _, line in
        stepOf(line).map { $0 <= point.steps } ?? true
      }
      Self.warn(of: path, rows: log.rows.count, of: expected, before: point.steps, warn)
      return log
    }
    metrics = try open(
      folder.metricsFile, header: [(["iteration", "steps"] + metricNames).joined(separator: ",")],
      rows: point.iterations, stepOf: { Self.field(1, of: $0) }
    ).file
    timing = try open(
      folder.timingFile, header: [Self.timingHeader], rows: point.iterations,
      stepOf: { Self.field(1, of: $0) }
    ).file
    lines = try open(folder.metricsLinesFile, header: [], rows: point.iterations) { line in
      (try? JSONDecoder().decode(StepLine.self, from: Data(line.utf8)))?.steps
    }.file
    let evaluations = try open(
      folder.evaluationsFile, header: [StoredEvaluation.columns.joined(separator: ",")],
      rows: point.evaluations,
      stepOf: { Self.field(0, of: $0) })
    self.evaluations = evaluations.file
    arraysFile = folder.evaluationArraysFile
    monitor = try MonitorLog(
      folder.monitorFile, environment: environment, episodes: point.episodes,
      warn: { Self.warn(of: $0, rows: $1, of: point.episodes, before: point.steps, warn) })
    for row in evaluations.rows { arrays.add(row: row) }
    if resumption != nil { try arrays.write(to: arraysFile) }
    let now = Self.now
    events = try Self.makeEvents(folder, wallTime: now)
    if let resumption {
      try events.append(EventEncoder.sessionStart(step: resumption.steps + 1, wallTime: now))
    } else {
      let runName = FileSystem.split(folder.path).name
      try events.append(
        EventEncoder.hyperparameters(
          settings, metric: "eval/mean_reward", runName: runName, wallTime: now))
    }
  }

  private static let timingHeader =
    "iteration,steps,seconds,steps-per-second,environment-share,policy-share,update-share"

  /// Says that a log has fewer rows than the run has written.
  static func warn(
    of path: String, rows: Int, of expected: Int, before steps: Int, _ warn: (String) -> Void
  ) {
    guard rows < expected else { return }
    warn("\(path) lacks \(expected - rows) of the \(expected) rows up to step \(steps)")
  }

  private static func makeEvents(
    _ folder: RunFolder, wallTime: Double
  ) throws(FileError) -> LogFile {
    try FileSystem.makeFolder(folder.tensorBoardFolder)
    let host = ProcessInfo.processInfo.hostName
    let name = "events.out.tfevents.\(Int(wallTime)).\(host).\(getpid()).0"
    let events = try LogFile("\(folder.tensorBoardFolder)/\(name)")
    try events.append(EventEncoder.version(wallTime: wallTime))
    return events
  }

  /// Records the success of a finished run whose last session could not.
  static func recordSuccess(in folder: RunFolder) throws(FileError) {
    let events = try makeEvents(folder, wallTime: now)
    try events.append(EventEncoder.sessionEnd(isSuccess: true, wallTime: now))
    try events.synchronize()
  }

  private struct StepLine: Decodable { let steps: Int }

  private static func field(_ index: Int, of line: Substring) -> Int? {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    return fields.count > index ? Int(fields[index]) : nil
  }

  /// Writes the metrics and times of one iteration, and the episodes that ended in it.
  public func record(
    iteration: Int, steps: Int, values: [Double], timing: Timing, episodes: [FinishedEpisode] = []
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
    try monitor.record(episodes)
    let scalars =
      zip(names, values).filter { $1.isFinite }.map { TensorBoardTag.scalar($0, $1) }
      + [("time/fps", timing.stepsPerSecond.rounded()), ("time/iterations", Double(iteration))]
    try events.append(EventEncoder.scalars(scalars, step: steps, wallTime: Self.now))
  }

  /// Writes histograms of numbers, for TensorBoard alone.
  func record(_ distributions: [ProbePanel.Distribution], steps: Int) throws(FileError) {
    let histograms = distributions.compactMap { distribution in
      Histogram(distribution.values).map { (tag: distribution.name, histogram: $0) }
    }
    guard !histograms.isEmpty else { return }
    try events.append(EventEncoder.histograms(histograms, step: steps, wallTime: Self.now))
  }

  /// Writes a picture of an evaluation, for TensorBoard alone.
  func record(
    _ picture: (png: Data, width: Int, height: Int), steps: Int
  ) throws(FileError) {
    try events.append(
      EventEncoder.picture("eval/last-state", picture, step: steps, wallTime: Self.now))
  }

  /// Writes the result of one evaluation.
  public func record(_ result: EvaluationResult, steps: Int) throws(FileError) {
    try evaluations.append(line: StoredEvaluation.row(result, steps: steps))
    arrays.add(result, steps: steps)
    try arrays.write(to: arraysFile)
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
    try monitor.synchronize()
  }

  private static var now: Double { Date().timeIntervalSince1970 }

  /// Returns a time as text with at most six decimals, since times are not exact anyway.
  private static func rounded(_ value: Double) -> String {
    value.isFinite ? "\((value * 1e6).rounded() / 1e6)" : ""
  }
}
