/// The Castagnoli checksum (CRC-32C) of TensorBoard's record format and the suite's manifests.
///
/// Reflected polynomial 0x82F63B78; initial value and final exclusive-or 0xFFFFFFFF.
public struct CRC32C: Sendable {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1
    }
  }

  /// Returns the checksum of a sequence of bytes.
  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let table = table
    return ~bytes.reduce(0xFFFF_FFFF) {
      table[Int(truncatingIfNeeded: ($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8
    }
  }
}
