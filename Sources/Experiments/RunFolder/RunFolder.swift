public import Storage

/// The folder of a run and the paths of its files.
public struct RunFolder: Sendable, Equatable {
  /// Path of the folder.
  public let path: String

  /// File with all settings of the run, resolved.
  public var configurationFile: String { "\(path)/config.yaml" }
  /// Policy with whose weights the run started, if it did not start with new ones.
  public var initialPolicyFile: String { "\(path)/initial-policy.safetensors" }
  /// Recorded episodes from which the run learns, if it has some.
  public var datasetFile: String { "\(path)/dataset.safetensors" }
  /// File with machine, toolchain, commit and sessions.
  public var manifestFile: String { "\(path)/manifest.json" }
  /// File with the sources' changes against their commit, if there were any.
  public var changesFile: String { "\(path)/changes.diff" }
  /// File that names the process that uses the folder, as long as one does.
  public var lockFile: String { "\(path)/lock.json" }
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
  /// File with the evaluation of the finished run on fresh episodes, if one was made.
  public var finalEvaluationFile: String { "\(path)/final.csv" }
  /// File with the episodes of training, one row each, as Stable-Baselines3 writes them.
  public var monitorFile: String { "\(path)/monitor.csv" }
  /// File with the returns per task, if physical parameters change; one row per task.
  public var driftFile: String { "\(path)/drift.csv" }
  /// File with the alarms, one row each; missing if there was none.
  public var alarmsFile: String { "\(path)/alarms.csv" }
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
    let folder = RunFolder(path: path)
    try folder.refuseContents()
    return folder
  }

  /// Throws if the folder contains anything but its lock.
  func refuseContents() throws(FileError) {
    let lock = FileSystem.split(lockFile).name
    guard FileSystem.contents(path).contains(where: { $0 != lock }) else { return }
    throw .unwritable(
      path: path,
      reason: FileSystem.exists(configurationFile)
        ? "it is not empty: it contains a run, which --resume continues" : "it is not empty")
  }

  /// Returns whether a path is that of a run's folder.
  package static func isRun(_ path: String) -> Bool {
    let folder = RunFolder(path: path)
    return FileSystem.isFolder(folder.checkpointsFolder)
      || FileSystem.exists(folder.configurationFile)
  }

  /// Whether a process uses the folder.
  package var isInUse: Bool { FileLock.isHeld(lockFile) }

  /// Returns the folder of a checkpoint, by its step count or link.
  public func checkpoint(_ name: String) -> String { "\(checkpointsFolder)/\(name)" }

  /// Steps of all complete checkpoints, ascending.
  public var checkpointSteps: [Int] {
    FileSystem.contents(checkpointsFolder).compactMap { name in
      FileSystem.kind(checkpoint(name)) == .folder ? Self.steps(name) : nil
    }.sorted()
  }

  /// Returns the number of steps in the name of a checkpoint's folder; nil for other names.
  private static func steps(_ name: String) -> Int? {
    Int(name).flatMap { $0 >= 0 && String($0) == name ? $0 : nil }
  }

  /// Returns the folder of the newest checkpoint.
  public func latestCheckpoint() throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    guard let steps = checkpointSteps.last else { throw .missing(path: checkpoint("latest")) }
    return checkpoint("\(steps)")
  }

  /// Returns the folder of the best checkpoint, or of the newest if no evaluation was made.
  public func bestCheckpoint() throws(FileError) -> String {
    FileSystem.exists(checkpoint("best")) ? try findCheckpoint("best") : try latestCheckpoint()
  }

  /// Returns the folder of a checkpoint that exists, by its step count or link.
  ///
  /// - Throws: `FileError.missing` if there is none, `FileError.damaged` if `best` or `latest`
  ///   points to anything but a checkpoint of this run.
  public func findCheckpoint(_ name: String) throws(FileError) -> String {
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    let named = checkpoint(name)
    guard Self.links.contains(name), FileSystem.exists(named) else {
      guard Self.steps(name) != nil, FileSystem.kind(named) == .folder else {
        throw .missing(path: named)
      }
      return named
    }
    // A copy that followed links.
    if FileSystem.kind(named) == .folder { return named }
    guard let steps = linkedStep(name) else {
      throw .damaged(path: named, reason: "it does not point to a checkpoint of this run")
    }
    return try findCheckpoint("\(steps)")
  }

  /// Returns the step count to which a link points; nil if there is no such link.
  ///
  /// In place of a link there may be a text file, where the file system has no links, or a copy of
  /// the checkpoint's folder, if the run was copied by a program that follows links.
  public func linkedStep(_ name: String) -> Int? {
    let path = checkpoint(name)
    guard FileSystem.kind(path) == .folder else {
      return FileSystem.linkDestination(path).flatMap { Self.steps($0) }
    }
    return (try? Checkpoint.readManifest(path))?.steps
  }

  /// Returns the path of a checkpoint's folder if a path is that of `best` or `latest` as a text
  /// file, otherwise the path itself.
  package static func resolve(_ path: String) -> String {
    guard links.contains(FileSystem.split(path).name), FileSystem.kind(path) == .file,
      let steps = FileSystem.linkDestination(path).flatMap({ steps($0) })
    else { return path }
    return FileSystem.sibling(of: path, named: "\(steps)")
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

  // MARK: - What a session finds

  /// Names of the links in the folder of checkpoints.
  private static let links = ["best", "latest"]

  private var files: [String] {
    [
      configurationFile, manifestFile, changesFile, lockFile, metricsFile, metricsLinesFile,
      timingFile, evaluationsFile, evaluationArraysFile, finalEvaluationFile, monitorFile,
      driftFile, alarmsFile, initialPolicyFile, datasetFile,
    ]
  }

  private var folders: [String] {
    [checkpointsFolder, recordingsFolder, tensorBoardFolder, postMortemFolder]
  }

  /// Throws if a file or folder of the run is a link, through which other files would be changed or
  /// removed.
  ///
  /// The links `best` and `latest` are allowed if they point to a checkpoint of the run.
  func refuseLinks() throws(FileError) {
    for entry in files + folders where FileSystem.kind(entry) == .link {
      throw FileSystem.followedLink(entry)
    }
    for name in FileSystem.contents(checkpointsFolder) {
      let path = checkpoint(name)
      switch (Self.links.contains(name), FileSystem.kind(path)) {
      case (true, .link) where linkedStep(name) == nil:
        throw .damaged(path: path, reason: "it does not point to a checkpoint of this run")
      case (true, .folder):
        throw .damaged(
          path: path,
          reason: "it is a folder, since the run was copied by a program that follows links; "
            + "remove it, and --resume will link it again")
      case (false, .link) where Self.steps(name) != nil:
        throw FileSystem.followedLink(path)
      default: break
      }
    }
  }

  /// Removes unfinished files and folders that a killed session has left behind, by their names.
  ///
  /// Call ``refuseLinks()`` before, so that only files in this folder are removed.
  func removeLeftovers() throws(FileError) {
    let ownNames = Set((files + folders).map { FileSystem.split($0).name })
    try removeLeftovers(in: path) { ownNames.contains($0) }
    try removeLeftovers(in: checkpointsFolder) { Self.links.contains($0) || Self.steps($0) != nil }
    try removeLeftovers(in: recordingsFolder) { $0.hasSuffix(".rlrec") }
  }

  private func removeLeftovers(
    in folder: String, of isFinalName: (String) -> Bool
  ) throws(FileError) {
    for name in FileSystem.contents(folder)
    where FileSystem.isTemporaryName(name, where: isFinalName) {
      try FileSystem.remove("\(folder)/\(name)")
    }
  }
}
