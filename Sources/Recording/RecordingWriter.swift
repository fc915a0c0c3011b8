internal import Foundation
public import RLCore
public import Storage

/// Writes a recording to a file while the episode runs.
///
/// The file is named `<name>.partial` until it is finished, and every full chunk is passed to the
/// system at once, so that what was recorded before a crash can be read.
public final class RecordingWriter {
  /// Suffix of unfinished files.
  public static let partialSuffix = ".partial"

  /// Path of the finished file.
  public let path: String
  private let handle: FileHandle
  private var encoder: RecordingEncoder
  private var header: RecordingHeader
  private let head: (bytes: [UInt8], checksum: UInt32)

  /// Creates a file, replacing an unfinished one of the same name.
  ///
  /// - Parameters:
  ///   - path: Path of the finished file; by convention it ends in `.rlrec`.
  ///   - header: Header of the recording.
  /// - Throws: `FileError.unwritable(path:reason:)`.
  public init(path: String, header: RecordingHeader) throws(FileError) {
    guard !FileSystem.isFolder(path) else {
      throw .unwritable(path: path, reason: "it is a folder")
    }
    self.path = path
    self.header = header
    handle = try FileSystem.openNew(path + Self.partialSuffix)
    encoder = RecordingEncoder(layout: header.layout)
    head = RecordingEncoder.head(header)
    try write(head.bytes)
  }

  /// Adds a step.
  public func append(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) throws(FileError) {
    let chunk = encoder.append(
      step, action: action, disturbance: disturbance, observation: observation)
    if let chunk { try write(chunk) }
  }

  /// Writes the last chunk, waits until everything is on disk, and renames the file.
  public func finish() throws(FileError) {
    if let chunk = encoder.flush() { try write(chunk) }
    let partial = path + Self.partialSuffix
    if let end = encoder.end {
      header.end = end
      let steps = try FileSystem.read(partial).dropFirst(head.bytes.count)
      try close()
      // Only now is it known what the header, which comes first, says of the end.
      let head = RecordingEncoder.head(header)
      let done = encoder.done(headChecksum: head.checksum)
      try FileSystem.write(Data(head.bytes) + steps + Data(done), to: path)
      try FileSystem.remove(partial)
    } else {
      try write(encoder.done(headChecksum: head.checksum))
      try close()
      try FileSystem.rename(partial, to: path)
      try FileSystem.syncFolder(of: path)
    }
  }

  private func close() throws(FileError) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw failure(error)
    }
  }

  private func write(_ bytes: [UInt8]) throws(FileError) {
    do {
      try handle.write(contentsOf: Data(bytes))
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> FileError {
    .unwritable(path: path, reason: FileSystem.reason(error))
  }
}
