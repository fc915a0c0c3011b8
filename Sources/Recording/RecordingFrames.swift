internal import Foundation
internal import Storage

/// The reason why a file is not a valid recording.
struct RecordingDamage: Error {
  let reason: String
}

/// The location of one chunk of steps in the file.
struct StepChunk: Sendable {
  /// Index of the chunk in the file; the header is 0.
  let index: Int
  /// Offset of the payload in the file, in bytes.
  let offset: Int
  /// Length of the payload, in bytes.
  let length: Int
  /// Number of the first step.
  let first: Int
  /// Number of steps.
  let count: Int

  /// Name of the chunk in messages.
  var name: String {
    let start = offset - RecordingFormat.chunkHeaderBytes
    return "chunk \(index) at byte \(start) with steps \(first) to \(first + count - 1)"
  }

  /// Inflates and returns the steps.
  func decode(
    _ file: RawSpan, layout: StepLayout
  ) throws(RecordingDamage) -> StepRows {
    let payload = file.extracting(offset..<offset + length)
    guard let rows = StepRows(payload: payload, layout: layout) else {
      throw RecordingDamage(
        reason: "\(name) does not inflate to \(count) steps of \(layout.width) numbers")
    }
    return rows
  }
}

/// The chunks of a file, checked for framing, checksums and order; the steps are not decoded yet.
struct RecordingFrames {
  /// The contents of the last chunk.
  struct End {
    let steps: Int
    let chunks: Int
    let totalReward: Double
    let chain: UInt32
  }

  private(set) var header: RecordingHeader
  private(set) var steps: [StepChunk] = []
  private(set) var end: End?
  private(set) var missingEnd: String?
  private(set) var stepCount = 0
  private var checksums: [UInt32] = []

  /// A chunk whose framing is valid.
  private struct Frame {
    let tag: RecordingFormat.Tag
    let offset: Int
    let length: Int
    let checksum: UInt32

    var next: Int { offset + length }
  }

  init(
    _ file: RawSpan, accepting completeness: RecordingReader.Completeness
  ) throws(RecordingDamage) {
    try Self.checkPrologue(file)
    let head = try Self.frame(
      in: file, at: RecordingFormat.prologueBytes, name: "the header's chunk")
    header = try Self.header(file, head)
    checksums = [head.checksum]
    var offset = head.next
    while end == nil {
      let name = "chunk \(checksums.count) at byte \(offset), after step \(stepCount),"
      let frame: Frame
      do throws(RecordingDamage) {
        guard offset < file.byteCount else {
          throw RecordingDamage(
            reason: "it was not finished: it ends after step \(stepCount) without its last chunk")
        }
        frame = try Self.frame(in: file, at: offset, name: name)
      } catch {
        guard completeness == .toLastWholeChunk else { throw error }
        missingEnd = error.reason
        return
      }
      try add(frame, of: file, name: name)
      offset = frame.next
    }
    guard offset == file.byteCount else {
      throw RecordingDamage(
        reason: "\(file.byteCount - offset) bytes follow its last chunk, at byte \(offset)")
    }
  }

  private static func checkPrologue(_ file: RawSpan) throws(RecordingDamage) {
    let magic = RecordingFormat.magic
    for i in 0..<min(magic.count, file.byteCount) {
      guard file.byte(at: i) == magic[i] else {
        throw RecordingDamage(reason: "it is not a recording: its first bytes differ")
      }
    }
    guard file.byteCount >= RecordingFormat.prologueBytes else {
      throw RecordingDamage(reason: "it ends after \(file.byteCount) bytes")
    }
    let version = file.number(at: magic.count, as: UInt32.self)
    guard version <= RecordingFormat.version else {
      throw RecordingDamage(
        reason: "it was written by a later version of the suite: "
          + "its format is \(version), but only \(RecordingFormat.version) can be read")
    }
    guard version == RecordingFormat.version else {
      throw RecordingDamage(
        reason: "its format is \(version), but only \(RecordingFormat.version) can be read")
    }
  }

  private static func frame(
    in file: RawSpan, at offset: Int, name: String
  ) throws(RecordingDamage) -> Frame {
    let payload = offset + RecordingFormat.chunkHeaderBytes
    guard payload <= file.byteCount else {
      throw RecordingDamage(reason: "\(name) is cut off at byte \(file.byteCount)")
    }
    let length = Int(file.number(at: offset + 4, as: UInt32.self))
    guard length <= file.byteCount - payload else {
      throw RecordingDamage(
        reason: "\(name) is cut off: it has \(length) bytes, and \(file.byteCount - payload) follow"
      )
    }
    let checksum = file.number(at: offset + 8, as: UInt32.self)
    let sum = Zlib.checksum(
      file.extracting(payload..<payload + length),
      continuing: Zlib.checksum(file.extracting(offset..<offset + 8)))
    guard sum == checksum else {
      throw RecordingDamage(reason: "\(name) does not match its checksum")
    }
    let letters = (0..<4).map { file.byte(at: offset + $0) }
    guard let tag = RecordingFormat.Tag(rawValue: String(decoding: letters, as: UTF8.self)) else {
      throw RecordingDamage(reason: "\(name) is of an unknown kind")
    }
    return Frame(tag: tag, offset: payload, length: length, checksum: checksum)
  }

  private static func header(
    _ file: RawSpan, _ frame: Frame
  ) throws(RecordingDamage) -> RecordingHeader {
    guard frame.tag == .head, frame.length <= RecordingFormat.maximumHeaderBytes else {
      throw RecordingDamage(reason: "its first chunk is not a header")
    }
    let bytes = (frame.offset..<frame.next).map { file.byte(at: $0) }
    do {
      return try RecordingHeader(json: Data(bytes))
    } catch {
      throw RecordingDamage(reason: "its header is not valid: \(error.reason)")
    }
  }

  private mutating func add(
    _ frame: Frame, of file: RawSpan, name: String
  ) throws(RecordingDamage) {
    switch frame.tag {
    case .head: throw RecordingDamage(reason: "\(name) is a second header")
    case .step:
      let chunk = try stepChunk(frame, of: file, name: name)
      steps.append(chunk)
      stepCount += chunk.count
      checksums.append(frame.checksum)
    case .done:
      guard frame.length == RecordingFormat.doneBytes else {
        throw RecordingDamage(reason: "\(name) has \(frame.length) bytes")
      }
      let end = End(
        steps: Int(file.number(at: frame.offset, as: UInt32.self)),
        chunks: Int(file.number(at: frame.offset + 4, as: UInt32.self)),
        totalReward: Double(bitPattern: file.number(at: frame.offset + 8, as: UInt64.self)),
        chain: file.number(at: frame.offset + 16, as: UInt32.self))
      guard end.steps == stepCount, end.chunks == steps.count,
        end.chain == RecordingFormat.chain(checksums)
      else {
        throw RecordingDamage(
          reason: "its last chunk states \(end.steps) steps in \(end.chunks) chunks, but there "
            + "are \(stepCount) in \(steps.count), or different ones")
      }
      self.end = end
    }
  }

  private func stepChunk(
    _ frame: Frame, of file: RawSpan, name: String
  ) throws(RecordingDamage) -> StepChunk {
    let prologue = RecordingFormat.stepPrologueBytes
    guard frame.length >= prologue else {
      throw RecordingDamage(reason: "\(name) has \(frame.length) bytes")
    }
    let first = Int(file.number(at: frame.offset, as: UInt32.self))
    let count = Int(file.number(at: frame.offset + 4, as: UInt32.self))
    guard (1...RecordingFormat.stepsPerChunk).contains(count),
      count <= (frame.length - prologue) / 8
    else {
      throw RecordingDamage(reason: "\(name) can't hold \(count) steps")
    }
    guard first == stepCount + 1 else {
      throw RecordingDamage(
        reason: "\(name) begins with step \(first), but \(stepCount + 1) is next")
    }
    // Otherwise the index of a file of many small chunks could be larger than the file.
    guard stepCount % RecordingFormat.stepsPerChunk == 0 else {
      throw RecordingDamage(
        reason: "\(name) follows one of fewer than \(RecordingFormat.stepsPerChunk) steps")
    }
    guard count <= header.episodeSteps - stepCount else {
      throw RecordingDamage(
        reason: "\(name) has steps beyond the limit of \(header.episodeSteps)")
    }
    return StepChunk(
      index: checksums.count, offset: frame.offset, length: frame.length, first: first,
      count: count)
  }
}
