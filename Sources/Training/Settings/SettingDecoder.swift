/// Decodes settings from their tree and explains what does not fit.
///
/// Unlike a general decoder it knows where each value was written, takes `5e6` for a whole number,
/// and names the words an enumeration allows.
package struct SettingDecoder: Decoder {
  package let node: SettingNode
  package let codingPath: [any CodingKey]
  package var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Decodes a value; the only error it throws is a ``ConfigurationError``.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from node: SettingNode, path: [String] = []
  ) throws(ConfigurationError) -> Value {
    let decoder = SettingDecoder(node: node, codingPath: path.map(SettingKey.init(stringValue:)))
    do {
      return try decoder.decode(type)
    } catch let error as ConfigurationError {
      throw error
    } catch DecodingError.keyNotFound(let key, _) {
      throw ConfigurationError("\(key.stringValue) is missing (\(node.origin))")
    } catch {
      throw ConfigurationError("the settings (\(node.origin)) can't be used: \(error)")
    }
  }

  package func container<Key: CodingKey>(
    keyedBy type: Key.Type
  ) throws -> KeyedDecodingContainer<Key> {
    guard case .mapping = node else { throw mismatch("a mapping") }
    return KeyedDecodingContainer(SettingKeyedContainer(decoder: self))
  }

  package func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let values, _) = node else { throw mismatch("a list such as [64, 64]") }
    return SettingListContainer(decoder: self, values: values)
  }

  package func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  package func mismatch(_ expected: String) -> ConfigurationError {
    let name = codingPath.map(\.stringValue).joined(separator: ".")
    return ConfigurationError("\(name) must be \(expected) and is \(node.text) (\(node.origin))")
  }

  package func nested(_ node: SettingNode, _ key: any CodingKey) -> SettingDecoder {
    SettingDecoder(node: node, codingPath: codingPath + [key])
  }

  private var plainText: String? {
    guard case .scalar(let text, false, _) = node else { return nil }
    return text
  }
}

extension SettingDecoder: SingleValueDecodingContainer {
  package func decodeNil() -> Bool { ["null", "~", "", "Null", "NULL"].contains(plainText) }

  package func decode(_ type: Bool.Type) throws -> Bool {
    switch plainText {
    case "true", "True", "TRUE", "yes", "on": return true
    case "false", "False", "FALSE", "no", "off": return false
    default: throw mismatch("true or false")
    }
  }

  package func decode(_ type: String.Type) throws -> String {
    guard case .scalar(let text, _, _) = node else { throw mismatch("a word") }
    return text
  }

  package func decode(_ type: Double.Type) throws -> Double { try number() }
  package func decode(_ type: Float.Type) throws -> Float {
    let number = try number()
    let value = Float(number)
    guard value.isFinite || number.isInfinite else { throw mismatch("a smaller number") }
    return value
  }
  package func decode(_ type: Int.Type) throws -> Int { try integer() }
  package func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  package func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  package func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  package func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  package func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  package func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  package func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  package func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  package func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

  package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    if let choices = choices(of: type), let text = try? decode(String.self) {
      guard choices.contains(text) else {
        let name = codingPath.map(\.stringValue).joined(separator: ".")
        throw ConfigurationError.unknown(
          "value of \(name)", text, allowed: choices, origin: node.origin)
      }
    }
    return try Value(from: self)
  }

  private func number() throws -> Double {
    switch plainText {
    case .some(".inf"), .some("+.inf"): return .infinity
    case .some("-.inf"): return -.infinity
    case .some(let text):
      // Double's own parser also takes hexadecimal, "inf" and "nan".
      let isPlain = text.allSatisfy { $0.isNumber || "+-.eE".contains($0) }
      guard isPlain, let value = Double(text), value.isFinite else { throw mismatch("a number") }
      return value
    case .none: throw mismatch("a number")
    }
  }

  private func integer<Integer: FixedWidthInteger>() throws -> Integer {
    let expected = Integer.isSigned ? "a whole number" : "a whole number from 0 up"
    guard let text = plainText else { throw mismatch(expected) }
    if let value = Integer(text) { return value }
    guard let value = try? number(), let integer = Integer(exactly: value) else {
      throw mismatch(expected)
    }
    return integer
  }

  /// The words of an enumeration, if the type is one.
  private func choices(of type: any Decodable.Type) -> [String]? {
    func words<Enumeration: CaseIterable>(_ type: Enumeration.Type) -> [String] {
      type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
    }
    guard let enumeration = type as? any CaseIterable.Type else { return nil }
    let words = words(enumeration)
    return words.isEmpty ? nil : words
  }
}

private struct SettingKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

private struct SettingKeyedContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: SettingDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { decoder.node.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { decoder.node[key.stringValue] != nil }

  private func child(_ key: some CodingKey) throws -> SettingDecoder {
    guard let node = decoder.node[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "no such key"))
    }
    return decoder.nested(node, key)
  }

  package func decodeNil(forKey key: Key) throws -> Bool { try child(key).decodeNil() }

  package func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try child(key).decode(type)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> { try child(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { decoder }
  func superDecoder(forKey key: Key) throws -> any Decoder { try child(key) }
}

private struct SettingListContainer: UnkeyedDecodingContainer {
  let decoder: SettingDecoder
  let values: [SettingNode]
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex == values.count }

  init(decoder: SettingDecoder, values: [SettingNode]) {
    self.decoder = decoder
    self.values = values
  }

  private mutating func next() throws -> SettingDecoder {
    guard !isAtEnd else { throw decoder.mismatch("a longer list") }
    defer { currentIndex += 1 }
    return SettingDecoder(node: values[currentIndex], codingPath: codingPath)
  }

  mutating func decodeNil() throws -> Bool {
    guard !isAtEnd else { throw decoder.mismatch("a longer list") }
    let isNil = SettingDecoder(node: values[currentIndex], codingPath: codingPath).decodeNil()
    if isNil { currentIndex += 1 }
    return isNil
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try next().decode(type)
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> { try next().container(keyedBy: type) }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }

  mutating func superDecoder() throws -> any Decoder { try next() }
}
