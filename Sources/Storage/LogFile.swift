package import Foundation

/// A text file that grows line by line and can be cut back to an earlier step.
package final class LogFile {
  private let path: String
  private let handle: FileHandle

  /// Opens a file at its end, making it if need be.
  package init(_ path: String) throws(FileError) {
    self.path = path
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND, 0o666)
    guard descriptor >= 0 else {
      let error = NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Appends a line.
  package func append(line: String) throws(FileError) { try append(Data((line + "\n").utf8)) }

  /// Appends bytes.
  package func append(_ data: Data) throws(FileError) {
    do {
      try handle.write(contentsOf: data)
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }

  /// Waits until the disk has all lines.
  package func synchronize() throws(FileError) {
    do {
      try handle.synchronize()
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }

  /// Drops every line of a later step, and a last line that was cut short.
  ///
  /// - Parameters:
  ///   - path: The file; nothing happens when it isn't there.
  ///   - steps: Lines of more steps than this are dropped.
  ///   - stepOf: The step count of a line; nil for lines to keep, such as a header.
  /// - Throws: ``FileError``.
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
