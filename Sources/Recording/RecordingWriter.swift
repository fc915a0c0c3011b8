internal import Foundation
public import RLCore
public import Storage

/// Writes a recording to a file while the episode runs.
///
/// Until it is finished the file is called `<name>.partial`, and every chunk is handed to the
/// system as soon as it is full: what was recorded before a crash can be read.
public final class RecordingWriter {
  /// The suffix of files that are not finished.
  public static let partialSuffix = ".partial"

  /// The file's name when it is finished.
  public let path: String
  private let handle: FileHandle
  private var encoder: RecordingEncoder
  private let headChecksum: UInt32

  /// Starts a file, in place of an unfinished one of the same name.
  ///
  /// - Parameters:
  ///   - path: The file's name when it is finished; ends in `.rlrec` by custom.
  ///   - header: All it says of the episode.
  /// - Throws: ``Training/FileError/unwritable(path:reason:)``.
  public init(path: String, header: RecordingHeader) throws(FileError) {
    guard !FileSystem.isFolder(path) else {
      throw .unwritable(path: path, reason: "it is a folder")
    }
    self.path = path
    handle = try FileSystem.openNew(path + Self.partialSuffix)
    encoder = RecordingEncoder(layout: header.layout)
    let head = RecordingEncoder.head(header)
    headChecksum = head.checksum
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

  /// Adds the last chunk, waits until the disk has all, and gives the file its name.
  public func finish() throws(FileError) {
    if let chunk = encoder.flush() { try write(chunk) }
    try write(encoder.done(headChecksum: headChecksum))
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw failure(error)
    }
    try FileSystem.rename(path + Self.partialSuffix, to: path)
    try FileSystem.syncFolder(of: path)
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
