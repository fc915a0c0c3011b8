internal import Foundation

/// A message of protocol buffers that is being written.
///
/// - Source: https://protobuf.dev/programming-guides/encoding/
struct ProtocolBuffer {
  /// The bytes so far.
  private(set) var data = Data()

  /// Adds a whole number, which is left out of the message by readers if it is 0.
  mutating func add(_ field: Int, _ value: Int) {
    key(field, wireType: 0)
    varint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a number of single precision.
  mutating func add(_ field: Int, _ value: Float) {
    key(field, wireType: 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  /// Adds a text.
  mutating func add(_ field: Int, _ text: String) { add(field, Data(text.utf8)) }

  /// Adds bytes.
  mutating func add(_ field: Int, _ bytes: Data) {
    key(field, wireType: 2)
    varint(UInt64(bytes.count))
    data.append(bytes)
  }

  /// Adds a message.
  mutating func add(_ field: Int, _ fill: (inout ProtocolBuffer) -> Void) {
    var message = ProtocolBuffer()
    fill(&message)
    add(field, message.data)
  }

  private mutating func key(_ field: Int, wireType: UInt64) {
    varint(UInt64(field) << 3 | wireType)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      data.append(UInt8(truncatingIfNeeded: rest | 128))
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}
