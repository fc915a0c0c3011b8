internal import Foundation
internal import RLCore
internal import Storage
internal import Training

/// A physical parameter or the size of a perturbation, with the values under which a policy is
/// tested.
public struct GridAxis: Sendable, Equatable {
  /// Name of the parameter or perturbation, such as `mass`, `action-delay` or `push=constant`.
  public let name: String
  /// Unit of the values; "1" if they have none.
  public let unit: String
  /// The values, in the order in which they were written.
  public let values: [Double]
  /// Whether the values are evenly spaced on a logarithmic scale.
  public let isLogarithmic: Bool
  /// What surrounds the value in a perturbation's specification; nil for a physical parameter.
  let perturbation: Surroundings?

  /// Name of a perturbation, and its specification before and after the value.
  struct Surroundings: Sendable, Equatable {
    var name: String
    var before: String
    var after: String
  }

  /// Largest number of values.
  package static let mostValues = 100_000

  /// Creates the axis of a physical parameter.
  init(_ parameter: ParameterDescription, values: [Double], isLogarithmic: Bool = false) {
    (name, unit) = (parameter.name, parameter.unit)
    (self.values, self.isLogarithmic, perturbation) = (values, isLogarithmic, nil)
  }

  private init(_ surroundings: Surroundings, values: [Double], isLogarithmic: Bool) {
    let kind = surroundings.before.split(separator: ":").first
    name = surroundings.name == "push" ? "push=\(kind ?? "")" : surroundings.name
    unit = name.hasSuffix("-delay") ? "steps" : "1"
    (self.values, self.isLogarithmic, perturbation) = (values, isLogarithmic, surroundings)
  }

  /// Whether the axis is that of a physical parameter.
  public var isParameter: Bool { perturbation == nil }

  /// The perturbation as `NAME=VALUE` with `*` for the value; nil for a physical parameter.
  package var specification: String? {
    perturbation.map { "\($0.name)=\($0.before)*\($0.after)" }
  }

  /// Returns the perturbation of a value as `NAME=VALUE`; nil for a physical parameter.
  func perturbation(_ value: Double) -> String? {
    perturbation.map { "\($0.name)=\($0.before)\(SpecificationText.text(value))\($0.after)" }
  }
}

extension GridAxis {
  private static let forms =
    "LOW..HIGH:COUNT, log:LOW..HIGH:COUNT with LOW above 0, or choice:A:B:…, with both ends among "
    + "the values and COUNT from 2 to \(mostValues), or 1 if the ends are equal"

  /// Reads the axes of options, each `NAME=VALUES` or several of them with commas between.
  ///
  /// NAME is a physical parameter of the environment or a perturbation.  VALUES is
  /// `LOW..HIGH:COUNT`, `log:LOW..HIGH:COUNT` or `choice:A:B:…`; a push has its range where its
  /// magnitude stands, `push=impulse:0..1:10:5` for impulses of 10 steps with 5 magnitudes.
  ///
  /// - Throws: `ConfigurationError` if a name is unknown or occurs twice, or the values have none of
  ///   the forms or are not allowed.
  static func read(
    _ texts: [String], in environment: RegisteredEnvironment
  ) throws(ConfigurationError) -> [GridAxis] {
    var axes: [GridAxis] = []
    for text in texts {
      let node = SettingNode.scalar(text: text, isQuoted: true, origin: "--grid")
      for assignment in try Assignment.read(node, of: "grid") {
        let axis = try GridAxis(assignment, in: environment)
        guard !axes.contains(where: { $0.name == axis.name }) else {
          throw ConfigurationError("grid names \(axis.name) twice; leave one of them out")
        }
        axes.append(axis)
      }
    }
    return axes
  }

  private init(
    _ assignment: Assignment, in environment: RegisteredEnvironment
  ) throws(ConfigurationError) {
    let (name, text) = (assignment.name, "grid \(assignment.name)=\(assignment.spec.printable)")
    let parameter = environment.parameters.first { $0.name == name }
    guard parameter != nil || PerturbationKind.find(name) != nil else {
      throw Self.unknown(name, in: environment)
    }
    guard let reading = Reading(assignment.spec, isPush: name == "push") else {
      throw ConfigurationError("\(text) must be \(Self.forms)")
    }
    guard let parameter else {
      self.init(
        Surroundings(name: name, before: reading.before, after: reading.after),
        values: reading.values, isLogarithmic: reading.isLogarithmic)
      return
    }
    guard reading.before.isEmpty, reading.after.isEmpty else {
      throw ConfigurationError("\(text) must be \(Self.forms)")
    }
    if let value = reading.values.first(where: { !parameter.allows($0) }) {
      throw ConfigurationError(
        "\(text): \(name) must lie in \(parameter.span) and would be \(SpecificationText.text(value))"
      )
    }
    self.init(parameter, values: reading.values, isLogarithmic: reading.isLogarithmic)
  }

  private static func unknown(
    _ name: String, in environment: RegisteredEnvironment
  ) -> ConfigurationError {
    let parameters = environment.parameters
    let kinds = PerturbationKind.all.map(\.name)
    let hint = NearestName.question(name, among: parameters.map(\.name) + kinds)
    return ConfigurationError(
      "\(environment.identifier) has no parameter '\(name.printable)', nor is it a perturbation "
        + "(--grid)\(hint.map { "; \($0)" } ?? ".") Allowed: "
        + (parameters.map { "\($0.name) \($0.span)" } + kinds).joined(separator: ", ") + ".")
  }

  /// The values in a specification, and what surrounds them.
  private struct Reading {
    var before = ""
    var after = ""
    var values: [Double]
    var isLogarithmic = false

    /// Reads a specification; nil if it has none of the forms.
    init?(_ spec: String, isPush: Bool) {
      var parts = spec.split(separator: ":", omittingEmptySubsequences: false)
      if parts.first == "choice", parts.count > 1 {
        values = parts.dropFirst().compactMap { SpecificationText.number($0) }
        guard values.count == parts.count - 1, Set(values).count == values.count else { return nil }
        return
      }
      guard let count = parts.popLast().flatMap({ Int($0) }), (1...mostValues).contains(count),
        let place = parts.firstIndex(where: { $0.contains("..") }),
        let range = SpecificationText.range(parts[place]),
        (count == 1) == (range.lowerBound == range.upperBound)
      else { return nil }
      var words = Array(parts[..<place])
      isLogarithmic = words.last == "log"
      if isLogarithmic { words.removeLast() }
      guard !isLogarithmic || range.lowerBound > 0 else { return nil }
      before = words.map { "\($0):" }.joined()
      after = parts[(place + 1)...].map { ":\($0)" }.joined()
      values = GridAxis.spread(range, count: count, isLogarithmic: isLogarithmic)
      if !isPush, !(before + after).isEmpty { return nil }
    }
  }

  /// Returns evenly spaced values with both ends.
  ///
  /// Values between are rounded to twelve digits, so that 0.5..1.5:21 has 1 itself and not a
  /// neighbour.
  static func spread(
    _ range: ClosedRange<Double>, count: Int, isLogarithmic: Bool
  ) -> [Double] {
    let (low, high) = (range.lowerBound, range.upperBound)
    return (0..<count).map { i in
      guard i > 0 else { return low }
      guard i < count - 1 else { return high }
      let share = Double(i) / Double(count - 1)
      let value = isLogarithmic ? low * pow(high / low, share) : low + (high - low) * share
      let rounded = Double(String(format: "%.12g", value)) ?? value
      return min(max(rounded, low), high)
    }
  }
}
