/// A 64-bit fingerprint of a simulator's state; equal states give equal hashes on every machine.
///
/// Words are mixed one by one with the finaliser of MurmurHash3, so the order matters.  It guards
/// against divergence, not against an adversary.
@frozen public struct StateHasher: Sendable {
  /// Fingerprint of everything added so far.
  public private(set) var value: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// Creates an empty fingerprint.
  public init() {}

  /// Adds one word.
  public mutating func combine(_ word: UInt64) {
    var z = (value ^ word) &* 0xff51_afd7_ed55_8ccd
    z = (z ^ (z >> 33)) &* 0xc4ce_b9fe_1a85_ec53
    value = (z ^ (z >> 33)) &+ 0x9E37_79B9_7F4A_7C15
  }

  /// Adds the bits of a double.
  public mutating func combine(_ number: Double) { combine(number.bitPattern) }
  /// Adds the bits of a float.
  public mutating func combine(_ number: Float) { combine(UInt64(number.bitPattern)) }
  /// Adds an integer.
  public mutating func combine(_ number: Int) { combine(UInt64(bitPattern: Int64(number))) }
  /// Adds a flag.
  public mutating func combine(_ flag: Bool) { combine(UInt64(flag ? 1 : 0)) }
}
