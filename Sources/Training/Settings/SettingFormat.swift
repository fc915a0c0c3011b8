internal import NeuralNetworks
internal import Storage

/// A type of value that a setting can have: numbers, flags, text, their optionals and lists, and
/// string enumerations, which need only declare conformance.
public protocol SettingValue: Sendable, Equatable {
  /// Format in which values of the type are read and written.
  static var settingFormat: SettingFormat<Self> { get }
}

/// A format in which the values of a type are read and written.
public struct SettingFormat<Value>: Sendable {
  /// Reads a value; the second argument is the setting's name in error messages.
  package let read: @Sendable (SettingNode, String) throws(ConfigurationError) -> Value
  /// Writes a value so that this and other readers of YAML read back the same value.
  package let write: @Sendable (Value) -> SettingNode
  /// Returns the numbers in a value, for checks of their range.
  var numbers: @Sendable (Value) -> [Double] = { _ in [] }
  /// Words of an enumeration; empty for other types.
  var words: [String] = []

  /// Creates a format from closures that read and write a value.
  package init(
    read: @escaping @Sendable (SettingNode, String) throws(ConfigurationError) -> Value,
    write: @escaping @Sendable (Value) -> SettingNode,
    numbers: @escaping @Sendable (Value) -> [Double] = { _ in [] }, words: [String] = []
  ) {
    (self.read, self.write, self.numbers, self.words) = (read, write, numbers, words)
  }
}

extension Bool: SettingValue {
  /// Format of flags: `true` or `false`, or another spelling of them in YAML 1.1.
  public static let settingFormat = SettingFormat<Bool>(
    read: { node, name throws(ConfigurationError) in
      switch node.plainText {
      case "true", "True", "TRUE", "yes", "on": return true
      case "false", "False", "FALSE", "no", "off": return false
      default: throw node.mismatch(name, "true or false")
      }
    }, write: { .written("\($0)") })
}

extension String: SettingValue {
  /// Format of text, which is quoted if YAML would read it as something else.
  public static let settingFormat = SettingFormat<String>(
    read: { node, name throws(ConfigurationError) in
      guard case .scalar(let text, _, _) = node else { throw node.mismatch(name, "a word") }
      return text
    }, write: { .written($0, isQuoted: true) })
}

extension Double: SettingValue {
  /// Format of numbers, with `.inf` and `-.inf` for infinity.
  public static let settingFormat = SettingFormat<Double>(
    read: { node, name throws(ConfigurationError) in try node.number(name) },
    write: { .written(SettingNode.text($0.description)) }, numbers: { [$0] })
}

extension Float: SettingValue {
  /// Format of numbers, with `.inf` and `-.inf` for infinity.
  public static let settingFormat = SettingFormat<Float>(
    read: { node, name throws(ConfigurationError) in
      let number = try node.number(name)
      let value = Float(number)
      guard value.isFinite || number.isInfinite else {
        throw node.mismatch(name, "a smaller number")
      }
      return value
    }, write: { .written(SettingNode.text($0.description)) }, numbers: { [Double($0)] })
}

extension Int: SettingValue {
  /// Format of whole numbers, which may be written as `5e6`.
  public static let settingFormat = SettingFormat<Int>(
    read: { node, name throws(ConfigurationError) in try node.integer(name) },
    write: { .written("\($0)") }, numbers: { [Double($0)] })
}

extension UInt64: SettingValue {
  /// Format of whole numbers that are at least 0.
  public static let settingFormat = SettingFormat<UInt64>(
    read: { node, name throws(ConfigurationError) in try node.integer(name) },
    write: { .written("\($0)") }, numbers: { [Double($0)] })
}

extension Optional: SettingValue where Wrapped: SettingValue {
  /// Format of optional values: `null` or a value.
  public static var settingFormat: SettingFormat<Wrapped?> {
    let wrapped = Wrapped.settingFormat
    return SettingFormat(
      read: { node, name throws(ConfigurationError) in
        let isNull = ["null", "~", "", "Null", "NULL"].contains(node.plainText)
        return isNull ? nil : try wrapped.read(node, name)
      }, write: { $0.map(wrapped.write) ?? .written("null") },
      numbers: { $0.map(wrapped.numbers) ?? [] }, words: wrapped.words)
  }
}

extension Array: SettingValue where Element: SettingValue {
  /// Format of lists, in brackets.
  public static var settingFormat: SettingFormat<[Element]> {
    let element = Element.settingFormat
    return SettingFormat(
      read: { node, name throws(ConfigurationError) in
        guard case .list(let nodes, _) = node else {
          throw node.mismatch(name, "a list such as [64, 64]")
        }
        var values: [Element] = []
        for node in nodes { values.append(try element.read(node, name)) }
        return values
      }, write: { .list($0.map(element.write), origin: SettingNode.writtenOrigin) },
      numbers: { $0.flatMap(element.numbers) }, words: element.words)
  }
}

extension SettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  /// Format of enumerations: one of their words.
  public static var settingFormat: SettingFormat<Self> {
    let words = allCases.map(\.rawValue)
    return SettingFormat(
      read: { node, name throws(ConfigurationError) in
        let text = try String.settingFormat.read(node, name)
        guard let value = Self(rawValue: text) else {
          throw .unknown("value of \(name)", text, allowed: words, origin: node.origin)
        }
        return value
      }, write: { String.settingFormat.write($0.rawValue) }, words: words)
  }
}

extension Activation: SettingValue {}
extension MLPPattern: SettingValue {}
extension Schedule.Kind: SettingValue {}

extension SettingNode {
  /// Text of a single value that was written without quotes; nil for other nodes.
  fileprivate var plainText: String? {
    guard case .scalar(let text, false, _) = self else { return nil }
    return text
  }

  fileprivate func number(_ name: String) throws(ConfigurationError) -> Double {
    switch plainText {
    case .some(".inf"), .some("+.inf"): return .infinity
    case .some("-.inf"): return -.infinity
    case .some(let text):
      // Double's own parser also takes hexadecimal, "inf" and "nan".
      let isPlain = text.allSatisfy { $0.isNumber || "+-.eE".contains($0) }
      guard isPlain, let value = Double(text), value.isFinite else {
        throw mismatch(name, "a number")
      }
      return value
    case .none: throw mismatch(name, "a number")
    }
  }

  fileprivate func integer<Integer: FixedWidthInteger>(
    _ name: String
  ) throws(ConfigurationError) -> Integer {
    let expected = Integer.isSigned ? "a whole number" : "a whole number from 0 up"
    guard let text = plainText else { throw mismatch(name, expected) }
    if let value = Integer(text) { return value }
    guard let value = try? number(name), let integer = Integer(exactly: value) else {
      throw mismatch(name, expected)
    }
    return integer
  }

  fileprivate func mismatch(_ name: String, _ expected: String) -> ConfigurationError {
    ConfigurationError("\(name) must be \(expected) and is \(text.printable) (\(origin))")
  }

  /// Converts Swift's text of a number to one that YAML 1.1 can read too: whole numbers other than
  /// -0.0 have no decimal point, and an exponent always follows one.
  package static func text(_ description: String) -> String {
    if description.hasSuffix("inf") {
      return description.replacing("inf", with: ".inf")
    }
    if description.hasSuffix(".0"), description != "-0.0" { return String(description.dropLast(2)) }
    if description.contains("e"), !description.contains(".") {
      return description.replacing("e", with: ".0e")
    }
    return description
  }
}
