internal import LinearAlgebra

/// A value that changes as training progresses, such as a learning rate or a clip range.
public struct Schedule: Codable, Sendable, Equatable {
  /// The shape of the change from the initial to the final value.
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

  /// Shape of the change from the initial to the final value.
  public var kind: Kind
  /// Value at the start of training.
  public var initial: Float
  /// Value at the end of training.
  public var final: Float

  /// Creates a schedule.
  public init(kind: Kind, initial: Float, final: Float = 0) {
    self.kind = kind
    self.initial = initial
    self.final = final
  }

  /// Returns a schedule whose value never changes.
  public static func constant(_ value: Float) -> Schedule {
    Schedule(kind: .constant, initial: value, final: value)
  }

  /// Returns a linear schedule, which ends at zero by default.
  public static func linear(from initial: Float, to final: Float = 0) -> Schedule {
    Schedule(kind: .linear, initial: initial, final: final)
  }

  /// Returns a schedule of the given kind that ends at zero, or never changes if it is constant.
  public static func falling(_ kind: Kind, from initial: Float) -> Schedule {
    Schedule(kind: kind, initial: initial, final: kind == .constant ? initial : 0)
  }

  /// Returns the value at a point of training.
  ///
  /// Pass the fraction that remained when the current update *began*: 1 in the first of n updates
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
