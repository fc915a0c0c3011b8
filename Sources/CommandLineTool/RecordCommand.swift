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

      With --dataset, the episodes also become a dataset that minari.load_dataset opens, in the \
      folder of the environment variable MINARI_DATASETS_PATH or in ~/.minari/datasets.
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
  @Option(
    help: ArgumentHelp(
      "Also write the episodes as a new dataset of Minari, such as rlsuite/walker/expert-v0.",
      valueName: "id"))
  var dataset: String?
  @OptionGroup var pictures: PictureOptions
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func run() throws {
    try RecordingPlan.check(episodes: episodes, seed: seed, stepLimit: steps)
    let dataset = try dataset.map { id throws(ConfigurationError) in try MinariDataset(id) }
    let policy = try selection.resolve()
    let plan = try RecordingPlan(
      policy, episodes: episodes, seed: seed, mode: stochastic ? .stochastic : nil,
      stepLimit: steps, to: out, overwrites: overwrite)
    let film = try pictures.makeFilm(timeStep: policy.environment.specification.timeStep)
    let stop = StopSignal(notice: "\n\(CommandLineTool.name): stopping after this episode")
    var rows = [["seed", "steps", "return", "end", "bytes", "file"]]
    let recordings = try plan.run {
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
    guard let dataset else { return }
    try dataset.write(recordings)
    let report = DatasetReport(dataset, recordings)
    writeLine(json ? try jsonLine(report) : "dataset: \(report.dataset) in \(report.folder)")
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

/// Summary of a dataset as JSON.
private struct DatasetReport: Encodable {
  var dataset: String
  var folder: String
  var episodes: Int
  var steps: Int

  init(_ dataset: MinariDataset, _ recordings: [RecordingReader]) {
    (self.dataset, folder) = (dataset.identifier, dataset.folder)
    episodes = recordings.count
    steps = recordings.reduce(0) { $0 + $1.stepCount }
  }
}
