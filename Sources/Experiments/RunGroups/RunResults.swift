internal import Foundation
public import Storage

/// What the files of a run say of it, for reports of one or many runs; nothing is changed.
public struct RunResults {
  /// How far a run has come.
  public enum State: String, Sendable {
    /// It has taken all its steps or reached the wanted return.
    case finished
    /// A process trains it.
    case running
    /// It was stopped or killed, and can be resumed.
    case interrupted
    /// A number was not finite.
    case diverged
  }

  /// Settings, environment and agent of the run.
  public let run: StoredRun
  /// Machine, sources and sessions; nil if the run was killed when it started.
  public let manifest: RunManifest?
  /// How far the run has come.
  public let state: State
  /// Evaluations during training, in order; empty before the first one.
  public let evaluations: [StoredEvaluation]
  /// Evaluation of the finished run's policy on fresh episodes; nil if none was made.
  public let final: StoredEvaluation?
  /// Seconds of training, over all sessions; the time since a checkpoint that was lost does not
  /// count.
  public let seconds: Double

  /// Folder of the run.
  public var folder: RunFolder { run.folder }
  /// Seed of the run.
  public var seed: UInt64 { run.configuration.run.seed }
  /// Evaluation with the highest mean return, the later of equal ones; nil without evaluations.
  public var best: StoredEvaluation? {
    evaluations.reduce(nil as StoredEvaluation?) { best, next in
      next.mean >= best?.mean ?? -.infinity ? next : best
    }
  }
  /// Last evaluation of training; nil without evaluations.
  public var last: StoredEvaluation? { evaluations.last }
  /// Mean of all evaluations of training, the area under their curve over its length; nil without
  /// evaluations.
  public var meanOfEvaluations: Double? {
    evaluations.isEmpty
      ? nil : evaluations.reduce(0) { $0 + $1.mean } / Double(evaluations.count)
  }
  /// Whether a process trains the run, so that its files grow.
  public var isRunning: Bool { state == .running }

  /// Reads a run.
  ///
  /// - Parameters:
  ///   - path: Path of the run's folder.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `FileError` if the folder is no run or a file is missing, damaged or of another
  ///   version.
  public init(_ path: String, registry: Registry = .standard) throws(FileError) {
    let folder = RunFolder(path: path)
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard RunFolder.isRun(path) else {
      throw .damaged(path: path, reason: "it is not the folder of a run")
    }
    run = try StoredRun(path, registry: registry)
    manifest =
      FileSystem.exists(folder.manifestFile) ? try RunManifest(folder: folder) : nil
    if let version = manifest?.version, version != RunManifest.currentVersion {
      throw .damaged(
        path: folder.manifestFile,
        reason: "it is of version \(version), and this program reads \(RunManifest.currentVersion)")
    }
    let isRunning = folder.isInUse
    state =
      switch (isRunning, manifest?.sessions.last?.outcome) {
      case (true, _): .running
      case (_, "finished"), (_, "reached-return"): .finished
      case (_, "diverged"): .diverged
      default: .interrupted
      }
    func read<Value>(
      _ file: String, or nothing: Value, _ read: (String) throws(FileError) -> Value
    ) throws(FileError) -> Value { FileSystem.exists(file) ? try read(file) : nothing }
    evaluations = try read(folder.evaluationsFile, or: []) { file throws(FileError) in
      try StoredEvaluation.read(file, isGrowing: isRunning)
    }
    final = try read(folder.finalEvaluationFile, or: []) { file throws(FileError) in
      try StoredEvaluation.read(file, isGrowing: false)
    }.last
    seconds = try read(folder.timingFile, or: 0) { file throws(FileError) in
      Self.seconds(try LogTable(reading: file, isGrowing: isRunning))
    }
  }

  /// Returns the seconds of all sessions, of which each begins with 0.
  private static func seconds(_ timing: LogTable) -> Double {
    let times = timing.numbers("seconds") ?? []
    return zip(times, times.dropFirst() + [-.infinity]).reduce(0) { sum, pair in
      pair.1 < pair.0 ? sum + pair.0 : sum
    }
  }

  /// Reads the metrics, a row for each iteration; columns `iteration`, `steps` and the metrics' names.
  ///
  /// - Throws: `FileError` if the file is missing or damaged.
  public func metrics() throws(FileError) -> LogTable {
    try LogTable(reading: folder.metricsFile, isGrowing: isRunning)
  }

  /// Reads the times, a row for each iteration; columns `iteration`, `steps`, `seconds` since the
  /// session began, `steps-per-second` and the shares `environment-share`, `policy-share` and
  /// `update-share`.
  ///
  /// - Throws: `FileError` if the file is missing or damaged.
  public func timing() throws(FileError) -> LogTable {
    try LogTable(reading: folder.timingFile, isGrowing: isRunning)
  }
}
