internal import LinearAlgebra
internal import RLCore
public import Recording
internal import Robustness
internal import Storage
public import Training
internal import Environments

/// A plan to record episodes of a policy; creating it writes nothing.
public struct RecordingPlan {
  /// Paths of the recordings, in order of seeds.
  public let paths: [String]
  private let source: StoredPolicy
  private let folder: String
  private let seeds: [UInt64]
  private let mode: ActionMode
  private let stepLimit: Int
  private let keepsNotFinite: Bool

  /// Plans recordings and checks that they can be made.
  ///
  /// - Parameters:
  ///   - source: Policy to record.
  ///   - episodes: Number of episodes, in 1...100,000.
  ///   - seed: Seed of the first episode; each later episode uses the next seed, all below 2⁶².
  ///   - mode: One of the policy's modes; nil for the usual one.
  ///   - stepLimit: Steps after which an episode is left unfinished, at least 1; nil for no limit.
  ///   - folder: Folder for the files; nil for `recordings` in the policy's run, or `Recordings`.
  ///   - overwrites: Whether existing recordings of the same name are replaced.
  /// - Throws: `ConfigurationError` if an argument is not allowed or a recording exists already.
  public init(
    _ source: StoredPolicy, episodes: Int = 1, seed: UInt64 = 0,
    mode: ActionMode? = nil, stepLimit: Int? = nil, to folder: String? = nil,
    overwrites: Bool = false
  ) throws(ConfigurationError) {
    try Self.check(episodes: episodes, seed: seed, stepLimit: stepLimit)
    let mode = mode ?? source.modes[0]
    try source.check(mode)
    let folder = folder ?? source.folder?.recordingsFolder ?? "Recordings"
    let name = source.recordingName
    paths = (0..<UInt64(episodes)).map { "\(folder)/\(name)-seed\(seed + $0).rlrec" }
    if !overwrites, let taken = paths.first(where: FileSystem.exists) {
      throw ConfigurationError(
        "\(taken) exists; choose another folder (--out) or replace it (--overwrite)")
    }
    seeds = (0..<UInt64(episodes)).map { seed + $0 }
    (self.source, self.folder, self.mode) = (source, folder, mode)
    self.stepLimit = stepLimit ?? .max
    keepsNotFinite = false
  }

  /// Plans recordings of episodes that an evaluation has shown to fail.
  ///
  /// They replace recordings of the same name, and are kept even if an action or return is not
  /// finite.
  ///
  /// - Parameters:
  ///   - seeds: Seeds of the episodes.
  ///   - source: Policy that was evaluated.
  ///   - mode: Deterministic or stochastic, which then is part of the names.
  ///   - folder: Folder for the files.
  package init(
    failures seeds: [UInt64], of source: StoredPolicy, mode: ActionMode, to folder: String
  ) {
    let pairing = source.recordingName
    let name = mode == .deterministic ? pairing : "\(pairing)-\(mode.rawValue)"
    paths = seeds.map { "\(folder)/\(name)-seed\($0).rlrec" }
    (self.source, self.folder, self.seeds, self.mode) = (source, folder, seeds, mode)
    (stepLimit, keepsNotFinite) = (.max, true)
  }

  /// Checks the number of episodes, the seed and the step limit of recordings.
  package static func check(
    episodes: Int, seed: UInt64, stepLimit: Int?
  ) throws(ConfigurationError) {
    guard (1...100_000).contains(episodes) else {
      throw ConfigurationError("episodes must lie in 1...100000 and is \(episodes)")
    }
    guard seed < 1 << 62 - UInt64(episodes) else {
      throw ConfigurationError("seed must lie below 2^62")
    }
    guard stepLimit ?? 1 >= 1 else {
      throw ConfigurationError("steps must be at least 1 and is \(stepLimit ?? 1)")
    }
  }

  /// Records the episodes and verifies each by re-simulation.
  ///
  /// - Parameters:
  ///   - watch: A closure called with each re-simulation before it runs, so that it can be drawn.
  ///   - shouldContinue: A closure called with each recording; returns whether to make another.
  /// - Throws: ``NotFiniteFailure`` if the policy's action or return is not finite,
  ///   ``CheckFailure`` if a recording does not replay, `FileError` if a file can't be written.
  /// - Returns: The recordings.
  @discardableResult public func run(
    watch: (Replay) throws -> Void = { _ in },
    shouldContinue: (RecordingReader) throws -> Bool = { _ in true }
  ) throws -> [RecordingReader] {
    if folder == source.folder?.recordingsFolder, FileSystem.kind(folder) == .link {
      throw FileSystem.followedLink(folder)
    }
    try FileSystem.makeFolder(folder)
    let (environment, policy) = (source.environment, source.policy)
    let vector = source.makeVector(1)
    let destinations = Dictionary(uniqueKeysWithValues: zip(seeds, paths))
    let actions = Matrix(rows: 1, columns: environment.specification.actionWidth)
    let opposition = source.opponent.map { Opposition($0, in: vector, actions: actions) }
    var header = RecordingHeader(
      specification: environment.specification, parameters: environment.parameters,
      disturbances: vector.hasDisturbances ? environment.disturbanceComponents : [],
      agent: source.recordedAgent, mode: .init(mode), policy: source.recordedPolicy,
      build: .current)
    header.describe(source.conditions)
    header.wrapping = source.wrappers.text
    let recorder = FileRecorder(header: header) { destinations[$0.seed] }
    vector.resetsEndedEpisodes = false
    vector.observe(environment: 0, with: recorder)
    let runner = EpisodeRunner(
      policy, against: opposition, in: vector, slot: 0, actions: actions)
    var recordings: [RecordingReader] = []
    for (path, seed) in zip(paths, seeds) {
      let outcome = runner.run(seed: seed, mode: mode, stepLimit: stepLimit)
      try recorder.finish()
      guard outcome.episodeReturn.isFinite || keepsNotFinite else {
        throw NotFiniteFailure(
          "the policy's action or return is not finite after step \(outcome.length); \(path) ends "
            + "there")
      }
      let recording = try RecordingReader(path: path)
      let replay = try Replay(recording, environment: environment.makeVector(1))
      try watch(replay)
      if let difference = try replay.verify() {
        throw CheckFailure("\(path) does not replay: \(difference)")
      }
      recordings.append(recording)
      guard try shouldContinue(recording) else { break }
    }
    return recordings
  }
}

extension StoredPolicy {
  /// First part of the names of recordings.
  fileprivate var recordingName: String {
    RecordingHeader.pairing(environment.identifier, recordedAgent)
      + (opponent == nil ? "" : "-adversary")
  }

  /// Records episodes to files named after environment, agent and seed.
  ///
  /// ``RecordingPlan`` offers more choices.
  ///
  /// - Parameters:
  ///   - folder: Folder for the files; nil for `recordings` in the policy's run, or `Recordings`.
  ///   - episodes: Number of episodes, in 1...100,000.
  ///   - seed: Seed of the first episode; each later episode uses the next seed.
  /// - Throws: The errors of ``RecordingPlan``.
  /// - Returns: The recordings, verified by re-simulation.
  @discardableResult public func record(
    to folder: String? = nil, episodes: Int = 1, seed: UInt64 = 0
  ) throws -> [RecordingReader] {
    try RecordingPlan(self, episodes: episodes, seed: seed, to: folder).run()
  }
}

/// An error for a check that failed.
public struct CheckFailure: Error, CustomStringConvertible {
  /// Sentence that describes the failure.
  public let description: String

  /// Creates an error with a sentence that describes it.
  public init(_ description: String) { self.description = description }
}

/// An error for a policy whose actions or returns are not finite.
public struct NotFiniteFailure: Error, CustomStringConvertible {
  /// Sentence that describes the failure.
  public let description: String

  /// Creates an error with a sentence that describes it.
  public init(_ description: String) { self.description = description }
}
