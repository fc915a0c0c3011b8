internal import Environments
internal import Foundation
internal import LinearAlgebra
internal import RLCore
internal import Recording
internal import Robustness
internal import Storage
internal import Training

/// The recorded episodes from which a run learns, and what its manifest says of them.
struct RunRecordings {
  /// The episodes.
  let episodes: RecordedEpisodes
  /// Contents of the copy in the run's folder, which makes it independent of the sources.
  let contents: Data
  /// What the manifest says.
  let description: RunManifest.Recordings

  /// Takes the episodes of the sources that a run's settings name; nil if they name none.
  ///
  /// - Parameters:
  ///   - configuration: Settings of the run, with which the use of recordings was checked.
  ///   - environment: Environment of the run, without wrappers.
  ///   - registry: Registry of environments and controllers.
  ///   - plays: Whether controllers play; if not, their episodes are missing.
  /// - Throws: `FileError` if a file is missing or damaged, `ConfigurationError` if episodes do not
  ///   fit the run.
  init?(
    _ configuration: RunConfiguration, in environment: RegisteredEnvironment, registry: Registry,
    plays: Bool = true
  ) throws {
    let run = configuration.run
    let sources = run.dataset + run.prefill
    guard !sources.isEmpty else { return nil }
    let use = configuration.settings.useOfRecordings
    let wrappers = use == .learnsFromThemAlone ? run.wrap.ofPolicy : run.wrap.ofTraining
    let reader = EpisodeReader(
      specification: try wrappers.wrap(environment).specification, wrapping: wrappers.text,
      reward: run.wrap.reward)
    var episodes: [RecordedEpisodes.Episode] = []
    for source in sources {
      switch try RecordingSource(source, environment: environment.identifier, registry) {
      case .files(let paths):
        for path in paths { episodes.append(try reader.read(RecordingReader(path: path))) }
      case .dataset(let path):
        var dataset = try MinariEpisodes(
          path: path, specification: reader.specification, wrapping: reader.wrapping,
          reward: reader.reward)
        episodes += try dataset.read()
      case .controller(let name, let steps):
        guard plays else { continue }
        let controller = try StoredPolicy(
          name, environment: environment.identifier, registry: registry)
        for recording in try controller.play(configuration, steps: steps) {
          episodes.append(try reader.read(recording))
        }
      }
    }
    let specification = reader.specification
    let joined = RecordedEpisodes(
      episodes, observationWidth: specification.observationWidth,
      actionWidth: specification.actionWidth)
    if plays, let problem = configuration.settings.problem(with: joined) {
      throw ConfigurationError(problem)
    }
    self.init(joined, contents: joined.archive.safetensors, sources: sources)
  }

  /// Reads the copy in a run's folder; nil if the run has no recordings.
  init?(
    of folder: RunFolder, _ configuration: RunConfiguration, in environment: RegisteredEnvironment
  ) throws(FileError) {
    let run = configuration.run
    let sources = run.dataset + run.prefill
    guard !sources.isEmpty else { return nil }
    let path = folder.datasetFile
    let contents = try FileSystem.read(path)
    let episodes: RecordedEpisodes
    do {
      episodes = try RecordedEpisodes(
        from: TensorArchive(safetensors: contents), of: environment.specification)
    } catch {
      throw .damaged(path: path, reason: error.description)
    }
    if let problem = configuration.settings.problem(with: episodes) {
      throw .damaged(path: path, reason: problem)
    }
    self.init(episodes, contents: contents, sources: sources)
  }

  private init(_ episodes: RecordedEpisodes, contents: Data, sources: [String]) {
    (self.episodes, self.contents) = (episodes, contents)
    let checksum = String(CRC32C.checksum(contents), radix: 16)
    description = RunManifest.Recordings(
      sources: sources, episodes: episodes.count, steps: episodes.stepCount,
      checksum: String(repeating: "0", count: 8 - checksum.count) + checksum)
  }
}

/// Turns recordings into episodes to learn from.
private struct EpisodeReader {
  /// Specification of the environment, as the run meets it.
  let specification: EnvironmentSpecification
  /// Wrappers of the run as text; nil if there are none.
  let wrapping: String?
  /// Change of the rewards that the run learns from.
  let reward: TrainingReward

  func read(_ recording: RecordingReader) throws -> RecordedEpisodes.Episode {
    if let problem = problem(with: recording.header) {
      throw ConfigurationError("\(recording.path) does not fit: \(problem)")
    }
    var episode = RecordedEpisodes.Episode(observation: recording.header.initialObservation)
    for number in stride(from: 1, through: recording.stepCount, by: 1) {
      let step = try recording.step(number)
      episode.append(
        action: step.action, reward: reward(step.reward, hasEnded: step.terminated),
        observation: step.observation)
    }
    episode.isTerminated = recording.isTerminated
    if let problem = episode.problem(in: specification) {
      throw FileError.damaged(path: recording.path, reason: problem)
    }
    return episode
  }

  /// Returns why the recording is of something else than the run, as the end of a sentence.
  private func problem(with header: RecordingHeader) -> String? {
    let id = specification.identifier
    if header.environment != id {
      return "it is a recording of \(header.environment), and the run is of \(id)"
    }
    if header.environmentVersion != specification.version {
      return "it is of version \(header.environmentVersion) of \(id), and this is version "
        + "\(specification.version)"
    }
    if header.wrapping != wrapping {
      let own = header.wrapping.map { "with the wrappers \($0)" } ?? "without wrappers"
      let other = wrapping.map { "with \($0)" } ?? "without any"
      return "it was recorded \(own), and the run is \(other); --wrap must be the same"
    }
    let (recorded, own) = (header.observationComponents.count, specification.observationWidth)
    if recorded != own { return "it has \(recorded) observation components, and \(id) has \(own)" }
    return header.actionSpace == specification.actionSpace
      ? nil : "its action space is not that of \(id)"
  }
}

/// Where recorded episodes come from.
enum RecordingSource {
  /// Recordings, in ascending order of their paths.
  case files([String])
  /// The data of a dataset of Minari.
  case dataset(String)
  /// Episodes that a controller plays when the run starts, of at least this many steps together.
  case controller(String, steps: Int)

  /// Maximum number of steps that a controller plays.
  private static let mostSteps = 100_000_000

  /// Finds out what a source is.
  ///
  /// - Parameters:
  ///   - text: A recording, a folder of recordings, a run with recordings, a dataset of Minari, or
  ///     `CONTROLLER:STEPS`.
  ///   - environment: Id of the environment.
  ///   - registry: Registry of controllers.
  /// - Throws: `FileError` if there is no such file, `ConfigurationError` if there are no recordings
  ///   in it or the controller can't control the environment.
  init(_ text: String, environment: String, _ registry: Registry) throws {
    if let path = MinariEpisodes.path(text) {
      self = .dataset(path)
    } else if FileSystem.isFolder(text) {
      self = .files(try Self.recordings(in: text))
    } else if FileSystem.exists(text) {
      self = .files([text])
    } else if let colon = text.lastIndex(of: ":"), !text.contains("/"),
      let steps = Int(text[text.index(after: colon)...])
    {
      guard (1...Self.mostSteps).contains(steps) else {
        throw ConfigurationError(
          "'\(text)': a controller plays between 1 and \(Self.mostSteps) steps")
      }
      let name = String(text[..<colon])
      _ = try StoredPolicy(name, environment: environment, registry: registry)
      self = .controller(name, steps: steps)
    } else if !text.contains("/"),
      try StoredPolicy.controller(text, environment: environment, registry) != nil
    {
      throw ConfigurationError(
        "'\(text)' is a controller, which needs a number of steps to play: \(text):20000")
    } else {
      throw FileError.missing(path: text)
    }
  }

  private static func recordings(in folder: String) throws(ConfigurationError) -> [String] {
    let isRun = RunFolder.isRun(folder)
    let place = isRun ? RunFolder(path: folder).recordingsFolder : folder
    let names = FileSystem.contents(place).filter { $0.hasSuffix(".rlrec") }.sorted()
    guard !names.isEmpty else {
      throw ConfigurationError(
        "\(folder) has no recordings (.rlrec); make some with 'record \(isRun ? folder : "POLICY") "
          + "--episodes 50\(isRun ? "" : " --out \(folder)")'")
    }
    return names.map { "\(place)/\($0)" }
  }
}

extension StoredPolicy {
  /// Plays whole episodes under the conditions of a run, until they have enough steps together.
  ///
  /// Their seeds are those of an environment that no run has.
  fileprivate func play(
    _ configuration: RunConfiguration, steps: Int
  ) throws -> [RecordingReader] {
    let run = configuration.run
    var player = self
    for parameter in configuration.parameters {
      try player.setParameter(parameter.name, to: parameter.value)
    }
    if !run.randomize.isEmpty { try player.randomize(run.randomize) }
    if !run.perturb.isEmpty { try player.perturb(run.perturb) }
    let vector = player.makeVector(1)
    let header = RecordingHeader(
      specification: environment.specification, parameters: environment.parameters,
      disturbances: vector.hasDisturbances ? environment.disturbanceComponents : [],
      agent: agent ?? path, mode: modes[0] == .stochastic ? .stochastic : .deterministic,
      policy: nil, build: .current)
    let recorder = EpisodeRecorder(header: header)
    vector.resetsEndedEpisodes = false
    vector.observe(environment: 0, with: recorder)
    let runner = EpisodeRunner(
      policy, in: vector, slot: 0,
      actions: Matrix(rows: 1, columns: environment.specification.actionWidth))
    let seeds = EpisodeSeeds.training(runSeed: run.seed)
    var (recordings, played) = ([RecordingReader](), 0)
    while played < steps {
      let outcome = runner.run(
        seed: seeds.seed(environment: 1 << 16, episode: recordings.count), mode: modes[0])
      guard outcome.episodeReturn.isFinite else {
        throw NotFiniteFailure("an action or return of \(path) is not finite")
      }
      played += outcome.length
      for finished in recorder.takeFinished() {
        recordings.append(try RecordingReader(finished.contents, path: path))
      }
    }
    return recordings
  }
}
