/// A JSON document that keeps what traces need: the order of keys and the text of numbers.
///
/// Traces hold single-precision numbers as their shortest decimals, which read as doubles would
/// give other numbers.
public indirect enum JSONValue: Sendable, Equatable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number, as it was written.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object, its members in order.
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Equatable {
    /// The key.
    public let key: String
    /// The value.
    public let value: JSONValue

    /// Pairs a key with a value.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// A member of an object; nil if there is none or this is no object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The same object with members replaced in place, or added at the end.
  public func setting(_ changes: [Member]) -> JSONValue {
    guard case .object(var members) = self else { return .object(changes) }
    for change in changes {
      if let i = members.firstIndex(where: { $0.key == change.key }) {
        members[i] = change
      } else {
        members.append(change)
      }
    }
    return .object(members)
  }

  /// A double as its shortest exact decimal; null if it is not finite.
  public static func number(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value.description) : .null
  }

  /// A float as its shortest exact decimal; null if it is not finite.
  public static func number(_ value: Float) -> JSONValue {
    value.isFinite ? .number(value.description) : .null
  }

  /// The document as text, on one line.
  public var text: String {
    var result = ""
    write(to: &result)
    return result
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let number): text += number
    case .string(let string): Self.write(string, to: &text)
    case .array(let elements):
      text += "["
      for (i, element) in elements.enumerated() {
        if i > 0 { text += "," }
        element.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (i, member) in members.enumerated() {
        if i > 0 { text += "," }
        Self.write(member.key, to: &text)
        text += ":"
        member.value.write(to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }
}
