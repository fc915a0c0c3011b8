public import Foundation

extension FileSystem {
  /// Path of the standard input, which is read even if it is a socket.
  package static let standardInput = "/dev/stdin"

  /// Reads a whole file, pipe or device.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - limit: Greatest size that the file may have, in bytes; nothing beyond it is read.
  /// - Throws: ``FileError/missing(path:)``, ``FileError/unreadable(path:reason:)``, or
  ///   ``FileError/damaged(path:reason:)`` if the file is larger than the limit.
  /// - Returns: The contents.
  public static func read(_ path: String, atMost limit: Int = .max) throws(FileError) -> Data {
    let descriptor =
      path == standardInput ? dup(STDIN_FILENO) : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno != ENOENT, errno != ENOTDIR else { throw .missing(path: path) }
      throw .unreadable(path: path, reason: systemReason(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: systemReason(errno))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unreadable(path: path, reason: "it is a folder")
    }
    guard status.st_size <= limit else { throw tooLarge(path, bytes: Int(status.st_size), limit) }
    var buffer = ReadingBuffer(path: path)
    // Pipes and files of the system don't say how long they are.
    try buffer.reserve(max(Int(status.st_size) + 1, 1 << 16))
    while true {
      if buffer.count == buffer.capacity {
        try buffer.reserve(buffer.capacity.multipliedReportingOverflow(by: 2).partialValue)
      }
      guard try buffer.read(descriptor) else { return buffer.takeData() }
      guard buffer.count <= limit else { throw tooLarge(path, bytes: buffer.count, limit) }
    }
  }

  /// Reads a text file in UTF-8, without the byte order mark that some editors write.
  ///
  /// - Parameters:
  ///   - path: Path of the file.
  ///   - limit: Greatest size that the file may have, in bytes.
  /// - Throws: ``FileError`` if the file is missing, can't be read, is too large or is not UTF-8.
  /// - Returns: The text.
  public static func readText(_ path: String, atMost limit: Int = .max) throws(FileError) -> String
  {
    guard let text = String(validating: try read(path, atMost: limit), as: UTF8.self) else {
      throw .damaged(path: path, reason: "it is not text in UTF-8")
    }
    let scalars = text.unicodeScalars
    return scalars.first == byteOrderMark ? String(scalars.dropFirst()) : text
  }

  /// The character U+FEFF, which has no meaning at the start of a text in UTF-8.
  package static let byteOrderMark: Unicode.Scalar = "\u{FEFF}"

  private static func tooLarge(_ path: String, bytes: Int, _ limit: Int) -> FileError {
    .damaged(
      path: path,
      reason: "it has \(bytes) bytes or more, and a file of its kind has at most \(limit)")
  }
}

/// Memory that grows while a file is read, without an end of the process if there is no more.
@safe private struct ReadingBuffer: ~Copyable {
  let path: String
  private(set) var count = 0
  private(set) var capacity = 0
  private var start: UnsafeMutableRawPointer?

  init(path: String) { self.path = path }

  deinit { unsafe free(start) }

  /// Enlarges the memory to this many bytes.
  mutating func reserve(_ bytes: Int) throws(FileError) {
    guard bytes > capacity, let larger = unsafe realloc(start, bytes) else {
      throw .unreadable(path: path, reason: "there is no memory for its \(max(bytes, count)) bytes")
    }
    unsafe start = larger
    capacity = bytes
  }

  /// Reads what fits; returns false at the end of the file.
  mutating func read(_ descriptor: Int32) throws(FileError) -> Bool {
    while let start = unsafe start {
      let read = unsafe Foundation.read(descriptor, start + count, min(capacity - count, 1 << 30))
      guard read < 0 else {
        count += read
        return read > 0
      }
      guard errno == EINTR else {
        throw .unreadable(path: path, reason: FileSystem.systemReason(errno))
      }
    }
    return false
  }

  /// Returns the bytes and gives up the memory.
  mutating func takeData() -> Data {
    guard let bytes = unsafe start else { return Data() }
    unsafe start = nil
    return unsafe Data(bytesNoCopy: bytes, count: count, deallocator: .free)
  }
}
