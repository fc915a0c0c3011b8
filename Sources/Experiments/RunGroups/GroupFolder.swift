internal import Storage

/// The folder of runs that differ in their seeds alone, `seed-1`, `seed-2` and so on.
public struct GroupFolder: Sendable, Equatable {
  /// Path of the folder.
  public let path: String

  /// File with the settings of all runs, as `config.yaml` has them, with any seed.
  public var settingsFile: String { "\(path)/settings.yaml" }
  /// File with the seeds.
  public var seedsFile: String { "\(path)/seeds.json" }
  /// File that names the process that trains the runs, as long as one does.
  public var lockFile: String { "\(path)/lock.json" }

  /// Refers to a folder by its path, without touching it.
  public init(path: String) { self.path = path }

  /// Returns whether a path is that of a folder in which `train --seeds` trains.
  public static func isGroup(_ path: String) -> Bool {
    FileSystem.exists(GroupFolder(path: path).seedsFile)
  }

  /// Returns the folder of the run with a seed.
  public func run(_ seed: UInt64) -> RunFolder { RunFolder(path: "\(path)/seed-\(seed)") }

  /// Returns the seed in the name of a run's folder; nil for other names.
  static func seed(ofFolder name: String) -> UInt64? {
    guard name.hasPrefix("seed-"), let seed = UInt64(name.dropFirst(5)), "seed-\(seed)" == name
    else { return nil }
    return seed
  }
}
