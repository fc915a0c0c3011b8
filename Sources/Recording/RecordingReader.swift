public import Foundation
public import RLCore
public import Storage

/// Reads a recording and checks all of it.
///
/// Creating a reader checks every byte: frames, checksums, order, counts and the numbers of all
/// steps are valid.  A reader holds the file and the numbers of at most one chunk of 256 steps.
public final class RecordingReader {
  /// Which recordings are accepted.
  public enum Completeness: Sendable, Equatable {
    /// Only recordings that were finished.
    case finished
    /// Also recordings that end early, up to their last complete chunk.
    case toLastWholeChunk
  }

  /// Name of the file, for messages.
  public let path: String
  /// Header of the recording.
  public let header: RecordingHeader
  /// Number of steps.
  public let stepCount: Int
  /// Undiscounted sum of rewards.
  public let totalReward: Double
  /// Hash of the episode: of the initial hash and then the hash of every step.
  ///
  /// Files of the same episode have the same fingerprint, whatever their names and builds.
  public let fingerprint: UInt64
  /// Reason why there are no further steps, if the file was not finished or lost its end.
  public let missingEnd: String?
  /// Size of the file, in bytes.
  public var byteCount: Int { contents.count }
  /// Whether the task ended with the last step.
  public let isTerminated: Bool
  /// Whether the time limit truncated the episode with the last step.
  public let isTruncated: Bool
  /// How the episode ended; nil if the task ended it and the recording does not say what that means.
  ///
  /// Recordings of earlier builds don't; ``Replay/end`` does.
  public var end: EpisodeEnd? {
    if isTruncated { return .timeLimit }
    return isTerminated ? header.end.map { .task($0) } : .leftUnfinished
  }

  private let contents: Data
  private let chunks: [StepChunk]
  private var decoded: (chunk: Int, rows: StepRows)?

  /// Whether the first bytes are those of a recording, in any version of the format.
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
  ///   - contents: Contents of the whole file.
  ///   - path: Name of the file in messages.
  ///   - completeness: Whether the recording may end early.
  /// - Throws: `FileError.damaged(path:reason:)`, whose reason names chunk and steps.
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
      fingerprint = check.fingerprint
      isTerminated = check.flags & StepFlags.terminated != 0
      isTruncated = check.flags & StepFlags.truncated != 0
    } catch {
      throw .damaged(path: path, reason: error.reason)
    }
  }

  /// Returns the rows of the chunk that contains a step; the last chunk returned is cached.
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

  /// Returns one step, 1 to ``stepCount``.
  public func step(_ number: Int) throws(FileError) -> RecordedStep {
    let rows = try rows(containing: number)
    return RecordedStep(rows, row: number - rows.first)
  }
}

/// One step of a recording, bit for bit.
public struct RecordedStep: Sendable, Equatable {
  /// Action as given to the environment, [A].
  public var action: [Float]
  /// Disturbance during the step, [D]; empty if disturbances were off.
  public var disturbance: [Float]
  /// Reward of the step.
  public var reward: Float
  /// Whether the task ended with the step.
  public var terminated: Bool
  /// Whether the time limit truncated the episode.
  public var truncated: Bool
  /// Hash of the step; see ``RecordingHash/step(state:action:disturbance:)``.
  public var hash: UInt64
  /// Observation after the step, [O].
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
