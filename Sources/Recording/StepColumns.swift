internal import Storage

/// The number of values of each kind in a step.
package struct StepLayout: Sendable, Equatable {
  package let actions: Int
  package let disturbances: Int
  package let observations: Int

  /// Number of floats per step: action, disturbance, reward and observation.
  package var width: Int { actions + disturbances + 1 + observations }
  package var rewardColumn: Int { actions + disturbances }
  package var observationColumn: Int { actions + disturbances + 1 }
}

/// Flags for the ways in which an episode ends with a step.
package struct StepFlags {
  package static let terminated: UInt8 = 1
  package static let truncated: UInt8 = 2
}

/// Up to 256 steps with one row of numbers each, between memory and file.
package struct StepRows: Sendable, Equatable {
  package let layout: StepLayout
  /// Number of the first step; an episode's first step is 1.
  package var first: Int
  package var hashes: [UInt64] = []
  /// Bits of the floats, [n × width].
  package var words: [UInt32] = []
  package var flags: [UInt8] = []

  package var count: Int { hashes.count }

  /// Creates an empty chunk with room for all its steps.
  package init(layout: StepLayout, first: Int) {
    self.layout = layout
    self.first = first
    hashes.reserveCapacity(RecordingFormat.stepsPerChunk)
    words.reserveCapacity(RecordingFormat.stepsPerChunk * layout.width)
    flags.reserveCapacity(RecordingFormat.stepsPerChunk)
  }

  package mutating func append(
    hash: UInt64, flags: UInt8, action: Span<Float>, disturbance: Span<Float>, reward: Float,
    observation: Span<Float>
  ) {
    precondition(
      action.count == layout.actions && disturbance.count == layout.disturbances
        && observation.count == layout.observations,
      "a step of \(action.count), \(disturbance.count), \(observation.count) numbers for \(layout)")
    hashes.append(hash)
    self.flags.append(flags)
    for j in action.indices { words.append(action[j].bitPattern) }
    for j in disturbance.indices { words.append(disturbance[j].bitPattern) }
    words.append(reward.bitPattern)
    for j in observation.indices { words.append(observation[j].bitPattern) }
  }

  /// Removes the steps and prepares for those that follow.
  package mutating func advance() {
    first += count
    hashes.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
    flags.removeAll(keepingCapacity: true)
  }

  package func float(_ row: Int, _ column: Int) -> Float {
    Float(bitPattern: words[row * layout.width + column])
  }

  package func floats(_ row: Int, _ columns: Range<Int>) -> [Float] {
    columns.map { float(row, $0) }
  }
}

extension StepRows {
  /// Payload of a chunk.
  package var payload: [UInt8] {
    var payload: [UInt8] = []
    payload.append(littleEndian: UInt32(first))
    payload.append(littleEndian: UInt32(count))
    for hash in hashes { payload.append(littleEndian: hash) }
    return payload + Zlib.compress(columns)
  }

  /// The numbers column by column, each minus the one before it, with bytes of equal weight
  /// together: slowly changing numbers then have long runs of equal bytes (walker: 98 → 80 bytes
  /// per step).
  private var columns: [UInt8] {
    let (rows, width) = (count, layout.width)
    let plane = rows * width
    var bytes = [UInt8](repeating: 0, count: 4 * plane + rows)
    for column in 0..<width {
      var previous: UInt32 = 0
      for row in 0..<rows {
        let word = words[row * width + column]
        let difference = word &- previous
        previous = word
        let k = column * rows + row
        for byte in 0..<4 {
          bytes[byte * plane + k] = UInt8(truncatingIfNeeded: difference >> (8 * byte))
        }
      }
    }
    for row in 0..<rows { bytes[4 * plane + row] = flags[row] }
    return bytes
  }

  /// Decodes a payload whose first step and number of steps have been checked.
  ///
  /// - Returns: The steps; nil if the compressed part is not valid.
  package init?(payload: RawSpan, layout: StepLayout) {
    self.layout = layout
    first = Int(payload.number(at: 0, as: UInt32.self))
    let rows = Int(payload.number(at: 4, as: UInt32.self))
    let hashes = RecordingFormat.stepPrologueBytes
    for row in 0..<rows {
      self.hashes.append(payload.number(at: hashes + 8 * row, as: UInt64.self))
    }
    let width = layout.width
    let plane = rows * width
    let stream = payload.extracting((hashes + 8 * rows)...)
    guard let bytes = Zlib.inflate(stream, count: 4 * plane + rows) else { return nil }
    words = .init(repeating: 0, count: plane)
    for column in 0..<width {
      var word: UInt32 = 0
      for row in 0..<rows {
        let k = column * rows + row
        var difference: UInt32 = 0
        for byte in 0..<4 { difference |= UInt32(bytes[byte * plane + k]) << (8 * byte) }
        word &+= difference
        words[row * width + column] = word
      }
    }
    flags.append(contentsOf: bytes[(4 * plane)...])
  }
}
