internal import LinearAlgebra
internal import RLCore
public import Recording
internal import Storage
public import Training
internal import Environments

/// Episodes of a policy that will be recorded; making one writes nothing.
public struct RecordingPlan {
  /// The files, in order of seeds.
  public let paths: [String]
  private let source: StoredPolicy
  private let folder: String
  private let seed: UInt64
  private let mode: ActionMode
  private let stepLimit: Int

  /// Checks what is to be recorded.
  ///
  /// - Parameters:
  ///   - source: The policy.
  ///   - episodes: How many, 1...100,000.
  ///   - seed: That of the first episode; the next have the next seeds, below 2⁶².
  ///   - mode: Deterministic or stochastic.
  ///   - stepLimit: Steps after which an episode is left unfinished.
  ///   - folder: Where to; nil for `recordings` of the policy's run, or else `Recordings`.
  ///   - overwrites: Whether recordings of the same name are replaced.
  /// - Throws: ``Training/ConfigurationError``.
  public init(
    _ source: StoredPolicy, episodes: Int = 1, seed: UInt64 = 0,
    mode: ActionMode = .deterministic, stepLimit: Int? = nil, to folder: String? = nil,
    overwrites: Bool = false
  ) throws(ConfigurationError) {
    try Self.check(episodes: episodes, seed: seed, stepLimit: stepLimit)
    try source.check(mode)
    let folder = folder ?? source.folder?.recordingsFolder ?? "Recordings"
    let name = RecordingHeader.pairing(source.environment.identifier, source.agent ?? "policy")
    paths = (0..<UInt64(episodes)).map { "\(folder)/\(name)-seed\(seed + $0).rlrec" }
    if !overwrites, let taken = paths.first(where: FileSystem.exists) {
      throw ConfigurationError(
        "\(taken) exists; choose another folder (--out) or replace it (--overwrite)")
    }
    (self.source, self.folder, self.seed, self.mode) = (source, folder, seed, mode)
    self.stepLimit = stepLimit ?? .max
  }

  /// Refuses counts and seeds that can't be recorded.
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

  /// Records the episodes, and re-simulates each before it counts as made.
  ///
  /// - Parameters:
  ///   - watch: Told of each re-simulation before it runs, to take pictures of it.
  ///   - shouldContinue: Told of each recording; whether to record the next one.
  /// - Throws: ``NotFiniteFailure`` where the policy has no finite answer, ``CheckFailure`` where a
  ///   recording does not replay, ``Storage/FileError``.
  /// - Returns: The recordings.
  @discardableResult public func run(
    watch: (Replay) throws -> Void = { _ in },
    shouldContinue: (RecordingReader) throws -> Bool = { _ in true }
  ) throws -> [RecordingReader] {
    try FileSystem.makeFolder(folder)
    let (environment, policy) = (source.environment, source.policy)
    let vector = environment.makeVector(1)
    try vector.setParameters(source.parameters)
    var archive = TensorArchive()
    policy.save(to: &archive)
    let agent = source.agent ?? "policy"
    let fingerprint =
      source.isController ? RecordingHash.policy(named: agent) : RecordingHash.policy(archive)
    let recorder = FileRecorder(
      header: RecordingHeader(
        specification: environment.specification, parameters: environment.parameters,
        agent: agent, mode: mode == .stochastic ? .stochastic : .deterministic,
        policy: .init(fingerprint: fingerprint, steps: source.steps ?? 0), build: .current)
    ) { [seed, paths] in paths[Int($0.seed - seed)] }
    vector.resetsEndedEpisodes = false
    vector.observe(environment: 0, with: recorder)
    let runner = EpisodeRunner(
      policy, in: vector, slot: 0,
      actions: Matrix(rows: 1, columns: environment.specification.actionWidth))
    var recordings: [RecordingReader] = []
    for (path, episode) in zip(paths, UInt64(0)...) {
      let outcome = runner.run(seed: seed + episode, mode: mode, stepLimit: stepLimit)
      try recorder.finish()
      guard outcome.episodeReturn.isFinite else {
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
  /// Records episodes, with file names of environment, agent and seed; see ``RecordingPlan`` for
  /// more choices.
  ///
  /// - Parameters:
  ///   - folder: Where to; nil for `recordings` of the policy's run, or else `Recordings`.
  ///   - episodes: How many, 1...100,000.
  ///   - seed: That of the first episode; the next have the next seeds.
  /// - Throws: As ``RecordingPlan`` does.
  /// - Returns: The recordings, which have been re-simulated and compared.
  @discardableResult public func record(
    to folder: String? = nil, episodes: Int = 1, seed: UInt64 = 0
  ) throws -> [RecordingReader] {
    try RecordingPlan(self, episodes: episodes, seed: seed, to: folder).run()
  }
}

/// A check that did not hold.
public struct CheckFailure: Error, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// Carries a sentence.
  public init(_ description: String) { self.description = description }
}

/// A policy whose actions or returns are not finite.
public struct NotFiniteFailure: Error, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// Carries a sentence.
  public init(_ description: String) { self.description = description }
}
