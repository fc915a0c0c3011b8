internal import RLCore
public import Storage

/// Runs of the same settings with several seeds, on one or more environments.
public struct RunGroup {
  /// Name of the group: the path or paths that it was read from, unless another was given.
  public let name: String
  /// Runs that could be read, by environment and seed.
  public let runs: [RunResults]
  /// What is wrong with the others, a sentence for each run.
  public let problems: [FileError]

  /// Ids of the environments of the runs, in alphabetical order.
  public var environments: [String] {
    Set(runs.map(\.run.environment.identifier)).sorted()
  }

  /// Returns the runs in an environment.
  public func runs(in environment: String) -> [RunResults] {
    runs.filter { $0.run.environment.identifier == environment }
  }

  /// Reads the runs of a group.
  ///
  /// A run that can't be read, that has other settings than most of the runs in its environment, or
  /// whose seed another run has already, becomes one of ``problems``.
  ///
  /// - Parameters:
  ///   - paths: Folders of runs, folders that contain folders of runs such as `seed-3`, or folders
  ///     that contain those, one for each environment.
  ///   - name: Name of the group; nil for the paths.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `FileError.missing` if a path does not exist.
  public init(
    _ paths: [String], name: String? = nil, registry: Registry = .standard
  ) throws(FileError) {
    self.name = name ?? paths.joined(separator: ",")
    var runs: [RunResults] = []
    var problems: [FileError] = []
    for path in paths {
      guard FileSystem.exists(path) else { throw .missing(path: path) }
      let folders = Self.runFolders(path)
      if folders.isEmpty {
        problems.append(
          .unsuitable(
            path: path, reason: "it is neither the folder of a run nor one of several runs"))
      }
      for folder in folders {
        do throws(FileError) {
          runs.append(try RunResults(folder, registry: registry))
        } catch {
          problems.append(error)
        }
      }
    }
    let readable = Dictionary(grouping: runs, by: \.run.environment.identifier)
    var kept: [RunResults] = []
    for (_, runs) in readable.sorted(by: { $0.key < $1.key }) {
      kept += Self.ofOneGroup(runs, &problems).sorted { $0.seed < $1.seed }
    }
    self.runs = kept
    self.problems = problems
  }

  private init(name: String, runs: [RunResults], problems: [FileError]) {
    (self.name, self.runs, self.problems) = (name, runs, problems)
  }

  /// Returns the group without the runs that lack a score, which become ``problems``.
  public func having(_ score: RunComparison.Score) -> RunGroup {
    let lacking = runs.filter { score.value(of: $0) == nil }.map { run in
      let what = run.evaluations.isEmpty ? "" : "\(score.rawValue) "
      return FileError.unreadable(
        path: run.folder.path, reason: "it has no \(what)evaluation yet")
    }
    return RunGroup(
      name: name, runs: runs.filter { score.value(of: $0) != nil }, problems: problems + lacking)
  }

  /// Returns the folders of the runs in a folder, or the folder itself if it is that of a run.
  ///
  /// Folders named after a seed are returned whatever they contain.
  public static func runFolders(_ path: String) -> [String] { runFolders(path, depth: 2) }

  private static func runFolders(_ path: String, depth: Int) -> [String] {
    if RunFolder.isRun(path) || !FileSystem.isFolder(path) { return [path] }
    guard depth > 0 else { return [] }
    return FileSystem.contents(path).filter { !$0.hasPrefix(".") }.flatMap { name in
      let inner = "\(path)/\(name)"
      guard FileSystem.isFolder(inner) else { return [String]() }
      return GroupFolder.seed(ofFolder: name) != nil
        ? [inner] : runFolders(inner, depth: depth - 1)
    }
  }

  /// Returns the runs that have the settings of most of them and a seed of their own.
  private static func ofOneGroup(
    _ runs: [RunResults], _ problems: inout [FileError]
  ) -> [RunResults] {
    let counts = Dictionary(grouping: runs.indices) { RunSettingsText(runs[$0]) }
    // Of several settings that are equally frequent, those of the first run.
    guard
      let usual = counts.max(by: {
        ($0.value.count, $1.value[0]) < ($1.value.count, $0.value[0])
      })?.key
    else { return [] }
    var paths: [UInt64: String] = [:]
    return runs.filter { run in
      if let difference = RunSettingsText(run).difference(from: usual) {
        problems.append(
          .unsuitable(
            path: run.folder.path, reason: "it is not of its group, in which \(difference)"))
        return false
      }
      if let other = paths[run.seed] {
        problems.append(
          .unsuitable(path: run.folder.path, reason: "it has seed \(run.seed), as \(other) has"))
        return false
      }
      paths[run.seed] = run.folder.path
      return true
    }
  }

  /// Returns the settings, other than the seed, in which groups differ, with each group's value; nil
  /// if a group lacks the setting.
  public static func differences(
    _ groups: [RunGroup]
  ) -> [(key: String, values: [String?])] {
    let settings = groups.map { group in
      group.runs.first.map { RunSettingsText($0).values } ?? [:]
    }
    let keys = Set(settings.flatMap(\.keys)).sorted()
    return keys.compactMap { key in
      let values = settings.map { $0[key] }
      return Set(values).count > 1 ? (key, values) : nil
    }
  }
}

/// All settings of a run but its seed, as text.
private struct RunSettingsText: Hashable {
  let values: [String: String]

  init(_ run: RunResults) {
    var values: [String: String] = [:]
    for (name, value) in run.run.configuration.flattened where name != "seed" {
      values[name] = value
    }
    self.values = values
  }

  /// Returns a clause on the first setting that differs; nil if none does.
  func difference(from usual: RunSettingsText) -> String? {
    let keys = Set(values.keys).union(usual.values.keys).sorted()
    return keys.first { values[$0] != usual.values[$0] }.map { key in
      "\(key) is \(usual.values[key] ?? "missing"): here it is \(values[key] ?? "missing")"
    }
  }
}
