package import Foundation

/// A text file that grows line by line and can be truncated to an earlier step.
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

  /// Removes all lines of later steps, and a last line that is incomplete.
  ///
  /// - Parameters:
  ///   - path: Path of the file; nothing happens if it does not exist.
  ///   - steps: Number of steps; lines with a larger number are removed.
  ///   - stepOf: Returns the number of steps of a line; nil for lines to keep, such as a header.
  /// - Throws: ``FileError`` if the file can't be read or written.
  package static func truncate(
    _ path: String, afterStep steps: Int, stepOf: (Substring) -> Int?
  ) throws(FileError) {
    guard FileSystem.exists(path) else { return }
    let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
    let complete = text.lastIndex(of: "\n").map { text[...$0] } ?? ""
    let kept = complete.split(separator: "\n").filter { stepOf($0).map { $0 <= steps } ?? true }
    let result = kept.map { $0 + "\n" }.joined()
    if result != text { try FileSystem.write(Data(result.utf8), to: path) }
  }
}
