extension JSONValue {
  /// Parses one document nested at most 64 levels deep.
  public static func parse(_ text: String) throws(TraceError) -> JSONValue {
    var parser = JSONParser(bytes: Array(text.utf8))
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.isAtEnd else { throw parser.failure("text after the document") }
    return value
  }
}

/// A recursive-descent parser of RFC 8259.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  private static let maximumDepth = 64

  var isAtEnd: Bool { position == bytes.count }
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  func failure(_ reason: String) -> TraceError { .malformedJSON(byte: position, reason: reason) }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws(TraceError) -> JSONValue {
    guard depth < Self.maximumDepth else { throw failure("more than 64 levels") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("unexpected end of the document")
    default: return try number()
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(TraceError) -> JSONValue {
    for byte in word.utf8 {
      guard take(byte) else { throw failure("expected \(word)") }
    }
    return value
  }

  private mutating func object(depth: Int) throws(TraceError) -> JSONValue {
    position += 1
    var members: [JSONValue.Member] = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("expected a key") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("expected a colon") }
      members.append(.init(key, try value(depth: depth + 1)))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw failure("expected a comma or brace") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(TraceError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw failure("expected a comma or bracket") }
    return .array(elements)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func number() throws(TraceError) -> JSONValue {
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
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func string() throws(TraceError) -> String {
    position += 1
    var units: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"): units += try escape().utf8
      case 0..<0x20: throw failure("control character in a string")
      default: units.append(byte)
      }
    }
    throw failure("unterminated string")
  }

  private mutating func escape() throws(TraceError) -> String {
    guard let byte = next else { throw failure("unterminated escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"):
      let first = try hexUnit()
      guard (0xD800..<0xDC00).contains(first) else {
        return String(decoding: [first], as: UTF16.self)
      }
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw failure("incomplete surrogate pair")
      }
      return String(decoding: [first, try hexUnit()], as: UTF16.self)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return String(decoding: [byte], as: UTF8.self)
    default: throw failure("unknown escape")
    }
  }

  private mutating func hexUnit() throws(TraceError) -> UInt16 {
    guard position + 4 <= bytes.count,
      bytes[position..<position + 4].allSatisfy({ $0 >= UInt8(ascii: "0") }),
      let unit = UInt16(
        String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw failure("expected four hexadecimal digits") }
    position += 4
    return unit
  }
}
