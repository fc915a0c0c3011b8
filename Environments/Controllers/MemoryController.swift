/// Remembers the signal that it sees first, and chooses its side.
public struct MemoryController: Controller {
  public static let environmentIdentifiers = ["diagnostic-memory"]

  private var signal: Float = 0

  public init() {}

  public mutating func act(on observation: Span<Float>, action: inout MutableSpan<Float>) {
    if observation[0] != 0 { signal = observation[0] }
    action[0] = signal > 0 ? 1 : 0
  }
}
