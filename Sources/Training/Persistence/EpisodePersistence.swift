public import RLCore
public import Storage

extension TensorArchive {
  /// Adds the running episode of every environment, as seeds and action logs.
  public mutating func setEpisodes(of environment: any BatchedEnvironment) {
    for i in 0..<environment.count {
      let snapshot = environment.snapshot(of: i)
      set(
        "episode.\(i).state",
        .words([UInt64(snapshot.episode), snapshot.seed, snapshot.stateHash]))
      set("episode.\(i).parameters", .doubles(snapshot.parameters.map(\.value)))
      set("episode.\(i).actions", .floats(snapshot.actions))
      guard environment.disturbances != nil else { continue }
      set("episode.\(i).disturbances", .floats(snapshot.disturbances))
    }
  }

  /// Restores the running episodes by simulating them again; the environment must have been reset
  /// with the seed schedule of the run.
  public func restoreEpisodes(of environment: any BatchedEnvironment) throws {
    for i in 0..<environment.count {
      let state = try words("episode.\(i).state", count: 3)
      guard state[0] < 1 << 62 else {
        throw ArchiveError.invalid(reason: "its episode count is impossible")
      }
      let own = environment.parameterValues(of: i)
      let values = try doubles("episode.\(i).parameters", count: own.count)
      let snapshot = EpisodeSnapshot(
        episode: Int(state[0]), seed: state[1],
        parameters: zip(own, values).map { .init(name: $0.name, value: $1) },
        actions: try floats("episode.\(i).actions"),
        disturbances: environment.disturbances == nil
          ? [] : try floats("episode.\(i).disturbances"),
        stateHash: state[2])
      try environment.restore(snapshot, to: i)
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
