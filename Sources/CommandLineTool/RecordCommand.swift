import ArgumentParser
import Environments
import Foundation
import LinearAlgebra
import Physics
import RLCore
import Recording
import Training
import Storage
import Experiments

/// The verb `record`.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Record episodes of a policy or controller, with pictures of them if wanted.",
    discussion: """
      Episodes have the seeds --seed, --seed + 1 and so on and are those that 'evaluate' counts. \
      Every recording is re-simulated and compared before it counts as made; pictures are taken of \
      the re-simulation. Needs no display.
      """)

  @OptionGroup var selection: PolicySelection
  @Option(name: [.long, .customShort("n")], help: "Episodes.") var episodes = 1
  @Option(help: "Seed of the first episode.") var seed: UInt64 = 0
  @Option(help: "Leave episodes unfinished after so many steps.") var steps: Int?
  @Flag(help: "Sampled actions instead of the most likely ones.") var stochastic = false
  @Option(
    name: [.long, .customShort("o")],
    help: "Folder for recordings; recordings/ of a run, Recordings otherwise.")
  var out: String?
  @Flag(help: "Replace recordings of the same name.") var overwrite = false
  @OptionGroup var pictures: PictureOptions
  @Flag(help: "One JSON object per line on standard output.") var json = false

  func validate() throws {
    guard (1...100_000).contains(episodes) else {
      throw ValidationError("--episodes must lie in 1...100000")
    }
    guard seed < 1 << 62 else { throw ValidationError("--seed must lie below 2^62") }
    if let steps, steps < 1 { throw ValidationError("--steps must be at least 1") }
  }

  func run() throws {
    let (source, environment, parameters) = try selection.resolve()
    guard !(stochastic && source.policy is ControllerPolicy) else {
      throw ConfigurationError("a controller has no sampled actions")
    }
    let folder = out ?? source.folder?.recordingsFolder ?? "Recordings"
    let agent = source.agent ?? "policy"
    let paths = (0..<UInt64(episodes)).map {
      "\(folder)/\(RecordingHeader.pairing(environment.identifier, agent))-seed\(seed + $0).rlrec"
    }
    if !overwrite, let taken = paths.first(where: FileSystem.exists) {
      throw ConfigurationError("\(taken) exists; choose another --out or say --overwrite")
    }
    let film = try pictures.makeFilm(timeStep: environment.specification.timeStep)
    try FileSystem.makeFolder(folder)

    let vector = environment.makeVector(1)
    try vector.setParameters(parameters)
    var archive = TensorArchive()
    source.policy.save(to: &archive)
    let isController = source.policy is ControllerPolicy
    let fingerprint =
      isController ? RecordingHash.policy(named: agent) : RecordingHash.policy(archive)
    let recorder = FileRecorder(
      header: RecordingHeader(
        specification: environment.specification, parameters: environment.parameters,
        agent: agent, mode: stochastic ? .stochastic : .deterministic,
        policy: .init(fingerprint: fingerprint, steps: source.steps ?? 0), build: .current)
    ) { [seed] in paths[Int($0.seed - seed)] }
    vector.resetsEndedEpisodes = false
    vector.observe(environment: 0, with: recorder)
    let runner = EpisodeRunner(
      source.policy, in: vector, slot: 0,
      actions: Matrix(rows: 1, columns: environment.specification.actionWidth))
    let stop = StopSignal(notice: "\nrlsuite: stopping after this episode")
    var rows = [["seed", "steps", "return", "end", "bytes", "file"]]
    for (path, episode) in zip(paths, UInt64(0)...) where !stop.isRaised {
      let outcome = runner.run(
        seed: seed + episode, mode: stochastic ? .stochastic : .deterministic,
        stepLimit: steps ?? .max)
      try recorder.finish()
      guard outcome.episodeReturn.isFinite else {
        throw NotFiniteFailure(
          description: "the policy's action or return is not finite after step \(outcome.length); "
            + "\(path) ends there")
      }
      let recording = try RecordingReader(path: path)
      try verify(recording, in: environment, film)
      let report = RecordingReport(recording)
      if json { writeLine(try jsonLine(report)) } else { rows.append(report.row) }
    }
    try film?.finish()
    if !json { writeLine(table(rows)) }
    if stop.isRaised { throw ExitCode(ExitStatus.interrupted.rawValue) }
  }

  private func verify(
    _ recording: RecordingReader, in environment: RegisteredEnvironment, _ film: Film?
  ) throws {
    let replay = try Replay(recording, environment: environment.makeVector(1))
    film?.follow(replay)
    if let difference = try replay.verify() {
      throw CheckFailure(description: "\(recording.path) does not replay: \(difference)")
    }
    try film?.check()
  }
}

extension RecordingHeader.Build {
  /// This program on this machine.
  static var current: RecordingHeader.Build {
    RecordingHeader.Build(
      version: RLSuite.configuration.version,
      machine: .current(box2D: World.libraryVersion), sources: RunManifest.Sources.current()?.0)
  }
}

/// What a recording comes to, for people and for `--json`.
struct RecordingReport: Encodable {
  var file: String
  var environment: String
  var agent: String
  var seed: UInt64
  var steps: Int
  var episodeReturn: Double
  var end: String
  var bytes: Int
  /// Nil where it was not re-simulated.
  var verified: Bool?
  /// The first difference, where there is one.
  var difference: String?

  init(_ recording: RecordingReader, verified: Bool? = true) {
    file = recording.path
    environment = recording.header.environment
    agent = recording.header.agent
    seed = recording.header.seed
    steps = recording.stepCount
    episodeReturn = recording.totalReward
    end =
      recording.isTerminated
      ? "terminated" : recording.isTruncated ? "time limit" : "left unfinished"
    bytes = recording.byteCount
    self.verified = verified
  }

  var row: [String] {
    ["\(seed)", "\(steps)", decimals(episodeReturn, 2), end, grouped(bytes), file]
  }

  enum CodingKeys: String, CodingKey {
    case file, environment, agent, seed, steps, end, bytes, verified, difference
    case episodeReturn = "return"
  }
}
