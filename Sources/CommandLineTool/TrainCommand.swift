import ArgumentParser
import Experiments
import Foundation
import Storage
import Training
import Environments
import RLCore

/// The verb `train`: starts or resumes a training run, or one for each of several seeds.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an agent on an environment.",
    discussion: """
      Without further options, the preset that is tuned for the agent and the environment is used. \
      Settings are taken from defaults, preset, --config, --set and options, and each of these \
      overrides those before it.

      With --seeds, a folder gets a run for each seed, in a process of its own: each is what \
      --seed makes of it, bit for bit. The same command continues after any stop, and may add \
      seeds; --resume continues all seeds of the folder. A table of all seeds is shown at the end, \
      with interquartile means and their 95 % intervals by the stratified bootstrap.
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
  @Option(
    help: ArgumentHelp(
      "Train once with each of these seeds, such as 1...5 or 1,4,9.", valueName: "seeds"),
    transform: SeedList.init(parsing:))
  var seeds: SeedList?
  @Option(help: "With --seeds: number of runs at a time, by default one per core.")
  var jobs: Int?
  @Option(
    help: "With --seeds: episodes of the evaluation of each finished run on fresh episodes.")
  var finalEpisodes = 100
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
    help: """
      Folder for the run, new or empty; by default runs/<env>-<agent>-<k>, or runs/<env>-<agent> with \
      --seeds.
      """)
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
  @Option(setting: "from") var from: SettingOption?
  @Option(sources: "dataset") var dataset: [String] = []
  @Option(sources: "prefill") var prefill: [String] = []
  @Option(path: .long, help: "Continue the interrupted run or seeds in this folder.") var resume:
    String?
  @Option(
    help: ArgumentHelp(
      "With --resume of a finished run: take this many further steps, over which schedules begin "
        + "anew.", valueName: "steps"))
  var extend: Int?
  @Option(
    help: """
      With --extend: let schedules such as the learning rate's begin anew and end with the run, the \
      default, or keep their initial values.
      """)
  var schedules: ScheduleContinuation?
  @Option(
    help: ArgumentHelp(
      "Wrap the environment, as in action-repeat=3 or history=4; can be repeated.",
      valueName: "name=value"))
  var wrap: [String] = []
  @Flag(name: [.long, .customShort("q")], help: "Show only warnings and errors.") var quiet = false
  @Flag(help: "Write one JSON object per line to standard output.") var json = false
  @Flag(help: .hidden) var worker = false

  func validate() throws {
    guard (1...1024).contains(jobs ?? 1) else {
      throw ValidationError("--jobs must lie in 1...1024")
    }
    guard (0...10_000_000).contains(finalEpisodes) else {
      throw ValidationError("--final-episodes must lie in 0...10,000,000")
    }
    guard seeds == nil || seed == nil else {
      throw ValidationError("--seed and --seeds can't be combined; choose one")
    }
    guard extend == nil || resume != nil else {
      throw ValidationError("--extend needs the finished run that it extends: --resume RUN")
    }
    guard schedules == nil || extend != nil else {
      throw ValidationError("--schedules needs --extend")
    }
    guard jobs == nil || seeds != nil || resume != nil else {
      throw ValidationError("--jobs needs --seeds")
    }
  }

  func run() throws {
    if worker { return try runWorker() }
    // Before anything is written, so that a signal never ends a start or resumption halfway.
    let stop = StopSignal(
      notice: "\n\(CommandLineTool.name): stopping after this iteration (again to stop at once)")
    if let seeds { return try train(seeds, stop) }
    if let resume, GroupFolder.isGroup(resume) {
      guard extend == nil else {
        throw ConfigurationError("--extend takes one run, and \(resume) has those of several seeds")
      }
      return try resumeGroup(resume, stop)
    }
    let display = ProgressDisplay(style: style)
    try train(try startOrResume(display), display) { stop.isRaised }
  }

  var style: ProgressDisplay.Style { json ? .json : quiet ? .quiet : .automatic }

  func startOrResume(_ display: ProgressDisplay) throws -> TrainingRun {
    try resume.map { try continuation(of: $0, display) }
      ?? experiment().start(in: out, threads: threadOptions.threads, warn: display.warn)
  }

  // MARK: - New runs

  func experiment() throws -> Experiment {
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
    for (key, sources) in sourceOptions {
      try experiment.settings.overlay(option: "--\(key)", key: key, values: sources)
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
    if !wrap.isEmpty {
      let text = wrap.joined(separator: ",")
      given.append(("--wrap", SettingOption(key: "wrap", text: text)))
    }
    return given
  }

  /// The given options that name recordings, by their settings.
  private var sourceOptions: [(key: String, sources: [String])] {
    [("dataset", dataset), ("prefill", prefill)].filter { !$0.sources.isEmpty }
  }

  // MARK: - Resumption

  private func continuation(of path: String, _ display: ProgressDisplay) throws -> TrainingRun {
    try refuseSettings()
    var run = try StoredRun(path, registry: .ofTheTool)
    try checkSteps(run.configuration)
    if let extend {
      let planned = run.configuration.run.steps
      try run.extend(by: extend, keepingSchedules: schedules == .constant)
      let end = grouped(run.configuration.run.steps)
      display.note(
        schedules == .constant
          ? "schedules keep their initial values from step \(grouped(planned)) to \(end)"
          : "schedules begin anew after \(grouped(planned)) steps and end after \(end)")
    }
    return try run.resume(threads: threadOptions.threads, warn: display.warn)
  }

  /// Refuses options that a resumed run can't have: it must continue as if it had never stopped.
  func refuseSettings() throws(ConfigurationError) {
    var given = settingOptions.map(\.option).filter { $0 != "--steps" }
    given += sourceOptions.map { "--\($0.key)" }
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
  }

  /// Refuses another number of steps than that of the run to resume.
  func checkSteps(_ configuration: RunConfiguration) throws(ConfigurationError) {
    guard let steps = steps?.text else { return }
    let planned = configuration.run.steps
    guard (Int(steps) ?? Double(steps).flatMap { Int(exactly: $0) }) == planned else {
      throw ConfigurationError(
        "--steps \(steps): the run was planned for \(grouped(planned)) steps and its schedules end "
          + "there; --extend STEPS trains a finished run longer")
    }
  }

  // MARK: - Both

  /// Trains until the run ends or is asked to stop.
  func train(
    _ run: TrainingRun, _ display: ProgressDisplay, until shouldStop: () -> Bool
  ) throws {
    guard !run.isFinished else {
      display.note("\(run.folder.path) has already finished")
      return
    }
    display.begin(run)
    do {
      let outcome = try run.train(observer: display, shouldStop: shouldStop)
      display.end(outcome, of: run)
      if outcome == .interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
    } catch let error as TrainingError {
      display.finishLine()
      complain("the state before the failure is in \(run.folder.postMortemFolder)")
      throw error
    }
  }
}

/// What becomes of the schedules of a run that is extended.
enum ScheduleContinuation: String, CaseIterable, ExpressibleByArgument {
  /// They begin anew and end with the run.
  case restart
  /// They keep their initial values.
  case constant
}
