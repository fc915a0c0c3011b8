internal import Foundation
internal import LinearAlgebra
package import RLCore
package import Training

/// How one physical parameter changes from task to task.
///
/// A value depends on the run's seed, the parameter's name and the task's index, and on nothing
/// else: not on what was asked for before, nor on the other parameters.
package struct ParameterDrift: Equatable, Sendable {
  /// The rule by which it changes.
  enum Rule: Equatable, Sendable {
    /// Starts at the base and goes a step up or down, as likely; turned back at the range's ends.
    case walk(step: Double, within: ClosedRange<Double>)
    /// Drawn anew, uniformly.
    case uniform(ClosedRange<Double>)
    /// Drawn anew, its logarithm uniformly.
    case logUniform(ClosedRange<Double>)
    /// One after another, and again.
    case cycle([Double])
    /// The base and its negative in turn.
    case flip
  }

  /// The parameter.
  package let name: String
  /// How it changes.
  let rule: Rule
  /// Its value where nothing changes it.
  let base: Double

  private static let kinds = [
    "walk:STEP", "walk:STEP:LOW..HIGH", "uniform:LOW..HIGH", "log-uniform:LOW..HIGH", "cycle:A;B;…",
    "flip",
  ]

  /// Reads `NAME=SPEC` and checks that no task can leave what the environment allows.
  ///
  /// - Parameters:
  ///   - text: As written.
  ///   - descriptions: The environment's parameters.
  ///   - base: The value of a parameter where nothing changes it.
  /// - Throws: What is wrong, with the names, kinds or range there are.
  package init(
    _ text: String, _ descriptions: [ParameterDescription], base: (String) -> Double?
  ) throws(ConfigurationError) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 else {
      throw ConfigurationError("drift needs NAME=SPEC and got '\(text)'")
    }
    let name = String(halves[0])
    guard let description = descriptions.first(where: { $0.name == name }) else {
      let hint = NearestName.find(name, among: descriptions.map(\.name))
      let known = descriptions.map { "\($0.name) \(Self.span($0))" }.joined(separator: ", ")
      throw ConfigurationError(
        "unknown parameter '\(name)' (drift)\(hint.map { "; did you mean '\($0)'?" } ?? ".")"
          + (known.isEmpty ? " The environment has none." : " Allowed: \(known)."))
    }
    self.name = name
    self.base = base(name) ?? description.nominal
    let spec = String(halves[1])
    guard let rule = Self.rule(spec, description) else {
      let kind = String(spec.prefix { $0 != ":" })
      let hint = NearestName.find(kind, among: ["walk", "uniform", "log-uniform", "cycle", "flip"])
      let meant = hint.flatMap { $0 == kind ? nil : "; did you mean '\($0)'?" } ?? "."
      throw ConfigurationError(
        "'\(spec)' is no way for \(name) to drift\(meant) Allowed: "
          + "\(Self.kinds.joined(separator: ", ")); LOW below HIGH, STEP from 0 to their distance, "
          + "log-uniform above 0.")
    }
    self.rule = rule
    if case .walk(_, let range) = rule, !range.contains(self.base) {
      throw ConfigurationError(
        "drift \(text): \(name) is \(self.base) where the walk begins, and must lie within it, "
          + "\(range.lowerBound)...\(range.upperBound)")
    }
    if let refused = extremes.first(where: { !description.allows($0) }) {
      throw ConfigurationError(
        "drift \(text): \(name) must lie in \(Self.span(description)) and would be \(refused)")
    }
  }

  private static func span(_ description: ParameterDescription) -> String {
    let (low, high) = (description.range.lowerBound, description.range.upperBound)
    return "\(description.isReversible ? "±" : "")\(low)...\(high) \(description.unit)"
  }

  private static func rule(_ spec: String, _ description: ParameterDescription) -> Rule? {
    let parts = spec.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count) {
    case ("flip", 1): return .flip
    case ("uniform", 2): return range(parts[1]).map { .uniform($0) }
    case ("log-uniform", 2):
      return range(parts[1]).flatMap { $0.lowerBound > 0 ? .logUniform($0) : nil }
    case ("cycle", 2):
      let texts = parts[1].split(separator: ";", omittingEmptySubsequences: false)
      let values = texts.compactMap { number($0) }
      return values.count == texts.count && values.count > 1 ? .cycle(values) : nil
    case ("walk", 2...3):
      guard let step = number(parts[1]),
        let bounds = parts.count == 3 ? range(parts[2]) : description.range, step > 0,
        step <= bounds.upperBound - bounds.lowerBound
      else { return nil }
      return .walk(step: step, within: bounds)
    default: return nil
    }
  }

  private static func range(_ text: String) -> ClosedRange<Double>? {
    // Messages write ranges with three dots.
    let dots = text.contains("...") ? "..." : ".."
    let ends = text.split(separator: dots, omittingEmptySubsequences: false)
    guard ends.count == 2, let low = number(ends[0]), let high = number(ends[1]), low < high else {
      return nil
    }
    return low...high
  }

  private static func number(_ text: some StringProtocol) -> Double? {
    Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Values whose being allowed means that all are.
  private var extremes: [Double] {
    switch rule {
    case .walk(_, let range), .uniform(let range), .logUniform(let range):
      // Between a range and its negatives lies what may not be allowed.
      [range.lowerBound, range.upperBound] + (range.contains(0) ? [0] : [])
    case .cycle(let values): values
    case .flip: [base, -base]
    }
  }

  /// The parameter's value in a task.
  package func value(task: Int, seed: UInt64) -> Double {
    switch rule {
    case .cycle(let values): return values[task % values.count]
    case .flip: return task % 2 == 0 ? base : -base
    case .uniform(let range):
      let (low, high) = (range.lowerBound, range.upperBound)
      return clamp(low + (high - low) * draw(task, seed), to: range)
    case .logUniform(let range):
      let (low, high) = (log(range.lowerBound), log(range.upperBound))
      return clamp(exp(low + (high - low) * draw(task, seed)), to: range)
    case .walk(let step, let range):
      // Steps taken up less steps taken down; a walk that is turned back at both ends is the free
      // walk, folded.
      let net = stride(from: 1, through: task, by: 1).reduce(0) {
        $0 + (draw($1, seed) < 0.5 ? -1 : 1)
      }
      let free = base + step * Double(net)
      guard !range.contains(free) else { return free }
      let width = range.upperBound - range.lowerBound
      let phase = abs((free - range.lowerBound).remainder(dividingBy: 2 * width))
      return clamp(range.lowerBound + phase, to: range)
    }
  }

  /// A number in 0 ..< 1 that belongs to the parameter and a task.
  private func draw(_ task: Int, _ seed: UInt64) -> Double {
    var stream = RandomStream(seed: seed, name: "drift.\(name)", index: task)
    return Double(stream.next() >> 11) * 0x1p-53
  }

  /// Rounding may lead past an end.
  private func clamp(_ value: Double, to range: ClosedRange<Double>) -> Double {
    min(max(value, range.lowerBound), range.upperBound)
  }
}
