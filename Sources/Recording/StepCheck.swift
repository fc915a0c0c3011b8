internal import RLCore

/// Checks every step of a file once: whether its numbers are possible and their totals right.
struct StepCheck {
  private(set) var totalReward = 0.0
  /// Flags of the last step.
  private(set) var flags: UInt8 = 0
  /// Fingerprint of the episode so far.
  var fingerprint: UInt64 { hasher.value }
  private var hasher = StateHasher()
  private let header: RecordingHeader

  init(header: RecordingHeader) {
    self.header = header
    hasher.combine(header.initialHash)
  }

  mutating func add(_ chunk: StepChunk, of file: RawSpan) throws(RecordingDamage) {
    let rows = try chunk.decode(file, layout: header.layout)
    for row in 0..<rows.count {
      let step = "step \(chunk.first + row)"
      guard flags == 0 else {
        throw RecordingDamage(reason: "\(step) comes after the episode's end")
      }
      flags = rows.flags[row]
      guard flags < StepFlags.terminated | StepFlags.truncated else {
        throw RecordingDamage(reason: "\(step) has the impossible flags \(flags)")
      }
      try checkAction(rows, row, step)
      for j in 0..<rows.layout.disturbances {
        let push = rows.float(row, rows.layout.actions + j)
        guard abs(push) <= header.disturbanceComponents[j].bound else {
          throw RecordingDamage(
            reason: "the disturbance of \(step) is \(push), beyond its bound of "
              + "\(header.disturbanceComponents[j].bound)")
        }
      }
      totalReward += Double(rows.float(row, rows.layout.rewardColumn))
      hasher.combine(rows.hashes[row])
    }
  }

  private func checkAction(
    _ rows: StepRows, _ row: Int, _ step: String
  ) throws(RecordingDamage) {
    switch header.actionSpace {
    case .discrete:
      let action = rows.float(row, 0)
      guard header.actionSpace.contains([action]) else {
        throw RecordingDamage(reason: "the action of \(step) is \(action), which is not a choice")
      }
    case .box:
      for j in 0..<rows.layout.actions where !rows.float(row, j).isFinite {
        throw RecordingDamage(reason: "the action of \(step) is not finite")
      }
    }
  }

  func compare(with end: RecordingFrames.End) throws(RecordingDamage) {
    guard header.end == nil || flags & StepFlags.terminated != 0 else {
      throw RecordingDamage(
        reason: "its header says how the task ended, but its last step does not end it")
    }
    guard
      end.totalReward.bitPattern == totalReward.bitPattern
        || (end.totalReward.isNaN && totalReward.isNaN)
    else {
      throw RecordingDamage(
        reason: "its rewards sum to \(totalReward), but its last chunk says \(end.totalReward)")
    }
  }
}
