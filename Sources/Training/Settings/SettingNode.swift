internal import Foundation
internal import Storage
internal import Yams

/// A tree of settings as written, with the origin of each value.
package indirect enum SettingNode: Sendable {
  /// A number, text, flag or null; quoted text is never a number.
  case scalar(text: String, isQuoted: Bool, origin: String)
  /// A list of values in order.
  case list([SettingNode], origin: String)
  /// A mapping from keys to values, in order of appearance.
  case mapping([(key: String, value: SettingNode)], origin: String)

  /// Place where the value was written, such as "config.yaml:3:5".
  package var origin: String {
    switch self {
    case .scalar(_, _, let origin), .list(_, let origin), .mapping(_, let origin): origin
    }
  }

  /// Whether it is a mapping without entries.
  package var isEmptyMapping: Bool {
    guard case .mapping(let entries, _) = self else { return false }
    return entries.isEmpty
  }

  /// Keys of a mapping; empty for other nodes.
  package var keys: [String] {
    guard case .mapping(let entries, _) = self else { return [] }
    return entries.map(\.key)
  }

  /// Value for a key of a mapping; nil if there is none.
  package subscript(key: String) -> SettingNode? {
    guard case .mapping(let entries, _) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The value on one line, quoted if YAML would read something else.
  package var text: String {
    switch self {
    case .scalar(let text, let isQuoted, _):
      isQuoted && !Self.isPlainWord(text) ? Self.quoted(text) : text
    case .list(let values, _): "[\(values.map(\.text).joined(separator: ", "))]"
    case .mapping(let entries, _):
      "{\(entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }

  /// Returns whether YAML reads a text without quotes as itself.
  private static func isPlainWord(_ text: String) -> Bool {
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    return text.first?.isLetter == true && !reserved.contains(text.lowercased())
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar.value {
      case 0x22, 0x5C: "\\\(scalar)"
      case 0x20...0x7E: "\(scalar)"
      default:
        // Line breaks and control characters must be escaped; others may be.
        scalar.properties.isAlphabetic && scalar.value < 0xD800
          ? "\(scalar)" : "\\U" + hexadecimal(scalar.value)
      }
    }
    return "\"\(escaped.joined())\""
  }

  private static func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Origin of values that were not read from a file or argument.
  package static let writtenOrigin = "defaults"

  /// Creates a value that was not read from a file or argument.
  package static func written(_ text: String, isQuoted: Bool = false) -> SettingNode {
    .scalar(text: text, isQuoted: isQuoted, origin: writtenOrigin)
  }

  /// Kind of the node, for error messages.
  package var kind: String {
    switch self {
    case .scalar: "a single value"
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}

// MARK: - Reading

extension SettingNode {
  /// Maximum length of a text, in bytes.
  package static let mostBytes = 1 << 18
  /// Maximum number of values, which stops files whose references multiply.
  private static let mostNodes = 100_000

  /// Parses YAML (JSON included).
  ///
  /// - Parameters:
  ///   - yaml: The text; an empty text is an empty mapping.
  ///   - source: The name of the source in error messages.
  ///   - hasLines: Whether error messages include line and column.
  /// - Throws: ``ConfigurationError`` if the text is not YAML, has keys that are not single words,
  ///   is longer than 256 KiB, is nested more than 32 levels deep or holds more than 100,000 values.
  package init(yaml: String, source: String, hasLines: Bool = true) throws(ConfigurationError) {
    guard yaml.utf8.count <= Self.mostBytes else {
      throw ConfigurationError(
        "\(source) has \(yaml.utf8.count) bytes and may have at most \(Self.mostBytes)")
    }
    let node: Node?
    do {
      try YAMLStructure.check(yaml)
      node = try Yams.compose(yaml: yaml)
    } catch let fault as YAMLStructure.Fault {
      let place = hasLines ? "\(source):\(fault.line):\(fault.column)" : source
      throw ConfigurationError("\(place): \(fault.sentence)")
    } catch {
      throw ConfigurationError("\(source) is not YAML: \(Self.describe(error))")
    }
    guard let node else {
      self = .mapping([], origin: source)
      return
    }
    var budget = Self.mostNodes
    self = try Self.convert(node, source: source, hasLines: hasLines, budget: &budget)
  }

  private static func convert(
    _ node: Node, source: String, hasLines: Bool, budget: inout Int
  ) throws(ConfigurationError) -> SettingNode {
    budget -= 1
    guard budget > 0 else { throw ConfigurationError("\(source) holds too many values") }
    let mark = hasLines ? node.mark : nil
    let origin = mark.map { "\(source):\($0.line):\($0.column)" } ?? source
    switch node {
    case .scalar(let scalar):
      return .scalar(
        text: scalar.string, isQuoted: [.singleQuoted, .doubleQuoted].contains(scalar.style),
        origin: origin)
    case .sequence(let sequence):
      var values: [SettingNode] = []
      for value in sequence {
        values.append(try convert(value, source: source, hasLines: hasLines, budget: &budget))
      }
      return .list(values, origin: origin)
    case .mapping(let mapping):
      var entries: [(key: String, value: SettingNode)] = []
      var merged: [(key: String, value: SettingNode)] = []
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw ConfigurationError("\(origin): keys must be single words")
        }
        let converted = try convert(value, source: source, hasLines: hasLines, budget: &budget)
        // The merge key of YAML 1.1 adds the entries of another mapping that this one lacks.
        if name == "<<", case .mapping(let others, _) = converted {
          merged += others
        } else {
          entries.append((name, converted))
        }
      }
      let own = Set(entries.map(\.key))
      return .mapping(merged.filter { !own.contains($0.key) } + entries, origin: origin)
    case .alias:
      throw ConfigurationError("\(origin): a reference to an undefined anchor")
    }
  }

  private static func describe(_ error: any Error) -> String {
    let text = "\(error)".lines.first.map(String.init) ?? "\(error)"
    return text.replacingOccurrences(of: "error: ", with: "").printable
  }
}

extension SettingNode {
  /// Returns nested mappings that lead to one value by a path of keys.
  package static func nested(_ path: [String], _ value: SettingNode) -> SettingNode {
    path.reversed().reduce(value) { .mapping([($1, $0)], origin: value.origin) }
  }
}

// MARK: - Writing

extension SettingNode {
  /// Returns the tree as YAML in block style, with lists on one line.
  package func yaml(indent: Int = 0) -> String {
    guard case .mapping(let entries, _) = self else { return text + "\n" }
    let margin = String(repeating: "  ", count: indent)
    return entries.map { key, value in
      guard case .mapping(let inner, _) = value else { return "\(margin)\(key): \(value.text)\n" }
      return inner.isEmpty
        ? "\(margin)\(key): {}\n" : "\(margin)\(key):\n" + value.yaml(indent: indent + 1)
    }.joined()
  }
}
