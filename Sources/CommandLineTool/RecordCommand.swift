import ArgumentParser
import Experiments
import Recording
import Training
import Environments
import RLCore

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

  func run() throws {
    try RecordingPlan.check(episodes: episodes, seed: seed, stepLimit: steps)
    let policy = try selection.resolve()
    let plan = try RecordingPlan(
      policy, episodes: episodes, seed: seed, mode: stochastic ? .stochastic : .deterministic,
      stepLimit: steps, to: out, overwrites: overwrite)
    let film = try pictures.makeFilm(timeStep: policy.environment.specification.timeStep)
    let stop = StopSignal(notice: "\n\(CommandLineTool.name): stopping after this episode")
    var rows = [["seed", "steps", "return", "end", "bytes", "file"]]
    try plan.run {
      film?.follow($0)
    } shouldContinue: { recording in
      try film?.check()
      let report = RecordingReport(recording)
      if json { writeLine(try jsonLine(report)) } else { rows.append(report.row) }
      return !stop.isRaised
    }
    try film?.finish()
    if !json { writeLine(table(rows)) }
    if stop.isRaised { throw ExitCode(ExitStatus.interrupted.rawValue) }
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
