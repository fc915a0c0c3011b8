internal import Foundation
public import RLCore
public import Storage
internal import Training

/// Runs of the same settings with several seeds, in a folder that only this process trains in until
/// the object is gone.
///
/// The runs themselves are started and resumed by others, each in ``GroupFolder/run(_:)``.
public final class SeedGroup {
  /// Folder of the group.
  public let folder: GroupFolder
  /// Seeds of all runs, in ascending order.
  public let seeds: [UInt64]
  /// Settings of all runs, with the default seed.
  public let configuration: RunConfiguration
  /// Environment of the runs.
  public let environment: RegisteredEnvironment
  private let lock: FileLock

  /// The contents of the file of seeds.
  private struct Seeds: Codable {
    var version = 1
    var seeds: [UInt64]
  }

  /// Makes the folder of a group, or continues one of the same settings, to which seeds are added.
  ///
  /// - Parameters:
  ///   - experiment: Environment, agent and settings of the runs; its seed does not count.
  ///   - seeds: Seeds of the runs.
  ///   - path: Path of the folder; nil for `runs/<environment>-<agent>`.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `ConfigurationError` if the settings are not allowed or not those of the group,
  ///   `FileError` if the folder holds something else, is damaged, can't be written or another
  ///   process uses it.
  public init(
    _ experiment: Experiment, seeds: [UInt64], at path: String? = nil,
    registry: Registry = .standard
  ) throws {
    var experiment = experiment
    try experiment.set("seed", to: RunSettings().seed)
    configuration = try experiment.configuration()
    try experiment.checkRecordings(configuration)
    environment = experiment.environment
    let run = configuration.run
    folder = GroupFolder(path: path ?? "runs/\(run.environment)-\(run.agent)")
    guard !RunFolder.isRun(folder.path) else {
      throw FileError.unwritable(path: folder.path, reason: "it is the folder of a single run")
    }
    let made = try FileSystem.makeFolder(folder.path)
    lock = try FileLock(folder.lockFile, protecting: folder.path)
    guard GroupFolder.isGroup(folder.path) else {
      let own = ["lock.json", "settings.yaml"]
      guard FileSystem.contents(folder.path).allSatisfy(own.contains) || made.contains(folder.path)
      else {
        throw FileError.unwritable(
          path: folder.path, reason: "it is not empty and contains no runs of 'train --seeds'")
      }
      self.seeds = seeds.sorted()
      try FileSystem.write(Data(configuration.yaml.utf8), to: folder.settingsFile)
      try FileSystem.write(JSON.encode(Seeds(seeds: self.seeds)), to: folder.seedsFile)
      return
    }
    let stored = try StoredRun.settings(in: folder.settingsFile, registry).0
    if let (old, new) = Self.firstDifference(stored, configuration) {
      throw ConfigurationError(
        "\(folder.path) has runs with \(old), and here it is \(new); choose another folder with "
          + "--out")
    }
    let old = try Self.readSeeds(folder)
    self.seeds = Set(old + seeds).sorted()
    if self.seeds != old {
      try FileSystem.write(JSON.encode(Seeds(seeds: self.seeds)), to: folder.seedsFile)
    }
  }

  /// Continues the group in a folder.
  ///
  /// - Throws: `FileError` if the folder holds no group, is damaged, can't be written or another
  ///   process uses it.
  public init(continuing path: String, registry: Registry = .standard) throws(FileError) {
    folder = GroupFolder(path: path)
    seeds = try Self.readSeeds(folder)
    (configuration, environment, _) = try StoredRun.settings(in: folder.settingsFile, registry)
    lock = try FileLock(folder.lockFile, protecting: path)
  }

  private static func readSeeds(_ folder: GroupFolder) throws(FileError) -> [UInt64] {
    let stored = try JSON.read(Seeds.self, from: folder.seedsFile)
    guard stored.version == Seeds(seeds: []).version, !stored.seeds.isEmpty,
      stored.seeds == Set(stored.seeds).sorted()
    else {
      throw .damaged(path: folder.seedsFile, reason: "its contents are not as expected")
    }
    return stored.seeds
  }

  /// Returns the first setting in which two configurations differ, and the second one's value.
  private static func firstDifference(
    _ first: RunConfiguration, _ second: RunConfiguration
  ) -> (first: String, second: String)? {
    guard first.yaml != second.yaml else { return nil }
    let (old, new) = (first.flattened, second.flattened)
    let difference = zip(old, new).first { $0.0 != $0.1 }
    guard let ((name, value), (otherName, other)) = difference else {
      return ("other settings", "otherwise")
    }
    return ("\(name) \(value)", name == otherName ? other : "\(otherName) \(other)")
  }

  /// Returns how many runs this machine's memory allows at a time, at least 1.
  public var jobsThatFit: Int {
    MemoryLimit.current.runsThatFit(configuration.memoryNeeds(in: environment))
  }

  /// Returns whether the run with a seed has begun, so that it is resumed rather than started.
  public func hasBegun(_ seed: UInt64) -> Bool {
    FileSystem.exists(folder.run(seed).configurationFile)
  }

  /// Evaluates the policy of a finished run on fresh episodes and writes the result to its folder.
  ///
  /// The policy is that of ``StoredPolicy/init(_:checkpoint:environment:registry:)``, the episodes
  /// those of ``StoredPolicy/evaluate(episodes:seed:mode:threads:didFinish:)``, in the usual mode.
  ///
  /// - Parameters:
  ///   - folder: Folder of the run.
  ///   - episodes: Number of episodes; nothing is done if the folder has an evaluation of as many.
  ///   - threads: Number of threads; nil for one per core.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `FileError` if the policy can't be read or the result can't be written,
  ///   `ConfigurationError` if a number is out of range.
  /// - Returns: The evaluation.
  @discardableResult public static func evaluateFinally(
    _ folder: RunFolder, episodes: Int, threads: Int? = nil, registry: Registry = .standard
  ) throws -> StoredEvaluation {
    let policy = try StoredPolicy(folder.path, registry: registry)
    let file = folder.finalEvaluationFile
    if FileSystem.exists(file),
      let old = try StoredEvaluation.read(file, isGrowing: false).last,
      old.returns.count == episodes, old.steps == policy.steps
    {
      return old
    }
    let result = try policy.evaluate(episodes: episodes, threads: threads)
    let row = StoredEvaluation.row(result, steps: policy.steps ?? 0)
    let text = "\(StoredEvaluation.columns.joined(separator: ","))\n\(row)\n"
    try FileSystem.write(Data(text.utf8), to: file)
    guard let evaluation = try StoredEvaluation.read(file, isGrowing: false).last else {
      throw FileError.damaged(path: file, reason: "it has no evaluation")
    }
    return evaluation
  }
}
