/// A JSON document that preserves the order of keys and the text of numbers, as traces need.
///
/// Traces hold single-precision numbers as their shortest decimals, which would be different
/// numbers if read in double precision.
public indirect enum JSONValue: Sendable, Equatable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number, as it is written.
  case number(String)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object with its members in order.
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Equatable {
    /// Key of the member.
    public let key: String
    /// Value of the member.
    public let value: JSONValue

    /// Creates a member.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a member; nil if there is none or this is not an object.
  public subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// Returns the object with members replaced in place or added at the end.
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

  /// Returns a double as its shortest exact decimal; null if it is not finite.
  public static func number(_ value: Double) -> JSONValue {
    value.isFinite ? .number(value.description) : .null
  }

  /// Returns a float as its shortest exact decimal; null if it is not finite.
  public static func number(_ value: Float) -> JSONValue {
    value.isFinite ? .number(value.description) : .null
  }

  /// The document as text on one line.
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
