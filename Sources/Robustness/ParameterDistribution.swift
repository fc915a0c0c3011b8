internal import Foundation
internal import LinearAlgebra

/// A distribution from which a physical parameter is drawn.
public enum ParameterDistribution: Sendable, Equatable {
  /// Uniform draws: `LOW..HIGH` or `uniform:LOW..HIGH`.
  case uniform(ClosedRange<Double>)
  /// Draws whose logarithm is uniform, above 0: `log:LOW..HIGH`.
  case logUniform(ClosedRange<Double>)
  /// Normal draws, clipped to the parameter's range: `normal:MEAN:STD`.
  case normal(mean: Double, standardDeviation: Double)
  /// One of several values with equal probability: `choice:A:B:…`.
  case choice([Double])

  /// Forms of a specification, for messages.
  static let forms = [
    "LOW..HIGH", "log:LOW..HIGH with LOW above 0", "normal:MEAN:STD with STD at least 0",
    "choice:A:B:…",
  ]

  /// Parses a specification; nil if it has none of the forms.
  ///
  /// Besides the forms of the cases, `log-uniform` is read as `log`, and numbers may be separated by
  /// `,` in `normal` and by `|` in `choice`.
  init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = parts.first, let rest = parts.last else { return nil }
    func numbers(_ separators: String) -> [Double]? {
      let texts = rest.split(omittingEmptySubsequences: false) { separators.contains($0) }
      let numbers = texts.compactMap { SpecificationText.number($0) }
      return numbers.count == texts.count ? numbers : nil
    }
    switch (kind, parts.count) {
    case (_, 1), ("uniform", 2):
      guard let range = SpecificationText.range(rest) else { return nil }
      self = .uniform(range)
    case ("log", 2), ("log-uniform", 2):
      guard let range = SpecificationText.range(rest), range.lowerBound > 0 else { return nil }
      self = .logUniform(range)
    case ("normal", 2):
      guard let numbers = numbers(":,"), numbers.count == 2, numbers[1] >= 0 else { return nil }
      self = .normal(mean: numbers[0], standardDeviation: numbers[1])
    case ("choice", 2):
      guard let numbers = numbers(":|") else { return nil }
      self = .choice(numbers)
    default: return nil
    }
  }

  /// The specification in the form in which it is stored.
  var text: String {
    func range(_ range: ClosedRange<Double>) -> String {
      let ends = [range.lowerBound, range.upperBound].map(SpecificationText.text)
      return ends.joined(separator: "..")
    }
    return switch self {
    case .uniform(let ends): range(ends)
    case .logUniform(let ends): "log:\(range(ends))"
    case .normal(let mean, let deviation):
      "normal:\(SpecificationText.text(mean)):\(SpecificationText.text(deviation))"
    case .choice(let values):
      "choice:" + values.map(SpecificationText.text).joined(separator: ":")
    }
  }

  /// Interval of all values that can be drawn, except that a normal one is its mean alone.
  var interval: ClosedRange<Double> {
    switch self {
    case .uniform(let range), .logUniform(let range): range
    case .normal(let mean, _): mean...mean
    case .choice(let values): (values.min() ?? 0)...(values.max() ?? 0)
    }
  }

  /// Returns the distribution a part of the way from a single value: its ends, or its mean and
  /// deviation, lie on the straight line between.
  ///
  /// - Parameters:
  ///   - share: Part of the way, in 0...1.
  ///   - value: The value from which it grows.
  /// - Returns: This distribution at 1; the value alone at 0.
  func grown(to share: Double, from value: Double) -> ParameterDistribution {
    guard share < 1 else { return self }
    func along(_ end: Double) -> Double { value + share * (end - value) }
    func along(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
      along(range.lowerBound)...along(range.upperBound)
    }
    return switch self {
    case .uniform(let range): .uniform(along(range))
    case .logUniform(let range): .logUniform(along(range))
    case .normal(let mean, let deviation):
      .normal(mean: along(mean), standardDeviation: share * deviation)
    case .choice: self
    }
  }

  /// Draws a value.
  ///
  /// - Parameters:
  ///   - stream: Stream of the parameter and the episode.
  ///   - limits: Range to which a normal draw is clipped.
  /// - Returns: The value; the same end for a range of one value.
  func draw(from stream: inout RandomStream, clippedTo limits: ClosedRange<Double>) -> Double {
    // Rounding may exceed an end.
    func clamp(_ value: Double, _ range: ClosedRange<Double>) -> Double {
      min(max(value, range.lowerBound), range.upperBound)
    }
    switch self {
    case .uniform(let range):
      let (low, high) = (range.lowerBound, range.upperBound)
      return clamp(low + (high - low) * stream.uniformDouble(), range)
    case .logUniform(let range):
      let (low, high) = (log(range.lowerBound), log(range.upperBound))
      return clamp(exp(low + (high - low) * stream.uniformDouble()), range)
    case .normal(let mean, let deviation):
      return clamp(mean + deviation * Double(stream.firstOfNormalPair()), limits)
    case .choice(let values): return values[Int(stream.integer(below: UInt32(values.count)))]
    }
  }
}

extension RandomStream {
  /// Returns a uniform number in 0 ..< 1 with 53 random bits.
  mutating func uniformDouble() -> Double { Double(next() >> 11) * 0x1p-53 }
}
