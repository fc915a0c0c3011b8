import ArgumentParser
import Experiments
import Recording
import Training
import Environments
import RLCore

/// The verb `record`: records episodes of a policy or controller.
struct Record: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Record episodes of a policy or controller, optionally with pictures.",
    discussion: """
      Episodes use the seeds --seed, --seed + 1 and so on; 'evaluate' measures the same episodes. \
      Every recording is verified by re-simulation before it is reported; pictures show the \
      re-simulation. No display is needed.
      """)

  @OptionGroup var selection: PolicySelection
  @Option(name: [.long, .customShort("n")], help: "Number of episodes.") var episodes = 1
  @Option(seedsBelow2To: 62) var seed: UInt64 = 0
  @Option(help: "Leave episodes unfinished after this many steps.") var steps: Int?
  @Flag(help: "Sample actions instead of taking the most likely ones.") var stochastic = false
  @Option(
    path: [.long, .customShort("o")],
    help: "Folder for recordings; by default recordings/ in the run's folder, or Recordings.")
  var out: String?
  @Flag(help: "Replace existing recordings of the same name.") var overwrite = false
  @OptionGroup var pictures: PictureOptions
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func run() throws {
    try RecordingPlan.check(episodes: episodes, seed: seed, stepLimit: steps)
    let policy = try selection.resolve()
    let plan = try RecordingPlan(
      policy, episodes: episodes, seed: seed, mode: stochastic ? .stochastic : nil,
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

/// Summary of a recording, as text or JSON.
struct RecordingReport: Encodable {
  var file: String
  var environment: String
  var agent: String
  var seed: UInt64
  var steps: Int
  var episodeReturn: Double
  var end: String
  var bytes: Int
  /// Whether the re-simulation was the same; nil if there was none.
  var verified: Bool?
  /// First difference of the re-simulation; nil if there is none.
  var difference: String?

  /// Summarises a recording.
  ///
  /// - Parameters:
  ///   - recording: The recording.
  ///   - end: How its re-simulation ended; nil if there was none.
  ///   - verified: Whether the re-simulation was the same; nil if there was none.
  init(_ recording: RecordingReader, end: EpisodeEnd? = nil, verified: Bool? = true) {
    file = recording.path
    environment = recording.header.environment
    agent = recording.header.agent
    seed = recording.header.seed
    steps = recording.stepCount
    episodeReturn = recording.totalReward
    self.end = (recording.end ?? end)?.description ?? "terminated"
    bytes = recording.byteCount
    self.verified = verified
  }

  var row: [String] {
    ["\(seed)", grouped(steps), decimals(episodeReturn, 2), end, grouped(bytes), file]
  }

  enum CodingKeys: String, CodingKey {
    case file, environment, agent, seed, steps, end, bytes, verified, difference
    case episodeReturn = "return"
  }
}
