internal import Storage

/// A run's folder that only this process uses, until the claim is released or gone.
final class RunClaim {
  let folder: RunFolder
  private let lock: FileLock
  /// Folders that were made for the run, outermost first.
  private let madeFolders: [String]

  private init(_ folder: RunFolder, madeFolders: [String]) throws(FileError) {
    self.folder = folder
    self.madeFolders = madeFolders
    lock = try FileLock(folder.lockFile, protecting: folder.path)
  }

  /// Claims the folder of a run that exists.
  ///
  /// - Throws: `FileError.unwritable` that names the process that uses the folder, if one does.
  convenience init(_ folder: RunFolder) throws(FileError) {
    try self.init(folder, madeFolders: [])
  }

  /// Claims a folder for a run that starts, which is made unless it exists and is empty.
  convenience init(newFolder path: String) throws(FileError) {
    let made = try FileSystem.makeFolder(path)
    let folder = RunFolder(path: path)
    try self.init(folder, madeFolders: made)
    // Not before the folder is claimed, or two processes would both find it empty.
    try folder.refuseLinks()
    if !FileSystem.exists(folder.configurationFile) { try folder.removeLeftovers() }
    try folder.refuseContents()
  }

  /// Claims a new folder `<parent>/<environment>-<agent>-<k>` with the first free k.
  convenience init(
    in parent: String = "runs", environment: String, agent: String
  ) throws(FileError) {
    let made = try FileSystem.makeFolder(parent)
    let folder = try RunFolder.make(in: parent, environment: environment, agent: agent)
    try self.init(folder, madeFolders: made + [folder.path])
  }

  /// Throws if the folder has been removed, or is now that of another run.
  func check() throws(FileError) {
    guard FileSystem.exists(folder.configurationFile) else {
      throw .unwritable(
        path: folder.path,
        reason: FileSystem.isFolder(folder.path)
          ? "its config.yaml has been removed" : "it has been removed")
    }
    try lock.check()
  }

  /// Removes what a start that failed has written, with the folders that were made for it.
  func abandon() {
    for file in [
      folder.configurationFile, folder.changesFile, folder.manifestFile, folder.initialPolicyFile,
    ] {
      try? FileSystem.remove(file)
    }
    try? FileSystem.removeEmptyFolder(folder.checkpointsFolder)
    lock.release()
    for path in madeFolders.reversed() { try? FileSystem.removeEmptyFolder(path) }
  }

  /// Lets other processes use the folder.
  func release() { lock.release() }
}
