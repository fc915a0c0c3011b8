internal import Foundation

/// Links, and what must not go through one.
extension FileSystem {
  /// What a path itself is, without following a link.
  package enum Kind: Sendable {
    case file, folder, link, other
  }

  /// Number of the error with which the creation of a link is to fail in a test; 0 for none.
  @TaskLocal package static var linkError: Int32 = 0

  /// Errors by which file systems say that they have no symbolic links.
  private static let linkless = [EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS]

  /// Greatest size of a file that stands for a link, in bytes.
  private static let longestLink = 4096

  /// Creates or replaces a link to a path relative to the link's folder.
  ///
  /// Where the file system has no symbolic links, a text file that contains the path stands for
  /// one, and is read like one.
  public static func link(_ path: String, to destination: String) throws(FileError) {
    let temporary = temporaryName(beside: path)
    // A killed process that had the same number may have left it.
    _ = unsafe unlink(temporary)
    do throws(FileError) {
      let error =
        linkError != 0 ? linkError : unsafe symlink(destination, temporary) == 0 ? 0 : errno
      if linkless.contains(error) {
        try writeFile(Data("\(destination)\n".utf8), to: temporary, waitsForDisk: true)
      } else if error != 0 {
        throw systemError(error, path)
      }
      try rename(temporary, to: path)
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
    try syncFolder(of: path)
  }

  /// Returns the path to which a link points, or that a text file in place of a link contains.
  ///
  /// - Returns: The path as it was written; nil if there is neither.
  package static func linkDestination(_ path: String) -> String? {
    switch kind(path) {
    case .link: return try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    case .file:
      guard let handle = FileHandle(forReadingAtPath: path),
        let data = try? handle.read(upToCount: longestLink + 1), data.count <= longestLink,
        let text = String(validating: data, as: UTF8.self)
      else { return nil }
      let line = text.hasSuffix("\n") ? text.dropLast() : text[...]
      return line.isEmpty || line.contains("\n") ? nil : String(line)
    default: return nil
    }
  }

  /// Returns what a path itself is, without following a link; nil if nothing has this path.
  package static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .folder
    case S_IFLNK: .link
    default: .other
    }
  }

  /// Returns the names in a folder, sorted; none if it can't be read.
  package static func contents(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  /// Returns the error for a link in the place of a file or folder that is written.
  package static func followedLink(_ path: String) -> FileError {
    .damaged(
      path: path,
      reason: "it is a link, which is not followed when something is written or removed; put the "
        + "file or folder itself there")
  }

  /// Whether a name is one that the suite gives to unfinished files and folders.
  ///
  /// - Parameters:
  ///   - name: Name of a file or folder.
  ///   - isFinalName: A closure that returns whether the finished one could have this name.
  /// - Returns: Whether the name is `.NAME.PROCESS.tmp` or `.NAME.tmp` of such a name.
  package static func isTemporaryName(
    _ name: String, where isFinalName: (String) -> Bool
  ) -> Bool {
    guard name.hasPrefix("."), name.hasSuffix(".tmp"), name.count > 5 else { return false }
    let inner = name.dropFirst().dropLast(4)
    // The name of an unfinished checkpoint does not contain the process.
    if isFinalName(String(inner)) { return true }
    guard let dot = inner.lastIndex(of: ".") else { return false }
    let process = inner[inner.index(after: dot)...]
    return !process.isEmpty && process.allSatisfy { ("0"..."9").contains($0) }
      && isFinalName(String(inner[..<dot]))
  }
}
