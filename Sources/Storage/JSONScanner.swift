/// Reads the parts of a JSON document one after another: strings, numbers and punctuation.
///
/// Unlike Foundation's decoder it takes memory in proportion to what its caller keeps, and keeps
/// the order of members.
///
/// - Source: RFC 8259.
package struct JSONScanner {
  /// An error in the document.
  package struct Failure: Error {
    /// Index of the byte at which reading ended.
    package let byte: Int
    /// Reason for the error.
    package let reason: String
  }

  private let bytes: [UInt8]
  /// Index of the next byte.
  package private(set) var position = 0

  /// Begins to read a document.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether all bytes have been read.
  package var isAtEnd: Bool { position == bytes.count }
  /// The next byte; nil at the end.
  package var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// Returns an error at the current position.
  package func failure(_ reason: String) -> Failure { Failure(byte: position, reason: reason) }

  /// Skips white space.
  package mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
  }

  /// Skips a byte if it is next; returns whether it was.
  package mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Skips white space and a character that must follow it.
  package mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    skipSpace()
    guard take(UInt8(ascii: character)) else { throw failure("expected '\(character)'") }
  }

  /// Skips a word such as `true`.
  package mutating func expect(word: StaticString) throws(Failure) {
    for byte in "\(word)".utf8 {
      guard take(byte) else { throw failure("expected \(word)") }
    }
  }

  /// Reads the members of an object, up to and including its last brace.
  ///
  /// - Parameter member: A closure that reads the value of the member with this key.
  /// - Throws: ``Failure`` if this is no object.
  package mutating func object(
    _ member: (String, inout JSONScanner) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("{")
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("expected a colon") }
      skipSpace()
      try member(key, &self)
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("expected a comma or brace") }
  }

  /// Reads the elements of an array, up to and including its last bracket.
  ///
  /// - Parameter element: A closure that reads an element.
  /// - Throws: ``Failure`` if this is no array.
  package mutating func array(
    _ element: (inout JSONScanner) throws(Failure) -> Void
  ) throws(Failure) {
    try expect("[")
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    repeat {
      skipSpace()
      try element(&self)
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("expected a comma or bracket") }
  }

  /// Reads a number and returns its text.
  package mutating func number() throws(Failure) -> String {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let startsWithZero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !startsWithZero || whole == 1 else { throw failure("expected a value") }
    if take(UInt8(ascii: ".")) {
      guard digits() > 0 else { throw failure("expected a digit") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() > 0 else { throw failure("expected a digit") }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  /// Reads a string with its quotes and escapes.
  package mutating func string() throws(Failure) -> String {
    guard take(UInt8(ascii: "\"")) else { throw failure("expected a string") }
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw failure("a string that is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): units += try escape().utf8
      case 0..<0x20: throw failure("control character in a string")
      default: units.append(byte)
      }
    }
    throw failure("unterminated string")
  }

  private mutating func escape() throws(Failure) -> String {
    guard let byte = next else { throw failure("unterminated escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"):
      let first = try hexadecimalUnit()
      guard (0xD800..<0xDC00).contains(first) else {
        return String(decoding: [first], as: UTF16.self)
      }
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw failure("incomplete surrogate pair")
      }
      return String(decoding: [first, try hexadecimalUnit()], as: UTF16.self)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return String(decoding: [byte], as: UTF8.self)
    default: throw failure("unknown escape")
    }
  }

  private mutating func hexadecimalUnit() throws(Failure) -> UInt16 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ $0 >= UInt8(ascii: "0") }),
      let unit = UInt16(
        String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("expected four hexadecimal digits") }
    position += 4
    return unit
  }
}
