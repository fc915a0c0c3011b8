internal import Foundation
public import Storage

/// The folder of a run and the paths of its files.
public struct RunFolder: Sendable, Equatable {
  /// Path of the folder.
  public let path: String

  /// File with all settings of the run, resolved.
  public var configurationFile: String { "\(path)/config.yaml" }
  /// File with machine, toolchain, commit and sessions.
  public var manifestFile: String { "\(path)/manifest.json" }
  /// File with the metrics, one row per iteration.
  public var metricsFile: String { "\(path)/metrics.csv" }
  /// File with the metrics as JSON lines.
  public var metricsLinesFile: String { "\(path)/metrics.jsonl" }
  /// File with the times, one row per iteration; separate from the metrics, which are exact.
  public var timingFile: String { "\(path)/timing.csv" }
  /// File with the evaluations, one row each.
  public var evaluationsFile: String { "\(path)/evaluations.csv" }
  /// File with the evaluations as NumPy arrays, as Stable-Baselines3 writes them.
  public var evaluationArraysFile: String { "\(path)/evaluations.npz" }
  /// File with the episodes of training, one row each, as Stable-Baselines3 writes them.
  public var monitorFile: String { "\(path)/monitor.csv" }
  /// File with the returns per task, if physical parameters change; one row per task.
  public var driftFile: String { "\(path)/drift.csv" }
  /// Folder of TensorBoard's event files.
  public var tensorBoardFolder: String { "\(path)/tensorboard" }
  /// Folder with one folder per checkpoint, and the links `best` and `latest`.
  public var checkpointsFolder: String { "\(path)/checkpoints" }
  /// Folder of episodes recorded during training, and later with the run's policies.
  public var recordingsFolder: String { "\(path)/recordings" }
  /// Checkpoint folder that is written if training diverges.
  public var postMortemFolder: String { "\(path)/post-mortem" }

  /// Refers to a folder by its path, without touching it.
  public init(path: String) { self.path = path }

  /// Creates a new folder `<parent>/<environment>-<agent>-<k>` with the first free k.
  public static func make(
    in parent: String = "runs", environment: String, agent: String
  ) throws(FileError) -> RunFolder {
    try FileSystem.makeFolder(parent)
    var k = 1
    while try !FileSystem.makeNewFolder("\(parent)/\(environment)-\(agent)-\(k)") { k += 1 }
    return RunFolder(path: "\(parent)/\(environment)-\(agent)-\(k)")
  }

  /// Creates the folder of a run at this path, which must be new or empty.
  public static func make(at path: String) throws(FileError) -> RunFolder {
    try FileSystem.makeFolder(path)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard contents.isEmpty else {
      throw .unwritable(path: path, reason: "it is not empty")
    }
    return RunFolder(path: path)
  }

  /// Returns the folder of a checkpoint, by its step count or link.
  public func checkpoint(_ name: String) -> String { "\(checkpointsFolder)/\(name)" }

  /// Steps of all complete checkpoints, ascending.
  public var checkpointSteps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpointsFolder)) ?? []
    return names.compactMap { Int($0) }.sorted()
  }

  /// Returns the folder of the newest checkpoint.
  public func latestCheckpoint() throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard let steps = checkpointSteps.last else { throw .missing(path: checkpoint("latest")) }
    return checkpoint("\(steps)")
  }

  /// Returns the folder of a checkpoint that exists, by its step count or link.
  public func findCheckpoint(_ name: String) throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard FileSystem.isFolder(checkpoint(name)) else { throw .missing(path: checkpoint(name)) }
    return checkpoint(name)
  }

  /// Returns the step count to which a link points; nil if there is no such link.
  public func linkedStep(_ name: String) -> Int? {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: checkpoint(name))).flatMap {
      Int($0)
    }
  }

  /// Removes incomplete checkpoints that a killed session has left behind.
  public func removeLeftovers() throws(FileError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpointsFolder)) ?? []
    for name in names where name.hasPrefix(".") { try FileSystem.remove(checkpoint(name)) }
  }

  /// Removes old checkpoints.
  ///
  /// - Parameters:
  ///   - keep: Number of the newest checkpoints to keep.
  ///   - best: Steps of the best checkpoint, which is kept too; nil if there is none.
  /// - Throws: `FileError.unwritable` if a folder can't be removed.
  public func prune(keep: Int, best: Int?) throws(FileError) {
    for steps in checkpointSteps.dropLast(keep) where steps != best {
      try FileSystem.removeFolder(checkpoint("\(steps)"))
    }
  }
}
