/// The folder of runs that differ in their seeds alone, `seed-1`, `seed-2` and so on.
public struct GroupFolder: Sendable, Equatable {
  /// Path of the folder.
  public let path: String

  /// Refers to a folder by its path, without touching it.
  public init(path: String) { self.path = path }

  /// Returns the folder of the run with a seed.
  public func run(_ seed: UInt64) -> RunFolder { RunFolder(path: "\(path)/seed-\(seed)") }

  /// Returns the seed in the name of a run's folder; nil for other names.
  static func seed(ofFolder name: String) -> UInt64? {
    guard name.hasPrefix("seed-"), let seed = UInt64(name.dropFirst(5)), "seed-\(seed)" == name
    else { return nil }
    return seed
  }
}
