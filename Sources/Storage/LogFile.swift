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
  package func append(line: String) throws(FileError) {
    var text = line + "\n"
    try check(text.withUTF8 { unsafe write(UnsafeRawBufferPointer($0)) })
  }

  /// Appends bytes.
  package func append(_ data: Data) throws(FileError) {
    try check(unsafe data.withUnsafeBytes { unsafe write($0) })
  }

  /// Writes bytes by the system's call and returns its error, or 0.
  ///
  /// With Foundation's own call, and TensorBoard's records built as `Data`, logs took 3.3 to 3.8 % of
  /// PPO's time on `cartpole-v1`; without both they take 1.9 to 2.3 % (`bench logging-cost`).
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
      let count = unsafe Foundation.write(handle.fileDescriptor, part.baseAddress, part.count)
      if count >= 0 {
        unsafe rest.removeFirst(count)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }

  private func check(_ error: Int32) throws(FileError) {
    guard error == 0 else {
      throw .unwritable(path: path, reason: FileSystem.systemReason(error))
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
