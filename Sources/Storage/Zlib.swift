internal import CZlib

/// Calls to zlib.
package enum Zlib {
  /// Compression level, 1 to 9; above 6, walkers' columns take five times as long to shrink by 1 %
  /// more.
  private static let level: Int32 = 6
  /// Largest possible ratio of inflated to compressed size in zlib's format.
  package static let greatestRatio = 1032

  /// Returns zlib's CRC-32 of bytes, or of earlier bytes followed by these.
  package static func checksum(_ bytes: RawSpan, continuing earlier: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { buffer in
      let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
      // For no bytes, zlib would return its initial value.
      guard let start = unsafe start, buffer.count > 0 else { return earlier }
      return UInt32(unsafe crc32_z(UInt(earlier), start, buffer.count))
    }
  }

  /// Returns zlib's CRC-32 of bytes, or of earlier bytes followed by these.
  package static func checksum(_ bytes: [UInt8], continuing earlier: UInt32 = 0) -> UInt32 {
    unsafe checksum(bytes.span.bytes, continuing: earlier)
  }

  /// Compresses bytes deterministically.
  package static func compress(_ bytes: [UInt8]) -> [UInt8] {
    let bound = compressBound(UInt(bytes.count))
    return unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
      var length = bound
      let status = unsafe compress2(
        buffer.baseAddress, &length, bytes, UInt(bytes.count), level)
      precondition(status == Z_OK, "zlib has no memory for \(bytes.count) bytes")
      count = Int(length)
    }
  }

  /// Inflates a whole stream into exactly this many bytes; nil if that is impossible.
  package static func inflate(_ bytes: RawSpan, count expected: Int) -> [UInt8]? {
    // Allocate nothing for streams that promise more than they can hold.
    guard expected <= bytes.byteCount * greatestRatio else { return nil }
    var isWhole = false
    let inflated = unsafe [UInt8](unsafeUninitializedCapacity: expected) { output, count in
      unsafe bytes.withUnsafeBytes { input in
        var (length, consumed) = (UInt(expected), UInt(input.count))
        let status = unsafe uncompress2(
          output.baseAddress, &length, input.baseAddress?.assumingMemoryBound(to: UInt8.self),
          &consumed)
        isWhole = status == Z_OK && length == expected && consumed == input.count
        count = isWhole ? expected : 0
      }
    }
    return isWhole ? inflated : nil
  }

  /// Inflates a whole stream into exactly this many bytes; nil if that is impossible.
  package static func inflate(_ bytes: [UInt8], count expected: Int) -> [UInt8]? {
    unsafe inflate(bytes.span.bytes, count: expected)
  }
}
