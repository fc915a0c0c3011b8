package import Foundation

/// A text file that grows line by line; `LogFile+Rows.swift` continues one at an earlier step.
package final class LogFile {
  private let path: String
  private let handle: FileHandle

  /// Opens a file for appending, creating it if it does not exist.
  package init(_ path: String) throws(FileError) {
    self.path = path
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o666)
    guard descriptor >= 0 else {
      let error = NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
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
  package func synchronize() throws(FileError) {
    do {
      try handle.synchronize()
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }
}
