public import Foundation

/// File operations that never leave a partly written file.
///
/// A file or link is never changed in place: it is written under a temporary name in the same
/// folder, synced and renamed, so a reader sees either the old or the new one, and a full disk
/// leaves the old one unchanged.
public enum FileSystem {
  /// Writes a file, completely or not at all.
  ///
  /// - Parameters:
  ///   - data: Contents of the file.
  ///   - path: Path of the file.
  ///   - waitsForDisk: Whether to wait until the file would survive a power failure, which takes
  ///     milliseconds and is not needed for files that can be made again.
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
      // Name the requested file, not the temporary one.
      if case .unwritable(_, let reason) = error { throw .unwritable(path: path, reason: reason) }
      throw error
    }
    if waitsForDisk { try syncFolder(of: path) }
  }

  /// Creates a folder and its parents, unless they exist.
  ///
  /// - Returns: Paths of the folders that did not exist, outermost first.
  @discardableResult public static func makeFolder(_ path: String) throws(FileError) -> [String] {
    guard !isFolder(path) else { return [] }
    let parent = split(path).folder
    let parents = parent.isEmpty || parent == path ? [] : try makeFolder(parent)
    if try makeNewFolder(path) { return parents + [path] }
    guard isFolder(path) else {
      throw .unwritable(path: path, reason: "it is not a folder")
    }
    return parents
  }

  /// Creates the folder that is to contain a file, unless it exists.
  ///
  /// - Throws: ``FileError/unwritable(path:reason:)``, also if the file's path is a folder.
  public static func makeFolder(ofFile path: String) throws(FileError) {
    guard !isFolder(path) else { throw .unwritable(path: path, reason: "it is a folder") }
    let folder = split(path).folder
    if !folder.isEmpty { try makeFolder(folder) }
  }

  /// Creates a new folder.
  ///
  /// - Returns: Whether the folder was created; false if something of that name exists.
  public static func makeNewFolder(_ path: String) throws(FileError) -> Bool {
    if unsafe mkdir(path, 0o777) == 0 { return true }
    if errno == EEXIST { return false }
    throw lastError(path)
  }

  /// Renames a file or folder in one step, replacing a file of the new name.
  public static func rename(_ path: String, to newPath: String) throws(FileError) {
    guard unsafe Foundation.rename(path, newPath) == 0 else { throw lastError(newPath) }
  }

  /// Removes a file, or a folder with its contents; does nothing if it does not exist.
  ///
  /// A link is removed itself, and what it points to stays.
  public static func remove(_ path: String) throws(FileError) {
    guard exists(path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      throw .unwritable(path: path, reason: reason(error))
    }
  }

  /// Removes a folder that contains nothing.
  package static func removeEmptyFolder(_ path: String) throws(FileError) {
    guard unsafe rmdir(path) == 0 else { throw lastError(path) }
  }

  /// Removes a folder that other processes may read: it is renamed first, so that they never see a
  /// partly removed one.
  public static func removeFolder(_ path: String) throws(FileError) {
    let doomed = temporaryName(beside: path)
    try remove(doomed)
    try rename(path, to: doomed)
    try remove(doomed)
  }

  /// Gives a finished folder its final name, replacing what had that name.
  public static func replaceFolder(_ path: String, with newFolder: String) throws(FileError) {
    if exists(path) { try removeFolder(path) }
    try rename(newFolder, to: path)
    try syncFolder(of: path)
  }

  /// Returns whether a file, folder or link of this path exists, even a link without a target.
  public static func exists(_ path: String) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: path)) != nil
  }

  /// Returns whether this path is an existing folder.
  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Syncs the folder that contains a path, so that a new or changed name survives a power failure.
  public static func syncFolder(of path: String) throws(FileError) {
    let folder = split(path).folder
    let descriptor = unsafe Foundation.open(folder.isEmpty ? "." : folder, O_RDONLY)
    guard descriptor >= 0 else { throw lastError(folder) }
    defer { close(descriptor) }
    // Some file systems can't sync folders; the rename itself is done.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw lastError(folder)
    }
  }

  /// Writes a new file and waits until it is on the disk.
  package static func writeAndSync(_ data: Data, to path: String) throws(FileError) {
    try writeFile(data, to: path, waitsForDisk: true)
  }

  static func writeFile(
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

  /// Creates a file, or empties an existing one, and opens it for writing.
  ///
  /// - Throws: ``FileError/damaged(path:reason:)`` if the path is a link.
  package static func openNew(_ path: String) throws(FileError) -> FileHandle {
    try open(path, O_WRONLY | O_CREAT | O_TRUNC)
  }

  /// Opens a file to write at its end, and creates it if it does not exist.
  ///
  /// - Throws: ``FileError/damaged(path:reason:)`` if the path is a link.
  package static func openToAppend(_ path: String) throws(FileError) -> FileHandle {
    try open(path, O_WRONLY | O_CREAT | O_APPEND)
  }

  private static func open(_ path: String, _ flags: Int32) throws(FileError) -> FileHandle {
    let descriptor = unsafe Foundation.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw errno == ELOOP ? followedLink(path) : lastError(path) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Returns the reason of an error as a short phrase, without the file's name.
  package static func reason(_ error: any Error) -> String {
    let outer = error as NSError
    let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
    if inner.domain == NSPOSIXErrorDomain { return systemReason(Int32(inner.code)) }
    // Foundation's own text would be a domain and a number.
    return switch CocoaError.Code(rawValue: outer.code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: systemReason(ENOENT)
    case .fileReadNoPermission, .fileWriteNoPermission: systemReason(EACCES)
    case .fileWriteOutOfSpace: systemReason(ENOSPC)
    case .fileWriteVolumeReadOnly: systemReason(EROFS)
    case .fileWriteFileExists: systemReason(EEXIST)
    default: "the system gives no reason"
    }
  }

  /// Returns the system's words for an error number.
  static func systemReason(_ number: Int32) -> String {
    guard let message = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: message).lowercased()
  }

  /// Returns the error of the last system call.
  package static func lastError(_ path: String) -> FileError { systemError(errno, path) }

  /// Returns the error of a system call by its number.
  static func systemError(_ number: Int32, _ path: String) -> FileError {
    .unwritable(
      path: path, reason: reason(NSError(domain: NSPOSIXErrorDomain, code: Int(number))))
  }

  /// Returns a hidden temporary name in the folder of a path.
  package static func temporaryName(beside path: String) -> String {
    sibling(of: path, named: ".\(split(path).name).\(getpid()).tmp")
  }

  /// Returns the path of another name in the folder of a path.
  package static func sibling(of path: String, named name: String) -> String {
    let folder = split(path).folder
    return folder.isEmpty ? name : folder == "/" ? "/\(name)" : "\(folder)/\(name)"
  }

  /// Splits a path at its last slash; the folder is empty if there is no slash.
  ///
  /// Foundation's functions for this crash on a path of a single character.
  package static func split(_ path: String) -> (folder: String, name: String) {
    let whole = withoutLastSlashes(path[...])
    guard whole != "/" else { return ("", "/") }
    guard let slash = whole.lastIndex(of: "/") else { return ("", String(whole)) }
    let name = whole[whole.index(after: slash)...]
    return (String(withoutLastSlashes(whole[...slash])), String(name))
  }

  /// Removes slashes at the end of a path, except that of the root.
  private static func withoutLastSlashes(_ path: Substring) -> Substring {
    var path = path
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path
  }
}
