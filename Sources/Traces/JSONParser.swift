internal import Storage

extension JSONValue {
  /// Maximum depth of a document.
  private static let mostLevels = 64

  /// Parses one document nested at most 64 levels deep.
  public static func parse(_ text: String) throws(TraceError) -> JSONValue {
    do throws(JSONScanner.Failure) {
      var scanner = JSONScanner(Array(text.utf8))
      let value = try read(&scanner, depth: 0)
      scanner.skipSpace()
      guard scanner.isAtEnd else { throw scanner.failure("text after the document") }
      return value
    } catch {
      throw .malformedJSON(byte: error.byte, reason: error.reason)
    }
  }

  private static func read(
    _ scanner: inout JSONScanner, depth: Int
  ) throws(JSONScanner.Failure) -> JSONValue {
    guard depth < mostLevels else { throw scanner.failure("more than \(mostLevels) levels") }
    scanner.skipSpace()
    switch scanner.next {
    case UInt8(ascii: "{"):
      var members: [Member] = []
      try scanner.object { key, scanner throws(JSONScanner.Failure) in
        members.append(.init(key, try read(&scanner, depth: depth + 1)))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try scanner.array { scanner throws(JSONScanner.Failure) in
        elements.append(try read(&scanner, depth: depth + 1))
      }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try scanner.string())
    case UInt8(ascii: "t"):
      try scanner.expect(word: "true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try scanner.expect(word: "false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try scanner.expect(word: "null")
      return .null
    case nil: throw scanner.failure("unexpected end of the document")
    default: return .number(try scanner.number())
    }
  }
}
