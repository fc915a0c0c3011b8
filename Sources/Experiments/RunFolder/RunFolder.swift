internal import Foundation
public import Storage

/// The folder of a run and the names of what lies in it.
public struct RunFolder: Sendable, Equatable {
  /// Where it is.
  public let path: String

  /// Every setting of the run, resolved.
  public var configurationFile: String { "\(path)/config.yaml" }
  /// Machine, toolchain and commit.
  public var manifestFile: String { "\(path)/manifest.json" }
  /// One row per iteration.
  public var metricsFile: String { "\(path)/metrics.csv" }
  /// The same as JSON lines.
  public var metricsLinesFile: String { "\(path)/metrics.jsonl" }
  /// Where the time went, one row per iteration; apart from the metrics, which are exact.
  public var timingFile: String { "\(path)/timing.csv" }
  /// One row per evaluation.
  public var evaluationsFile: String { "\(path)/evaluations.csv" }
  /// One row per task of a run whose physical parameters change.
  public var driftFile: String { "\(path)/drift.csv" }
  /// Event files.
  public var tensorBoardFolder: String { "\(path)/tensorboard" }
  /// One folder per checkpoint, and the links `best` and `latest`.
  public var checkpointsFolder: String { "\(path)/checkpoints" }
  /// Episodes recorded during training, and of its policies afterwards.
  public var recordingsFolder: String { "\(path)/recordings" }
  /// What a run that diverged left behind.
  public var postMortemFolder: String { "\(path)/post-mortem" }

  /// Names a folder.
  public init(path: String) { self.path = path }

  /// Makes a new folder `<parent>/<environment>-<agent>-<k>` with the first free k.
  public static func make(
    in parent: String = "runs", environment: String, agent: String
  ) throws(FileError) -> RunFolder {
    try FileSystem.makeFolder(parent)
    var k = 1
    while try !FileSystem.makeNewFolder("\(parent)/\(environment)-\(agent)-\(k)") { k += 1 }
    return RunFolder(path: "\(parent)/\(environment)-\(agent)-\(k)")
  }

  /// Makes the folder of a run at a given place, which must be new or empty.
  public static func make(at path: String) throws(FileError) -> RunFolder {
    try FileSystem.makeFolder(path)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard contents.isEmpty else {
      throw .unwritable(path: path, reason: "it is not empty")
    }
    return RunFolder(path: path)
  }

  /// The folder of a checkpoint.
  public func checkpoint(_ name: String) -> String { "\(checkpointsFolder)/\(name)" }

  /// The steps of all whole checkpoints, ascending.
  public var checkpointSteps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpointsFolder)) ?? []
    return names.compactMap { Int($0) }.sorted()
  }

  /// The folder of the newest checkpoint.
  public func latestCheckpoint() throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard let steps = checkpointSteps.last else { throw .missing(path: checkpoint("latest")) }
    return checkpoint("\(steps)")
  }

  /// The folder that a link or a step count names.
  public func findCheckpoint(_ name: String) throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard FileSystem.isFolder(checkpoint(name)) else { throw .missing(path: checkpoint(name)) }
    return checkpoint(name)
  }

  /// The step count that a link leads to.
  public func linkedStep(_ name: String) -> Int? {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: checkpoint(name))).flatMap {
      Int($0)
    }
  }

  /// Removes what a session that was killed left half-written.
  public func removeLeftovers() throws(FileError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpointsFolder)) ?? []
    for name in names where name.hasPrefix(".") { try FileSystem.remove(checkpoint(name)) }
  }

  /// Removes old checkpoints.
  ///
  /// - Parameters:
  ///   - keep: How many of the newest stay.
  ///   - best: The best one, which stays too.
  /// - Throws: ``FileError/unwritable(path:reason:)``.
  public func prune(keep: Int, best: Int?) throws(FileError) {
    for steps in checkpointSteps.dropLast(keep) where steps != best {
      try FileSystem.removeFolder(checkpoint("\(steps)"))
    }
  }
}
