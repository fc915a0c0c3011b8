internal import Storage

/// The constants of the file format, which `RecordingFormat.md` describes.
package enum RecordingFormat {
  /// Magic bytes as in PNG: a non-ASCII byte and a line end, which reveal conversions of text.
  package static let magic: [UInt8] = [0x89, 0x52, 0x4C, 0x52, 0x45, 0x43, 0x0D, 0x0A]
  package static let version: UInt32 = 1
  /// Size of magic and version, in bytes.
  package static let prologueBytes = 12
  /// Size of tag, length and checksum, in bytes.
  package static let chunkHeaderBytes = 12
  /// Size of the first step's number and the number of steps, in bytes.
  package static let stepPrologueBytes = 8
  package static let doneBytes = 20

  package static let stepsPerChunk = 256
  package static let maximumHeaderBytes = 1 << 20
  package static let maximumWidth = 4096
  package static let maximumSteps = 10_000_000

  /// The kind of a chunk.
  package enum Tag: String {
    case head = "HEAD"
    case step = "STEP"
    case done = "DONE"
  }

  /// The first bytes of every file.
  package static var prologue: [UInt8] {
    var bytes = magic
    bytes.append(littleEndian: version)
    return bytes
  }

  /// Returns a payload framed as a chunk, and the chunk's checksum.
  package static func chunk(_ tag: Tag, _ payload: [UInt8]) -> (bytes: [UInt8], checksum: UInt32) {
    var bytes = Array(tag.rawValue.utf8)
    bytes.reserveCapacity(chunkHeaderBytes + payload.count)
    bytes.append(littleEndian: UInt32(payload.count))
    let checksum = Zlib.checksum(payload, continuing: Zlib.checksum(bytes))
    bytes.append(littleEndian: checksum)
    bytes += payload
    return (bytes, checksum)
  }

  /// Returns the payload of the last chunk.
  package static func done(steps: Int, chunks: Int, totalReward: Double, chain: UInt32) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(littleEndian: UInt32(steps))
    payload.append(littleEndian: UInt32(chunks))
    payload.append(littleEndian: totalReward.bitPattern)
    payload.append(littleEndian: chain)
    return payload
  }

  /// Returns the checksum over the checksums of all chunks before the last.
  package static func chain(_ checksums: [UInt32]) -> UInt32 {
    var bytes: [UInt8] = []
    for checksum in checksums { bytes.append(littleEndian: checksum) }
    return Zlib.checksum(bytes)
  }
}

extension [UInt8] {
  package mutating func append(littleEndian number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

extension RawSpan {
  /// Reads a little-endian number at a byte offset.
  package func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
    var number: Number = 0
    for i in 0..<Number.bitWidth / 8 {
      number |= Number(truncatingIfNeeded: byte(at: offset + i)) << (8 * i)
    }
    return number
  }

  package func byte(at offset: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
