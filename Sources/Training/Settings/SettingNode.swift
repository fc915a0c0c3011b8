internal import Foundation
internal import Yams

/// A tree of settings as written, each value with the place it comes from.
package indirect enum SettingNode {
  /// A number, word, flag or null; quoted text is never a number.
  case scalar(text: String, isQuoted: Bool, origin: String)
  /// Values in order.
  case list([SettingNode], origin: String)
  /// Values by key, in order of appearance.
  case mapping([(key: String, value: SettingNode)], origin: String)

  /// Where it was written, for example "config.yaml:3:5".
  package var origin: String {
    switch self {
    case .scalar(_, _, let origin), .list(_, let origin), .mapping(_, let origin): origin
    }
  }

  /// The keys of a mapping, none otherwise.
  package var keys: [String] {
    guard case .mapping(let entries, _) = self else { return [] }
    return entries.map(\.key)
  }

  /// The value of a key of a mapping.
  package subscript(key: String) -> SettingNode? {
    guard case .mapping(let entries, _) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The value in one line, for messages.
  package var text: String {
    switch self {
    case .scalar(let text, let isQuoted, _):
      isQuoted && !Self.isPlainWord(text) ? "\"\(text)\"" : text
    case .list(let values, _): "[\(values.map(\.text).joined(separator: ", "))]"
    case .mapping(let entries, _):
      "{\(entries.map { "\($0.key): \($0.value.text)" }.joined(separator: ", "))}"
    }
  }

  /// Whether YAML reads a text without quotes as itself.
  private static func isPlainWord(_ text: String) -> Bool {
    let reserved = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    return text.first?.isLetter == true && !reserved.contains(text.lowercased())
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
  }

  /// What kind of node it is, for messages.
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
  /// More values than any configuration has; stops files whose references multiply.
  private static let mostNodes = 100_000

  /// Parses YAML (JSON included).
  ///
  /// - Parameters:
  ///   - yaml: The text; an empty one is an empty mapping.
  ///   - source: What to call it in messages.
  ///   - hasLines: Whether messages tell line and column too.
  /// - Throws: When it is not YAML.
  package init(yaml: String, source: String, hasLines: Bool = true) throws(ConfigurationError) {
    let node: Node?
    do {
      node = try Yams.compose(yaml: yaml)
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
        // The merge key of YAML 1.1: the entries of another mapping, where this one has none.
        if name == "<<", case .mapping(let others, _) = converted {
          merged += others
        } else {
          entries.append((name, converted))
        }
      }
      let own = Set(entries.map(\.key))
      return .mapping(merged.filter { !own.contains($0.key) } + entries, origin: origin)
    case .alias:
      throw ConfigurationError("\(origin): a reference to nothing")
    }
  }

  private static func describe(_ error: any Error) -> String {
    let text = "\(error)".split(separator: "\n").first.map(String.init) ?? "\(error)"
    return text.replacingOccurrences(of: "error: ", with: "")
  }

  /// The tree of a value that can be encoded.
  ///
  /// - Parameters:
  ///   - value: What to encode.
  ///   - order: Its keys in the order to show them; others follow by name.
  ///   - source: What to call it in messages.
  package init(encoding value: some Encodable, order: [String] = [], source: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: ".inf", negativeInfinity: "-.inf", nan: ".nan")
    guard let json = try? encoder.encode(value),
      let tree = try? SettingNode(yaml: String(decoding: json, as: UTF8.self), source: source)
    else { preconditionFailure("\(type(of: value)) can't be encoded") }
    let rank = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
    guard case .mapping(let entries, let origin) = tree, !order.isEmpty else {
      self = tree
      return
    }
    let sorted = entries.sorted {
      (rank[$0.key] ?? .max, $0.key) < (rank[$1.key] ?? .max, $1.key)
    }
    self = .mapping(sorted, origin: origin)
  }
}

// MARK: - Layering

extension SettingNode {
  /// Lays other settings over these; only keys that are here may be set.
  ///
  /// - Parameters:
  ///   - other: What to lay over.
  ///   - path: The keys that lead here, for messages.
  /// - Throws: When a key is unknown.
  package mutating func overlay(
    _ other: SettingNode, path: [String] = []
  ) throws(ConfigurationError) {
    guard case .mapping(var entries, let origin) = self else {
      self = other
      return
    }
    guard case .mapping(let changes, _) = other else {
      let name = path.isEmpty ? "the settings" : path.joined(separator: ".")
      throw ConfigurationError(
        "\(name) (\(other.origin)) must be a mapping and is \(other.kind): \(other.text)")
    }
    for (key, value) in changes {
      guard let index = entries.firstIndex(where: { $0.key == key }) else {
        let kind = path.isEmpty ? "key" : "key of \(path.joined(separator: "."))"
        throw .unknown(kind, key, allowed: entries.map(\.key), origin: value.origin)
      }
      try entries[index].value.overlay(value, path: path + [key])
    }
    self = .mapping(entries, origin: origin)
  }

  /// A mapping that leads to one value by a path of keys.
  package static func nested(_ path: [String], _ value: SettingNode) -> SettingNode {
    path.reversed().reduce(value) { .mapping([($1, $0)], origin: value.origin) }
  }
}

// MARK: - Writing

extension SettingNode {
  /// YAML in block style, lists on one line.
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
