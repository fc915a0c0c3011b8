public import RLCore
public import Storage

extension TensorArchive {
  /// Adds the running episode of every environment, as seeds and action logs.
  public mutating func setEpisodes(of environment: any BatchedEnvironment) {
    for i in 0..<environment.count {
      set(
        environment.snapshot(of: i), named: "episode.\(i)",
        hasDisturbances: environment.disturbances != nil)
    }
  }

  /// Adds a running episode, as its seed and action log.
  ///
  /// - Parameters:
  ///   - snapshot: The episode.
  ///   - name: What stands before the names of its tensors.
  ///   - hasDisturbances: Whether its environment takes disturbances.
  package mutating func set(
    _ snapshot: EpisodeSnapshot, named name: String, hasDisturbances: Bool
  ) {
    set(
      "\(name).state",
      .words([UInt64(snapshot.episode), snapshot.seed, snapshot.stateHash]))
    set("\(name).parameters", .doubles(snapshot.parameters.map(\.value)))
    set("\(name).actions", .floats(snapshot.actions))
    if hasDisturbances { set("\(name).disturbances", .floats(snapshot.disturbances)) }
  }

  /// Returns a running episode that was added for an environment of the same type.
  ///
  /// - Parameters:
  ///   - name: What stands before the names of its tensors.
  ///   - environment: Environments with the parameters and disturbances of the episode.
  /// - Throws: ``ArchiveError`` if tensors are missing or of another size.
  /// - Returns: The episode.
  package func episode(
    named name: String, in environment: any BatchedEnvironment
  ) throws(ArchiveError) -> EpisodeSnapshot {
    let state = try words("\(name).state", count: 3)
    guard state[0] < 1 << 62 else {
      throw ArchiveError.invalid(reason: "its episode count is impossible")
    }
    let own = environment.parameterValues(of: 0)
    let values = try doubles("\(name).parameters", count: own.count)
    return EpisodeSnapshot(
      episode: Int(state[0]), seed: state[1],
      parameters: zip(own, values).map { .init(name: $0.name, value: $1) },
      actions: try floats("\(name).actions"),
      disturbances: environment.disturbances == nil ? [] : try floats("\(name).disturbances"),
      stateHash: state[2])
  }

  /// Restores the running episodes by simulating them again; the environment must have been reset
  /// with the seed schedule of the run.
  public func restoreEpisodes(of environment: any BatchedEnvironment) throws {
    for i in 0..<environment.count {
      try environment.restore(try episode(named: "episode.\(i)", in: environment), to: i)
    }
  }
}

/// A record of an episode that ended while a rollout was gathered.
public struct FinishedEpisode: Sendable {
  /// Step of the rollout in which the episode ended.
  public var step: Int
  /// Index of the environment in which the episode ran.
  public var environment: Int
  /// Undiscounted sum of rewards.
  public var episodeReturn: Double
  /// Length of the episode, in steps.
  public var length: Int

  /// Creates a record.
  public init(step: Int, environment: Int, episodeReturn: Double, length: Int) {
    self.step = step
    self.environment = environment
    self.episodeReturn = episodeReturn
    self.length = length
  }
}

/// The returns and lengths of the last hundred episodes that ended during training.
public struct RecentEpisodes: Sendable, Equatable {
  private static let capacity = 100
  private var returns: [Double] = []
  private var lengths: [Double] = []

  /// Creates a record without episodes.
  public init() {}

  /// Mean return; NaN before the first episode has ended.
  public var meanReturn: Double {
    returns.isEmpty ? .nan : returns.reduce(0, +) / Double(returns.count)
  }
  /// Mean length, in steps; NaN before the first episode has ended.
  public var meanLength: Double {
    lengths.isEmpty ? .nan : lengths.reduce(0, +) / Double(lengths.count)
  }

  /// Adds the episodes of one rollout, in order of time regardless of the order they are passed in.
  ///
  /// - Returns: The episodes in order of time.
  @discardableResult public mutating func add(_ episodes: [FinishedEpisode]) -> [FinishedEpisode] {
    let ordered = episodes.sorted { ($0.step, $0.environment) < ($1.step, $1.environment) }
    returns = (returns + ordered.map(\.episodeReturn)).suffix(Self.capacity)
    lengths = (lengths + ordered.map { Double($0.length) }).suffix(Self.capacity)
    return ordered
  }

  /// Writes the returns and lengths.
  public func save(to archive: inout TensorArchive) {
    archive.set("recent-episodes.returns", .doubles(returns))
    archive.set("recent-episodes.lengths", .doubles(lengths))
  }

  /// Restores the returns and lengths.
  public mutating func load(from archive: TensorArchive) throws(ArchiveError) {
    let returns = try archive.doubles("recent-episodes.returns")
    self.lengths = try archive.doubles("recent-episodes.lengths", count: returns.count)
    self.returns = returns
  }
}
