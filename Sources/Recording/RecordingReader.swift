public import Foundation
public import Storage

/// Reads a recording.
///
/// A reader that exists has looked at every byte: frames, checksums, order, counts and the numbers
/// of all steps are sound.  It holds the file and the numbers of at most one chunk of 256 steps.
public final class RecordingReader {
  /// Which files are read.
  public enum Completeness: Sendable, Equatable {
    /// Those that were finished.
    case finished
    /// Those that end early too, to the last chunk that is whole.
    case toLastWholeChunk
  }

  /// The file's name, for messages.
  public let path: String
  /// What it says of the episode.
  public let header: RecordingHeader
  /// Number of steps.
  public let stepCount: Int
  /// Undiscounted sum of rewards.
  public let totalReward: Double
  /// Why there are no further steps, if the file was not finished or lost its end.
  public let missingEnd: String?
  /// Size of the file.
  public var byteCount: Int { contents.count }
  /// Whether the task ended with the last step.
  public let isTerminated: Bool
  /// Whether the time limit struck with the last step.
  public let isTruncated: Bool

  private let contents: Data
  private let chunks: [StepChunk]
  private var decoded: (chunk: Int, rows: StepRows)?

  /// Whether the first bytes are those of a recording, of whatever version.
  public static func isRecording(_ contents: Data) -> Bool {
    contents.starts(with: RecordingFormat.magic)
  }

  /// Reads a file.
  public convenience init(
    path: String, accepting completeness: Completeness = .finished
  ) throws(FileError) {
    try self.init(FileSystem.read(path), path: path, accepting: completeness)
  }

  /// Reads the contents of a file.
  ///
  /// - Parameters:
  ///   - contents: All of it.
  ///   - path: The name that messages give it.
  ///   - completeness: Whether it may end early.
  /// - Throws: ``Training/FileError/damaged(path:reason:)``, whose reason names chunk and steps.
  public init(
    _ contents: Data, path: String, accepting completeness: Completeness = .finished
  ) throws(FileError) {
    self.path = path
    self.contents = contents
    do {
      let frames = try RecordingFrames(contents.bytes, accepting: completeness)
      header = frames.header
      chunks = frames.steps
      missingEnd = frames.missingEnd
      stepCount = frames.stepCount
      var check = StepCheck(header: frames.header)
      for chunk in frames.steps { try check.add(chunk, of: contents.bytes) }
      if let end = frames.end { try check.compare(with: end) }
      totalReward = check.totalReward
      isTerminated = check.flags & StepFlags.terminated != 0
      isTruncated = check.flags & StepFlags.truncated != 0
    } catch {
      throw .damaged(path: path, reason: error.reason)
    }
  }

  /// The rows of the chunk that a step lies in; the last chunk asked for is kept.
  func rows(containing step: Int) throws(FileError) -> StepRows {
    precondition(step >= 1 && step <= stepCount, "step \(step) of \(stepCount)")
    let chunk = (step - 1) / RecordingFormat.stepsPerChunk
    if let decoded, decoded.chunk == chunk { return decoded.rows }
    decoded = nil
    do {
      let rows = try chunks[chunk].decode(contents.bytes, layout: header.layout)
      decoded = (chunk, rows)
      return rows
    } catch {
      throw .damaged(path: path, reason: error.reason)
    }
  }

  /// One step, 1 to ``stepCount``.
  public func step(_ number: Int) throws(FileError) -> RecordedStep {
    let rows = try rows(containing: number)
    return RecordedStep(rows, row: number - rows.first)
  }
}

/// One step of a recording, bit for bit.
public struct RecordedStep: Sendable, Equatable {
  /// [A], as it was given to the environment.
  public var action: [Float]
  /// [D] during the step; empty where disturbances were off.
  public var disturbance: [Float]
  /// The reward.
  public var reward: Float
  /// Whether the task ended.
  public var terminated: Bool
  /// Whether the time limit struck.
  public var truncated: Bool
  /// See ``RecordingHash/step(state:action:disturbance:)``.
  public var hash: UInt64
  /// [O] after the step.
  public var observation: [Float]

  init(_ rows: StepRows, row: Int) {
    let layout = rows.layout
    action = rows.floats(row, 0..<layout.actions)
    disturbance = rows.floats(row, layout.actions..<layout.rewardColumn)
    reward = rows.float(row, layout.rewardColumn)
    terminated = rows.flags[row] & StepFlags.terminated != 0
    truncated = rows.flags[row] & StepFlags.truncated != 0
    hash = rows.hashes[row]
    observation = rows.floats(row, layout.observationColumn..<layout.width)
  }
}
