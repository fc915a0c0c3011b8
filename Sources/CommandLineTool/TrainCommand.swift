import ArgumentParser
import Experiments
import Foundation
import Storage
import Training
import Environments
import RLCore

/// The verb `train`: starts or resumes a training run.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an agent on an environment.",
    discussion: """
      Without further options, the preset that is tuned for the agent and the environment is used. \
      Settings are taken from defaults, preset, --config, --set and options, and each of these \
      overrides those before it.
      """)

  @Option(
    name: [.long, .customShort("e")], help: "Environment; see 'list'.",
    completion: .list(Registry.ofTheTool.environments.map(\.identifier)))
  var env: String?
  @Option(
    name: [.long, .customLong("algo"), .customShort("a")], help: "Agent; see 'list'.",
    completion: .list(Registry.ofTheTool.agents.map(\.identifier)))
  var agent: String?
  @Option(setting: "steps", [.long, .customLong("n-timesteps"), .customShort("n")])
  var steps: SettingOption?
  @Option(setting: "seed") var seed: SettingOption?
  @Option(setting: "environments", [.long, .customLong("n-envs")]) var envs: SettingOption?
  @OptionGroup var threadOptions: ThreadOptions
  @Option(input: .long, help: "Settings file, such as the config.yaml of an earlier run.")
  var config: String?
  @Option(
    help: ArgumentHelp(
      "Set a setting of the agent or run, or parameters.NAME of the environment.",
      valueName: "key=value"))
  var set: [String] = []
  @Option(
    path: [.long, .customShort("o")],
    help: "Folder for the run, new or empty; by default runs/<env>-<agent>-<k>.")
  var out: String?
  @Option(setting: "until-return") var untilReturn: SettingOption?
  @Option(setting: "evaluation.every", [.long, .customLong("eval-freq")])
  var evalEvery: SettingOption?
  @Option(setting: "evaluation.episodes") var evalEpisodes: SettingOption?
  @Option(setting: "checkpoints.every", [.long, .customLong("save-freq")])
  var checkpointEvery: SettingOption?
  @Option(setting: "recordings.every") var recordEvery: SettingOption?
  @Option(setting: "probes.select") var probes: SettingOption?
  @Option(setting: "probes.every") var probesEvery: SettingOption?
  @Option(
    help: ArgumentHelp(
      "Intervention that keeps networks plastic, NAME[@NETWORK][:KEY=VALUE,…]; can be repeated.",
      valueName: "intervention"))
  var intervention: [String] = []
  @Option(setting: "adaptive-ratio") var adaptiveRatio: SettingOption?
  @Option(setting: "drift.change") var drift: SettingOption?
  @Option(setting: "drift.every") var driftEvery: SettingOption?
  @Option(setting: "drift.task") var driftTask: SettingOption?
  @Option(setting: "randomize") var randomize: SettingOption?
  @Option(setting: "perturb") var perturb: SettingOption?
  @Option(path: .long, help: "Continue the interrupted run in this folder.") var resume: String?
  @Flag(name: [.long, .customShort("q")], help: "Show only warnings and errors.") var quiet = false
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func run() throws {
    let display = ProgressDisplay(style: json ? .json : quiet ? .quiet : .automatic)
    // Before anything is written, so that a signal never ends a start or resumption halfway.
    let stop = StopSignal(
      notice: "\n\(CommandLineTool.name): stopping after this iteration (again to stop at once)")
    let run =
      try resume.map { try continuation(of: $0, display) }
      ?? experiment().start(in: out, threads: threadOptions.threads, warn: display.warn)
    try train(run, display, stop)
  }

  // MARK: - New runs

  private func experiment() throws -> Experiment {
    let registry = Registry.ofTheTool
    let file = try config.map { path in
      (source: path, yaml: try ConfigurationResolver.read(path))
    }
    let identifiers = try file.map {
      try ConfigurationResolver.identifiers(yaml: $0.yaml, source: $0.source)
    }
    guard let environment = env ?? identifiers?.environment else {
      throw ConfigurationError(
        "--env is missing; choose from "
          + registry.environments.map(\.identifier).joined(separator: ", "))
    }
    guard let agent = agent ?? identifiers?.agent else {
      throw ConfigurationError(
        "--agent is missing; choose from "
          + registry.agents.map(\.identifier).joined(separator: ", "))
    }
    var experiment = try Experiment(environment: environment, agent: agent, registry: registry)
    if let file { try experiment.settings.overlay(yaml: file.yaml, source: file.source) }
    for assignment in set { try experiment.settings.overlay(assignment: assignment) }
    for (option, setting) in settingOptions {
      try experiment.settings.overlay(option: option, key: setting.key, value: setting.text)
    }
    return experiment
  }

  /// The given options that set the run's settings, with their names.
  private var settingOptions: [(option: String, setting: SettingOption)] {
    var given = SettingOption.given(in: self)
    if !intervention.isEmpty {
      let text = intervention.joined(separator: " ")
      given.append(("--intervention", SettingOption(key: "interventions", text: text)))
    }
    return given
  }

  // MARK: - Resumption

  private func continuation(of path: String, _ display: ProgressDisplay) throws -> TrainingRun {
    // A resumed run must continue as if it had never stopped: its settings can't be changed.
    var given = settingOptions.map(\.option).filter { $0 != "--steps" }
    if env != nil { given.append("--env") }
    if agent != nil { given.append("--agent") }
    if config != nil { given.append("--config") }
    if !set.isEmpty { given.append("--set") }
    if out != nil { given.append("--out") }
    guard given.isEmpty else {
      throw ConfigurationError(
        "\(given.joined(separator: ", ")) can't be combined with --resume: a resumed run keeps "
          + "its settings")
    }
    let run = try StoredRun(path, registry: .ofTheTool)
    if let steps = steps?.text {
      let (wanted, planned) = (
        Int(steps) ?? Double(steps).flatMap { Int(exactly: $0) }, run.configuration.run.steps
      )
      guard wanted == planned else {
        throw ConfigurationError(
          "--steps \(steps): the run was planned for \(grouped(planned)) steps and its schedules end there; "
            + "start a new run to train longer")
      }
    }
    return try run.resume(threads: threadOptions.threads, warn: display.warn)
  }

  // MARK: - Both

  private func train(
    _ run: TrainingRun, _ display: ProgressDisplay, _ stop: StopSignal
  ) throws {
    guard !run.isFinished else {
      display.note("\(run.folder.path) has already finished")
      return
    }
    display.begin(run)
    do {
      let outcome = try run.train(observer: display) { stop.isRaised }
      display.end(outcome, of: run)
      if outcome == .interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
    } catch let error as TrainingError {
      display.finishLine()
      complain("the state before the failure is in \(run.folder.postMortemFolder)")
      throw error
    }
  }
}
