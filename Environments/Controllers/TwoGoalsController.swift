/// Walks away from the middle row, and up if it stands there.
public struct TwoGoalsController: Controller {
  public static let environmentIdentifiers = ["diagnostic-two-goals"]

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    action[0] = 0
    action[1] = observation[1] < 0 ? -1 : 1
  }
}
