public import Foundation

/// The few calls to the operating system that keep files whole.
///
/// A file or link is never changed in place: it is written under a temporary name in the same
/// folder, synced and renamed, so a reader sees the old one or the new one and nothing else, and a
/// full disk leaves the old one as it was.
public enum FileSystem {
  /// Reads a whole file.
  public static func read(_ path: String) throws(FileError) -> Data {
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    guard !isFolder(path) else { throw .unreadable(path: path, reason: "it is a folder") }
    do {
      return try Data(contentsOf: URL(filePath: path))
    } catch {
      throw .unreadable(path: path, reason: reason(error))
    }
  }

  /// Writes a whole file, or nothing.
  ///
  /// - Parameters:
  ///   - data: Its contents.
  ///   - path: Its name.
  ///   - waitsForDisk: Whether it must survive a power failure from now on; what can be made again
  ///     need not, and waiting takes milliseconds.
  /// - Throws: ``FileError/unwritable(path:reason:)``.
  public static func write(
    _ data: Data, to path: String, waitsForDisk: Bool = true
  ) throws(FileError) {
    let temporary = temporaryName(beside: path)
    do {
      try writeFile(data, to: temporary, waitsForDisk: waitsForDisk)
      try rename(temporary, to: path)
    } catch {
      _ = unsafe unlink(temporary)
      // Name the file that was asked for, not the temporary one.
      if case .unwritable(_, let reason) = error { throw .unwritable(path: path, reason: reason) }
      throw error
    }
    if waitsForDisk { try syncFolder(of: path) }
  }

  /// Points a symbolic link to a path relative to its own folder, replacing what it was.
  public static func link(_ path: String, to destination: String) throws(FileError) {
    let temporary = temporaryName(beside: path)
    guard unsafe symlink(destination, temporary) == 0 else { throw lastError(path) }
    do {
      try rename(temporary, to: path)
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
    try syncFolder(of: path)
  }

  /// Makes a folder and those above it.
  public static func makeFolder(_ path: String) throws(FileError) {
    guard !isFolder(path) else { return }
    let parent = split(path).folder
    if !parent.isEmpty, parent != path { try makeFolder(parent) }
    guard unsafe mkdir(path, 0o777) == 0 || (errno == EEXIST && isFolder(path)) else {
      throw lastError(path)
    }
  }

  /// Makes a folder that must not be there yet.
  ///
  /// - Returns: Whether it was made; false when something of that name exists.
  public static func makeNewFolder(_ path: String) throws(FileError) -> Bool {
    if unsafe mkdir(path, 0o777) == 0 { return true }
    if errno == EEXIST { return false }
    throw lastError(path)
  }

  /// Gives a file or folder a new name in one step.
  public static func rename(_ path: String, to newPath: String) throws(FileError) {
    guard unsafe Foundation.rename(path, newPath) == 0 else { throw lastError(newPath) }
  }

  /// Removes a file, or a folder with all in it; does nothing when there is none.
  public static func remove(_ path: String) throws(FileError) {
    guard exists(path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw .unwritable(path: path, reason: reason(error))
    }
  }

  /// Removes a folder that others may look at: a half-removed one never has its name.
  public static func removeFolder(_ path: String) throws(FileError) {
    let doomed = temporaryName(beside: path)
    try remove(doomed)
    try rename(path, to: doomed)
    try remove(doomed)
  }

  /// Gives a finished folder its final name, in place of what had it.
  public static func replaceFolder(_ path: String, with newFolder: String) throws(FileError) {
    if exists(path) { try removeFolder(path) }
    try rename(newFolder, to: path)
    try syncFolder(of: path)
  }

  /// Whether a file, folder or link (even one that leads nowhere) has this name.
  public static func exists(_ path: String) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: path)) != nil
  }

  /// Whether this is a folder.
  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Makes a rename or a new name in a folder survive a power failure.
  public static func syncFolder(of path: String) throws(FileError) {
    let folder = split(path).folder
    let descriptor = unsafe open(folder.isEmpty ? "." : folder, O_RDONLY)
    guard descriptor >= 0 else { throw lastError(folder) }
    defer { close(descriptor) }
    // Some file systems refuse to sync folders; the rename itself is done.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw lastError(folder)
    }
  }

  /// Writes a new file and waits until the disk has it.
  package static func writeAndSync(_ data: Data, to path: String) throws(FileError) {
    try writeFile(data, to: path, waitsForDisk: true)
  }

  private static func writeFile(
    _ data: Data, to path: String, waitsForDisk: Bool
  ) throws(FileError) {
    let handle = try openNew(path)
    do {
      try handle.write(contentsOf: data)
      if waitsForDisk { try handle.synchronize() }
      try handle.close()
    } catch {
      throw .unwritable(path: path, reason: reason(error))
    }
  }

  /// Makes a file, or empties the one that is there, to be written bit by bit.
  package static func openNew(_ path: String) throws(FileError) -> FileHandle {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw lastError(path) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// What went wrong, without the file's name and Foundation's ceremony.
  package static func reason(_ error: any Error) -> String {
    let outer = error as NSError
    let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
    if inner.domain == NSPOSIXErrorDomain, let message = unsafe strerror(Int32(inner.code)) {
      return unsafe String(cString: message).lowercased()
    }
    return outer.localizedDescription
  }

  /// What the last system call complained of.
  package static func lastError(_ path: String) -> FileError {
    .unwritable(
      path: path,
      reason: reason(NSError(domain: NSPOSIXErrorDomain, code: Int(errno))))
  }

  /// A hidden name in the same folder.
  package static func temporaryName(beside path: String) -> String {
    sibling(of: path, named: ".\(split(path).name).\(getpid()).tmp")
  }

  /// Another name in the folder of a path.
  package static func sibling(of path: String, named name: String) -> String {
    let folder = split(path).folder
    return folder.isEmpty ? name : folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  /// Splits a path at its last slash; the folder is empty where there is none.
  ///
  /// Foundation's own functions stop the process at a path of a single character.
  package static func split(_ path: String) -> (folder: String, name: String) {
    let whole = withoutLastSlashes(path[...])
    guard whole != "/" else { return ("", "/") }
    guard let slash = whole.lastIndex(of: "/") else { return ("", String(whole)) }
    let name = whole[whole.index(after: slash)...]
    return (String(withoutLastSlashes(whole[...slash])), String(name))
  }

  /// The root keeps its slash.
  private static func withoutLastSlashes(_ path: Substring) -> Substring {
    var path = path
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path
  }
}
