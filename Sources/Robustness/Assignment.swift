internal import Storage
internal import Training

/// A `NAME=SPEC`, as options, lists and mappings of settings hold it.
struct Assignment {
  /// Name to the left of the equals sign.
  var name: String
  /// Text to its right.
  var spec: String
  /// Place where it was written.
  var origin: String

  /// Word that stands for no assignments.
  static let none = "none"

  /// Reads assignments separated by commas, a list of them, or a mapping from names to one or more
  /// specifications.
  ///
  /// A comma within a specification is no separator: what follows it has no equals sign.
  ///
  /// - Parameters:
  ///   - node: The setting's value; null, an empty text and `none` are no assignments.
  ///   - setting: Name of the setting, for messages.
  /// - Throws: `ConfigurationError` if an assignment lacks its name or specification.
  /// - Returns: The assignments, in the order in which they were written.
  static func read(
    _ node: SettingNode, of setting: String
  ) throws(ConfigurationError) -> [Assignment] {
    switch node {
    case .scalar(let text, let isQuoted, let origin):
      let isNull = !isQuoted && ["null", "~", "Null", "NULL"].contains(text)
      return isNull ? [] : try split(text, origin, of: setting)
    case .list(let nodes, _):
      var assignments: [Assignment] = []
      for node in nodes {
        guard case .scalar(let text, _, let origin) = node else { throw misplaced(node, setting) }
        assignments += try split(text, origin, of: setting)
      }
      return assignments
    case .mapping(let entries, _):
      var assignments: [Assignment] = []
      for (name, value) in entries {
        let specs: [SettingNode] = if case .list(let specs, _) = value { specs } else { [value] }
        for spec in specs {
          guard case .scalar(let text, _, let origin) = spec else {
            throw misplaced(spec, "\(setting).\(name)")
          }
          assignments += try split("\(name)=\(text)", origin, of: setting)
        }
      }
      return assignments
    }
  }

  private static func misplaced(_ node: SettingNode, _ name: String) -> ConfigurationError {
    ConfigurationError("\(name) must hold texts and holds \(node.text) (\(node.origin))")
  }

  private static func split(
    _ text: String, _ origin: String, of setting: String
  ) throws(ConfigurationError) -> [Assignment] {
    let text = text.filter { $0 != " " }
    guard !text.isEmpty, text != none else { return [] }
    var assignments: [Assignment] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if halves.count == 2, isName(halves[0]), !halves[1].isEmpty {
        assignments.append(
          Assignment(name: String(halves[0]), spec: String(halves[1]), origin: origin))
      } else if halves.count == 1, !part.isEmpty, let last = assignments.indices.last {
        assignments[last].spec += ",\(part)"
      } else {
        throw ConfigurationError(
          "\(setting) needs NAME=SPEC, separated by commas, and got '\(String(part).printable)' "
            + "(\(origin))")
      }
    }
    return assignments
  }

  private static func isName(_ text: Substring) -> Bool {
    text.first?.isLetter == true
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
  }

  /// Returns a mapping that ``read(_:of:)`` reads back; names that occur twice have lists.
  static func write(_ assignments: [Assignment]) -> SettingNode {
    var entries: [(key: String, value: SettingNode)] = []
    for name in assignments.map(\.name) where !entries.contains(where: { $0.key == name }) {
      let specs = assignments.filter { $0.name == name }.map {
        SettingNode.written($0.spec, isQuoted: Double($0.spec) == nil)
      }
      let isSingle = specs.count == 1
      entries.append(
        (name, isSingle ? specs[0] : .list(specs, origin: SettingNode.writtenOrigin)))
    }
    return .mapping(entries, origin: SettingNode.writtenOrigin)
  }

  /// Returns the text of assignments as an option takes it; `none` without any.
  static func text(_ assignments: [Assignment]) -> String {
    assignments.isEmpty
      ? none : assignments.map { "\($0.name)=\($0.spec)" }.joined(separator: ",")
  }
}

/// Numbers and ranges in the specifications of changing parameters.
package enum SpecificationText {
  /// Returns a finite number; nil if the text is none.
  package static func number(_ text: some StringProtocol) -> Double? {
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Returns a range `LOW..HIGH` whose ends may be equal; nil if the text is none.
  package static func range(_ text: some StringProtocol) -> ClosedRange<Double>? {
    // Ranges in messages have three dots.
    let dots = text.contains("...") ? "..." : ".."
    let ends = text.split(separator: dots, omittingEmptySubsequences: false)
    guard ends.count == 2, let low = number(ends[0]), let high = number(ends[1]), low <= high else {
      return nil
    }
    return low...high
  }

  /// Returns the text of a number from which the same number is read.
  static func text(_ number: Double) -> String { SettingNode.text(number.description) }
}
