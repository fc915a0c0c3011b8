internal import Foundation

/// A linear map from values to a coordinate of a chart, with round numbers for its ticks.
public struct Scale: Sendable, Equatable {
  /// What the values are, which decides round numbers and their texts.
  public enum Kind: Sendable, Equatable {
    /// Plain numbers.
    case number
    /// Counts such as steps, written in thousands or millions.
    case count
    /// Times in seconds, written in seconds, minutes, hours or days.
    case seconds
    /// Shares in 0...1, written in per cent.
    case share
  }

  /// Least and greatest value.
  public let domain: ClosedRange<Double>
  /// Coordinates of the least and the greatest value.
  public let range: (start: Double, end: Double)
  /// Values of the ticks, ascending.
  public let ticks: [Double]
  private let kind: Kind
  private let step: Double

  /// Creates a scale.
  ///
  /// - Parameters:
  ///   - values: Values that must lie in the domain; those that are not finite are ignored.
  ///   - range: Coordinates of the least and the greatest value.
  ///   - kind: What the values are.
  ///   - includes: Further values that must lie in the domain.
  ///   - wanted: About how many ticks there should be.
  ///   - margin: Share of the domain that is left free at an end that is not in `includes`.
  public init(
    _ values: some Sequence<Double>, to range: (start: Double, end: Double), kind: Kind = .number,
    including includes: [Double] = [], ticks wanted: Int = 5, margin: Double = 0
  ) {
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where value.isFinite { (low, high) = (min(low, value), max(high, value)) }
    for value in includes where value.isFinite {
      (low, high) = (min(low, value), max(high, value))
    }
    if low > high { (low, high) = (0, 1) }
    // Beyond this, differences are no longer finite.
    (low, high) = (max(low, -1e300), min(high, 1e300))
    if high - low <= abs(high) * 1e-12 {
      // What is always 0 is a count or a share more often than not.
      let reach = low == 0 ? 1 : max(abs(high) * 0.05, 0.5)
      (low, high) = (low == 0 ? 0 : low - reach, high + reach)
    }
    let free = (high - low) * margin
    if low != 0, !includes.contains(low) { low -= free }
    if !includes.contains(high) { high += free }
    step = Self.step(of: high - low, wanted: max(wanted, 1), kind)
    domain = low...high
    self.range = range
    self.kind = kind
    let first = (low / step - 1e-9).rounded(.up)
    let count = Int(((high / step + 1e-9).rounded(.down) - first).clamped(to: -1...100))
    let step = step
    ticks = count < 0 ? [] : (0...count).map { (first + Double($0)) * step }
  }

  /// Returns the coordinate of a value.
  public func callAsFunction(_ value: Double) -> Double {
    let share = (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
    return range.start + share * (range.end - range.start)
  }

  /// Returns the text of a tick.
  public func text(_ tick: Double) -> String {
    switch kind {
    case .number: NumberText.decimal(tick, places: NumberText.places(of: step))
    case .count: NumberText.count(tick, step: step)
    case .seconds: NumberText.duration(tick, step: step)
    case .share: NumberText.decimal(tick * 100, places: NumberText.places(of: step * 100)) + " %"
    }
  }

  private static func step(of span: Double, wanted: Int, _ kind: Kind) -> Double {
    let rough = span / Double(wanted)
    if kind == .seconds, rough > 1 {
      let choices: [Double] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]
      let hours: [Double] = [1, 2, 3, 6, 12, 24].map { $0 * 3600 }
      if let step = (choices + hours).first(where: { $0 >= rough }) { return step }
      return decimalStep(rough / 86400) * 86400
    }
    let step = decimalStep(rough)
    return kind == .count ? max(step, 1) : step
  }

  private static func decimalStep(_ rough: Double) -> Double {
    let power = pow(10, floor(log10(rough)))
    // A few ticks more than wanted are better than half as many.
    return [1, 2, 5].map { $0 * power }.first { $0 >= rough * 0.7 } ?? 10 * power
  }

  /// Compares what is drawn.
  public static func == (first: Scale, second: Scale) -> Bool {
    first.domain == second.domain && first.range == second.range && first.kind == second.kind
      && first.step == second.step
  }
}

extension Comparable {
  /// Returns the nearest value in a range.
  package func clamped(to range: ClosedRange<Self>) -> Self {
    min(max(self, range.lowerBound), range.upperBound)
  }
}
