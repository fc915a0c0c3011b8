internal import RLCore

/// Encodes steps as the chunks of a file.
struct RecordingEncoder {
  private(set) var steps = 0
  /// What it means that the task ended with the last step; nil if it goes on.
  private(set) var end: TaskEnd?
  private var rows: StepRows
  private var totalReward = 0.0
  private var checksums: [UInt32] = []

  init(layout: StepLayout) { rows = StepRows(layout: layout, first: 1) }

  /// Returns the first bytes of the file with its first chunk, and that chunk's checksum.
  static func head(_ header: RecordingHeader) -> (bytes: [UInt8], checksum: UInt32) {
    let chunk = RecordingFormat.chunk(.head, header.json)
    return (RecordingFormat.prologue + chunk.bytes, chunk.checksum)
  }

  /// Adds a step.
  ///
  /// - Returns: A chunk if this step completed one.
  mutating func append(
    _ step: ObservedStep, action: Span<Float>, disturbance: Span<Float>, observation: Span<Float>
  ) -> [UInt8]? {
    let hash = RecordingHash.step(state: step.stateHash, action: action, disturbance: disturbance)
    var flags: UInt8 = 0
    if step.terminated { flags |= StepFlags.terminated }
    if step.truncated { flags |= StepFlags.truncated }
    rows.append(
      hash: hash, flags: flags, action: action, disturbance: disturbance, reward: step.reward,
      observation: observation)
    totalReward += Double(step.reward)
    end = step.end
    steps += 1
    return rows.count == RecordingFormat.stepsPerChunk ? flush() : nil
  }

  /// Encodes the steps added since the last chunk.
  ///
  /// - Returns: A chunk; nil if there are no steps.
  mutating func flush() -> [UInt8]? {
    guard rows.count > 0 else { return nil }
    let chunk = RecordingFormat.chunk(.step, rows.payload)
    checksums.append(chunk.checksum)
    rows.advance()
    return chunk.bytes
  }

  /// Returns the last chunk; all steps must have been flushed.
  func done(headChecksum: UInt32) -> [UInt8] {
    let payload = RecordingFormat.done(
      steps: steps, chunks: checksums.count, totalReward: totalReward,
      chain: RecordingFormat.chain([headChecksum] + checksums))
    return RecordingFormat.chunk(.done, payload).bytes
  }
}
