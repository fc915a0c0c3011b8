internal import RLCore

/// The first difference between a recording and its re-simulation.
public struct RecordingDifference: Sendable, Equatable, CustomStringConvertible {
  /// Number of the step that differs, from 1; 0 is the episode's start.
  public let step: Int
  /// Name of the field that differs, for example `observation "hull angle"`.
  public let field: String
  /// Value in the recording.
  public let recorded: String
  /// Value in the re-simulation.
  public let simulated: String

  /// The difference as one sentence.
  public var description: String {
    "step \(step): \(field) was recorded as \(recorded) and is \(simulated) when re-simulated"
  }
}

/// Compares field by field and keeps the first difference.
struct Comparison {
  let step: Int
  private(set) var difference: RecordingDifference?

  init(step: Int) { self.step = step }

  private mutating func note(_ field: String, _ recorded: String, _ simulated: String) {
    guard difference == nil else { return }
    difference = RecordingDifference(
      step: step, field: field, recorded: recorded, simulated: simulated)
  }

  mutating func flags(_ name: String, _ recorded: Bool, _ simulated: Bool) {
    if recorded != simulated { note(name, "\(recorded)", "\(simulated)") }
  }

  mutating func ends(_ recorded: TaskEnd, _ simulated: EpisodeEnd) {
    guard simulated != .task(recorded) else { return }
    note("the end", recorded.rawValue, simulated.description)
  }

  mutating func floats(_ name: String, _ recorded: Float, _ simulated: Float) {
    guard recorded.bitPattern != simulated.bitPattern else { return }
    let texts = ("\(recorded)", "\(simulated)")
    // Different bits with the same text occur only in NaNs.
    if texts.0 != texts.1 {
      note(name, texts.0, texts.1)
    } else {
      let bits = (recorded.bitPattern, simulated.bitPattern)
      note(name, RecordingHeader.hexadecimal(bits.0), RecordingHeader.hexadecimal(bits.1))
    }
  }

  mutating func observations(_ recorded: [Float], _ simulated: [Float], _ header: RecordingHeader) {
    guard difference == nil else { return }
    for j in recorded.indices {
      let name = "observation \"\(header.observationComponents[j].name)\""
      floats(name, recorded[j], simulated[j])
    }
  }

  mutating func hashes(_ recorded: UInt64, _ simulated: UInt64, of what: String) {
    guard recorded != simulated else { return }
    note(
      "the hash of \(what)", RecordingHeader.hexadecimal(recorded),
      RecordingHeader.hexadecimal(simulated))
  }
}
