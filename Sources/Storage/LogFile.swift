package import Foundation

/// A text file that grows line by line; `LogFile+Rows.swift` continues one at an earlier step.
package final class LogFile {
  private let path: String
  private let handle: FileHandle

  /// Opens a file for appending, creating it if it does not exist.
  ///
  /// - Throws: ``FileError/damaged(path:reason:)`` if the path is a link,
  ///   ``FileError/unwritable(path:reason:)``.
  package init(_ path: String) throws(FileError) {
    self.path = path
    handle = try FileSystem.openToAppend(path)
  }

  /// Appends a line and a newline character.
  package func append(line: String) throws(FileError) { try append(Data((line + "\n").utf8)) }

  /// Appends bytes.
  package func append(_ data: Data) throws(FileError) {
    do {
      try handle.write(contentsOf: data)
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }

  /// Waits until all lines are on the disk.
  ///
  /// - Throws: ``FileError/unwritable(path:reason:)``, also if the file has been removed.
  package func synchronize() throws(FileError) {
    var status = stat()
    guard unsafe fstat(handle.fileDescriptor, &status) != 0 || status.st_nlink > 0 else {
      throw .unwritable(path: path, reason: "it has been removed")
    }
    do {
      try handle.synchronize()
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }
}
