/// The set from which an action or observation is drawn.
public enum Space: Sendable, Equatable {
  /// Vectors between two bounds, element by element; bounds may be infinite.
  case box(low: [Float], high: [Float])
  /// An integer in 0 ..< count, stored as a float in a one-column matrix.
  case discrete(count: Int)

  /// Number of floats that represent one member of the space.
  public var width: Int {
    switch self {
    case .box(let low, _): low.count
    case .discrete: 1
    }
  }

  /// Whether a vector lies in the space; bounds are included.
  public func contains(_ values: [Float]) -> Bool {
    guard values.count == width else { return false }
    switch self {
    case .box(let low, let high):
      return values.indices.allSatisfy { low[$0] <= values[$0] && values[$0] <= high[$0] }
    case .discrete(let count):
      let value = values[0]
      return value == value.rounded() && value >= 0 && value < Float(count)
    }
  }
}
