internal import Foundation
internal import LinearAlgebra
package import RLCore
internal import Robustness
package import Training

/// The change of one physical parameter from task to task.
///
/// A value depends only on the run's seed, the parameter's name and the task's index, not on
/// earlier calls or on other parameters.
package struct ParameterDrift: Equatable, Sendable {
  /// A rule by which a parameter changes.
  enum Rule: Equatable, Sendable {
    /// Random walk from the base value, up or down with equal probability, reflected at both ends.
    case walk(step: Double, within: ClosedRange<Double>)
    /// Independent uniform draw for each task.
    case uniform(ClosedRange<Double>)
    /// Independent draw for each task whose logarithm is uniform.
    case logUniform(ClosedRange<Double>)
    /// The values in order, over and over.
    case cycle([Double])
    /// The base value and its negative, alternately.
    case flip
  }

  /// Name of the parameter.
  package let name: String
  /// Rule by which the parameter changes.
  let rule: Rule
  /// Value of the parameter without drift.
  let base: Double

  private static let kinds = [
    "walk:STEP", "walk:STEP:LOW..HIGH", "uniform:LOW..HIGH", "log-uniform:LOW..HIGH", "cycle:A;B;…",
    "flip",
  ]

  /// Parses `NAME=SPEC` and checks that the environment allows the values of all tasks.
  ///
  /// - Parameters:
  ///   - text: The specification, as written.
  ///   - descriptions: Physical parameters of the environment.
  ///   - base: A closure that returns the value of a parameter without drift; nil if nominal.
  /// - Throws: `ConfigurationError` with the allowed names, kinds or range.
  package init(
    _ text: String, _ descriptions: [ParameterDescription], base: (String) -> Double?
  ) throws(ConfigurationError) {
    let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2 else {
      throw ConfigurationError("drift needs NAME=SPEC and got '\(text)'")
    }
    let name = String(halves[0])
    let description = try descriptions.find(name, for: "drift")
    self.name = name
    self.base = base(name) ?? description.nominal
    let spec = String(halves[1])
    guard let rule = Self.rule(spec, description) else {
      let kind = String(spec.prefix { $0 != ":" })
      let hint = NearestName.find(kind, among: ["walk", "uniform", "log-uniform", "cycle", "flip"])
      let meant = hint.flatMap { $0 == kind ? nil : "; did you mean '\($0)'?" } ?? "."
      throw ConfigurationError(
        "'\(spec)' is not a valid drift of \(name)\(meant) Allowed: "
          + "\(Self.kinds.joined(separator: ", ")); LOW below HIGH, STEP above 0 and at most "
          + "HIGH - LOW, log-uniform above 0.")
    }
    self.rule = rule
    if case .walk(_, let range) = rule, !range.contains(self.base) {
      throw ConfigurationError(
        "drift \(text): \(name) starts at \(self.base), outside the walk's range, "
          + "\(range.lowerBound)...\(range.upperBound)")
    }
    if let refused = extremes.first(where: { !description.allows($0) }) {
      throw ConfigurationError(
        "drift \(text): \(name) must lie in \(description.span) and would be \(refused)")
    }
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
      let values = texts.compactMap { SpecificationText.number($0) }
      return values.count == texts.count && values.count > 1 ? .cycle(values) : nil
    case ("walk", 2...3):
      guard let step = SpecificationText.number(parts[1]),
        let bounds = parts.count == 3 ? range(parts[2]) : description.range, step > 0,
        step <= bounds.upperBound - bounds.lowerBound
      else { return nil }
      return .walk(step: step, within: bounds)
    default: return nil
    }
  }

  private static func range(_ text: String) -> ClosedRange<Double>? {
    SpecificationText.range(text).flatMap { $0.lowerBound < $0.upperBound ? $0 : nil }
  }

  /// Values to check: if these are allowed, so are all others.
  private var extremes: [Double] {
    switch rule {
    case .walk(_, let range), .uniform(let range), .logUniform(let range):
      // Values near 0 may be forbidden between a range and its negative.
      [range.lowerBound, range.upperBound] + (range.contains(0) ? [0] : [])
    case .cycle(let values): values
    case .flip: [base, -base]
    }
  }

  /// Returns the parameter's value in a task.
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
      // Steps up minus steps down; a walk that is reflected at both ends is the free walk, folded.
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

  /// Returns the random number of the parameter and a task, in 0 ..< 1.
  private func draw(_ task: Int, _ seed: UInt64) -> Double {
    var stream = RandomStream(seed: seed, name: "drift.\(name)", index: task)
    return Double(stream.next() >> 11) * 0x1p-53
  }

  /// Clamps a value, since rounding may exceed an end of the range.
  private func clamp(_ value: Double, to range: ClosedRange<Double>) -> Double {
    min(max(value, range.lowerBound), range.upperBound)
  }
}
