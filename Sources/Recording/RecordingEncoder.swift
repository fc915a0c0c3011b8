internal import RLCore

/// Turns steps into the chunks of a file.
struct RecordingEncoder {
  private(set) var steps = 0
  private var rows: StepRows
  private var totalReward = 0.0
  private var checksums: [UInt32] = []

  init(layout: StepLayout) { rows = StepRows(layout: layout, first: 1) }

  /// The first bytes of the file and its first chunk.
  static func head(_ header: RecordingHeader) -> (bytes: [UInt8], checksum: UInt32) {
    let chunk = RecordingFormat.chunk(.head, header.json)
    return (RecordingFormat.prologue + chunk.bytes, chunk.checksum)
  }

  /// Adds a step.
  ///
  /// - Returns: A chunk, if that completed one.
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
    steps += 1
    return rows.count == RecordingFormat.stepsPerChunk ? flush() : nil
  }

  /// Makes a chunk of the steps that wait for others.
  ///
  /// - Returns: The chunk; nil where none wait.
  mutating func flush() -> [UInt8]? {
    guard rows.count > 0 else { return nil }
    let chunk = RecordingFormat.chunk(.step, rows.payload)
    checksums.append(chunk.checksum)
    rows.advance()
    return chunk.bytes
  }

  /// The last chunk; nothing may wait.
  func done(headChecksum: UInt32) -> [UInt8] {
    let payload = RecordingFormat.done(
      steps: steps, chunks: checksums.count, totalReward: totalReward,
      chain: RecordingFormat.chain([headChecksum] + checksums))
    return RecordingFormat.chunk(.done, payload).bytes
  }
}
