import CFuzzer
import Foundation
import Recording
import Storage

/// Reads whatever libFuzzer thinks of: as it is, and with sound checksums.
///
/// A reader may refuse it, with one sentence; it may not crash, hang or read beyond the end.
private func readRecording(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  read(bytes)
  read(withSoundChecksums(bytes))
  return 0
}

private func read(_ bytes: [UInt8]) {
  for completeness in [RecordingReader.Completeness.finished, .toLastWholeChunk] {
    do throws(FileError) {
      let reader = try RecordingReader(Data(bytes), path: "x", accepting: completeness)
      precondition(reader.stepCount <= reader.header.episodeSteps)
      precondition(reader.stepCount * 8 <= bytes.count, "more steps than hashes")
      for number in stride(from: 1, through: reader.stepCount, by: 100) {
        let step = try reader.step(number)
        precondition(step.observation.count == reader.header.observationComponents.count)
      }
    } catch {
      guard case .damaged(_, let reason) = error, !reason.contains("\n") else {
        fatalError("refused by \(error)")
      }
    }
  }
}

/// Without this nearly all inputs would end at the first checksum.
private func withSoundChecksums(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
  var offset = 12
  var sums: [UInt8] = []
  while offset + 12 <= bytes.count {
    let payload = offset + 12
    let end = payload + number(offset + 4)
    guard end <= bytes.count else { break }
    if bytes[offset] == UInt8(ascii: "D"), end - payload == 20 {
      store(checksum(sums[...]), in: &bytes, at: end - 4)
    }
    if bytes[offset] == UInt8(ascii: "S"), end - payload >= 8 {
      repairStoredStream(&bytes, from: payload + 8 + 8 * number(payload + 4), to: end)
    }
    store(checksum(bytes[offset..<offset + 8] + bytes[payload..<end]), in: &bytes, at: offset + 8)
    sums += bytes[offset + 8..<offset + 12]
    offset = end
  }
  return bytes
}

/// Sums up the contents of a zlib stream of one block that is not compressed: two bytes of zlib's,
/// five of the block's, the contents, and their Adler-32 with its highest byte first.
private func repairStoredStream(_ bytes: inout [UInt8], from start: Int, to end: Int) {
  guard start + 11 <= end, bytes[start + 2] == 1 else { return }
  var (low, high) = (UInt32(1), UInt32(0))
  for byte in bytes[start + 7..<end - 4] {
    low = (low + UInt32(byte)) % 65521
    high = (high + low) % 65521
  }
  store((high << 16 | low).byteSwapped, in: &bytes, at: end - 4)
}

private func store(_ word: UInt32, in bytes: inout [UInt8], at offset: Int) {
  for i in 0..<4 { bytes[offset + i] = UInt8(truncatingIfNeeded: word >> UInt32(8 * i)) }
}

private let table: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { value, _ in
    value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
  }
}

/// zlib's CRC-32.
private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(0xFFFF_FFFF) { table[Int(truncatingIfNeeded: ($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
}

// SwiftPM's executables have a main of their own, so libFuzzer's is not used.
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments) { readRecording($0, $1) })
