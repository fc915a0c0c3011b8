internal import LinearAlgebra

/// A number that changes as training progresses: a learning rate, a clip range.
public struct Schedule: Codable, Sendable, Equatable {
  /// The shape of the way from the initial to the final value.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The initial value throughout.
    case constant
    /// A straight line.
    case linear
    /// Half a cosine wave.
    case cosine
    /// A geometric sequence; both values must be positive.
    case exponential
  }

  /// The shape.
  public var kind: Kind
  /// The value at the start.
  public var initial: Float
  /// The value at the end.
  public var final: Float

  /// Makes a schedule.
  public init(kind: Kind, initial: Float, final: Float = 0) {
    self.kind = kind
    self.initial = initial
    self.final = final
  }

  /// A schedule that never changes.
  public static func constant(_ value: Float) -> Schedule {
    Schedule(kind: .constant, initial: value, final: value)
  }

  /// A straight line, to zero unless told otherwise.
  public static func linear(from initial: Float, to final: Float = 0) -> Schedule {
    Schedule(kind: .linear, initial: initial, final: final)
  }

  /// A schedule of a kind that ends at zero, unless it is constant.
  public static func falling(_ kind: Kind, from initial: Float) -> Schedule {
    Schedule(kind: kind, initial: initial, final: kind == .constant ? initial : 0)
  }

  /// The value at a point of training.
  ///
  /// Pass the fraction that remained when the running update *began*: 1 in the first of n updates
  /// and 1/n in the last, so that a rate that falls to zero is still positive there.
  ///
  /// - Parameter progressRemaining: 1 at the start, 0 after the last step; clamped to 0...1.
  /// - Returns: The scheduled value.
  public func value(progressRemaining: Double) -> Float {
    let remaining = min(max(progressRemaining, 0), 1)
    let (start, end) = (Double(initial), Double(final))
    switch kind {
    case .constant: return initial
    case .linear: return Float(end + (start - end) * remaining)
    case .cosine:
      let weight = 0.5 * (1 - ScalarMaths.cos(Double.pi * remaining))
      return Float(end + (start - end) * weight)
    case .exponential:
      return Float(start * ScalarMaths.pow(end / start, 1 - remaining))
    }
  }
}
