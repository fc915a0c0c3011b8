import Agents
import ArgumentParser
import Environments
import Foundation
import Logging
import Physics
import RLCore
import Recording
import Training
import Storage
import Experiments

/// The verb `train`.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train an agent on an environment.",
    discussion: """
      Without further options the tuned preset of agent and environment is used. Later ones win: \
      defaults, presets, --config, --set, options.
      """)

  @Option(
    name: [.long, .customShort("e")], help: "Environment; see 'rlsuite list'.",
    completion: .list(EnvironmentRegistry.all.map(\.identifier)))
  var env: String?
  @Option(
    name: [.long, .customLong("algo"), .customShort("a")], help: "Agent; see 'rlsuite list'.",
    completion: .list(AgentRegistry.all.map(\.identifier)))
  var agent: String?
  @Option(
    name: [.long, .customLong("n-timesteps"), .customShort("n")],
    help: "Environment steps to train for; 5e6 is fine.")
  var steps: String?
  @Option(help: "Seed of all randomness.") var seed: String?
  @Option(name: [.long, .customLong("n-envs")], help: "Environments that run side by side.")
  var envs: String?
  @OptionGroup var threadOptions: ThreadOptions
  @Option(
    help: "Settings file, such as the config.yaml of an earlier run.", completion: .file())
  var config: String?
  @Option(
    help: ArgumentHelp(
      "A setting of the agent or run, or parameters.NAME of the environment.",
      valueName: "key=value"))
  var set: [String] = []
  @Option(
    name: [.long, .customShort("o")],
    help: "Folder for this run, new or empty; runs/<env>-<agent>-<k> by default.")
  var out: String?
  @Option(help: "End once an evaluation's mean return reaches this.") var untilReturn: String?
  @Option(
    name: [.long, .customLong("eval-freq")], help: "Environment steps between two evaluations.")
  var evalEvery: String?
  @Option(help: "Episodes of each evaluation.") var evalEpisodes: String?
  @Option(
    name: [.long, .customLong("save-freq")],
    help: "Environment steps between two checkpoints; one at every evaluation by default.")
  var checkpointEvery: String?
  @Option(help: "Record every so many episodes of the first environment into recordings/.")
  var recordEvery: String?
  @Option(
    help: ArgumentHelp(
      "What to measure of the networks: all, basic, none, or names of probes with commas; each may be "
        + "followed by @network or @network/layer.", valueName: "names"))
  var probes: String?
  @Option(
    help:
      "Iterations between two measurements of the networks; by default as few as keep them below 5 % of the time."
  )
  var probesEvery: String?
  @Option(
    help: ArgumentHelp(
      "What keeps networks plastic, once for each: NAME[@NETWORK][:KEY=VALUE,…].",
      valueName: "intervention"))
  var intervention: [String] = []
  @Option(
    help: ArgumentHelp(
      "What sets the replay ratio while training: RULE[:KEY=VALUE,…].", valueName: "rule"))
  var adaptiveRatio: String?
  @Option(
    help: ArgumentHelp(
      "Physical parameters that change while training, NAME=SPEC with commas; SPEC is walk:STEP, "
        + "uniform:LOW..HIGH, log-uniform:LOW..HIGH, cycle:A;B;… or flip.", valueName: "changes"))
  var drift: String?
  @Option(help: "Environment steps between two such changes.") var driftEvery: String?
  @Option(help: "Train on this task of --drift only, counted from 0.") var driftTask: String?
  @Option(help: "Folder of an interrupted run to continue.") var resume: String?
  @Flag(name: [.long, .customShort("q")], help: "Show nothing but errors.") var quiet = false
  @Flag(help: "One JSON object per line on standard output.") var json = false

  func run() throws {
    if let resume {
      try refuseSettings()
      try continueRun(RunFolder(path: resume))
    } else {
      try startRun()
    }
  }

  // MARK: - New runs

  private func startRun() throws {
    let file = try config.map { path in
      (source: path, yaml: String(decoding: try FileSystem.read(path), as: UTF8.self))
    }
    let identifiers = try file.map {
      try ConfigurationResolver.identifiers(yaml: $0.yaml, source: $0.source)
    }
    guard let environmentName = env ?? identifiers?.environment else {
      throw ConfigurationError(
        "--env is missing; there are "
          + EnvironmentRegistry.all.map(\.identifier).joined(separator: ", "))
    }
    guard let agentName = agent ?? identifiers?.agent else {
      throw ConfigurationError(
        "--agent is missing; there are "
          + AgentRegistry.all.map(\.identifier).joined(separator: ", "))
    }
    let environment = try Lookup.environment(environmentName)
    let agent = try Lookup.agent(agentName)
    var resolver = try ConfigurationResolver(
      environment: environment.identifier, parameters: environment.parameters, agent: agent)
    if let file { try resolver.overlay(yaml: file.yaml, source: file.source) }
    for assignment in set { try resolver.overlay(assignment: assignment) }
    for (option, path, value) in options {
      if let value { try resolver.overlay(option: option, path: path, value: value) }
    }
    let configuration = try resolver.resolve()
    try Lookup.checkFit(configuration.settings, in: environment)
    try Attachments.check(configuration, environment, agent)
    try Attachments.refuseFixedRatio(configuration, environment, agent)
    let folder =
      try out.map { path throws(FileError) in try RunFolder.make(at: path) }
      ?? RunFolder.make(environment: environment.identifier, agent: agent.identifier)
    try FileSystem.write(Data(configuration.yaml.utf8), to: folder.configurationFile)
    try FileSystem.makeFolder(folder.checkpointsFolder)
    let session = RunManifest.Session(
      commandLine: CommandLine.arguments, threads: threadOptions.count, firstStep: 0)
    let sources = RunManifest.Sources.current()
    if let sources, sources.0.isDirty {
      try FileSystem.write(sources.changes, to: "\(folder.path)/changes.diff")
    }
    let manifest = RunManifest(
      run: configuration.run, machine: .current(box2D: World.libraryVersion),
      sources: sources?.0, session: session)
    try train(configuration, environment, agent, folder, manifest, checkpoint: nil)
  }

  private var options: [(option: String, path: [String], value: String?)] {
    [
      ("--steps", ["steps"], steps), ("--seed", ["seed"], seed),
      ("--envs", ["environments"], envs), ("--until-return", ["until-return"], untilReturn),
      ("--eval-every", ["evaluation", "every"], evalEvery),
      ("--eval-episodes", ["evaluation", "episodes"], evalEpisodes),
      ("--checkpoint-every", ["checkpoints", "every"], checkpointEvery),
      ("--record-every", ["recordings", "every"], recordEvery),
      (
        "--intervention", ["interventions"],
        intervention.isEmpty ? nil : intervention.joined(separator: " ")
      ),
      ("--adaptive-ratio", ["adaptive-ratio"], adaptiveRatio),
      ("--probes", ["probes", "select"], probes),
      ("--probes-every", ["probes", "every"], probesEvery),
      ("--drift", ["drift", "change"], drift), ("--drift-every", ["drift", "every"], driftEvery),
      ("--drift-task", ["drift", "task"], driftTask),
    ]
  }

  // MARK: - Resumption

  /// A resumed run must do what it would have done: its settings can't be changed.
  private func refuseSettings() throws {
    var given = options.filter { $0.value != nil && $0.option != "--steps" }.map(\.option)
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

  private func continueRun(_ folder: RunFolder) throws {
    guard FileSystem.isFolder(folder.path) else { throw FileError.missing(path: folder.path) }
    let yaml = String(decoding: try FileSystem.read(folder.configurationFile), as: UTF8.self)
    let (environment, agent, configuration) = try StoredRun.configuration(
      yaml: yaml, path: folder.configurationFile)
    do {
      try Attachments.check(configuration, environment, agent)
    } catch {
      throw FileError.damaged(path: folder.configurationFile, reason: error.description)
    }
    if let steps {
      let wanted = Int(steps) ?? Double(steps).flatMap { Int(exactly: $0) }
      guard wanted == configuration.run.steps else {
        throw ConfigurationError(
          "--steps \(steps): the run was planned for \(configuration.run.steps) steps and its "
            + "schedules end there; start a new run to train longer")
      }
    }
    // Without a checkpoint the run was stopped before its first, and starts again.
    let checkpoint = try folder.checkpointSteps.last.map { steps in
      let path = folder.checkpoint("\(steps)")
      return (path: path, try Checkpoint(path: path))
    }
    try folder.removeLeftovers()
    var manifest = try RunManifest(folder: folder)
    let machine = RunManifest.Machine.current(box2D: World.libraryVersion)
    let sources = RunManifest.Sources.current()
    if machine != manifest.machine || sources?.0.commit != manifest.sources?.commit {
      Logger(label: "rlsuite.train").warning(
        "machine or sources differ from the run's first session: results may not be bit-identical")
    }
    manifest.machine = machine
    manifest.sources = sources?.0
    manifest.sessions.append(
      .init(
        commandLine: CommandLine.arguments, threads: threadOptions.count,
        firstStep: checkpoint?.1.manifest.steps ?? 0))
    try train(configuration, environment, agent, folder, manifest, checkpoint: checkpoint)
  }

  // MARK: - Both

  private func train(
    _ configuration: RunConfiguration, _ environment: RegisteredEnvironment,
    _ agent: RegisteredAgent, _ folder: RunFolder, _ manifest: RunManifest,
    checkpoint: (path: String, Checkpoint)?
  ) throws {
    var manifest = manifest
    let pool = threadOptions.makePool()
    let recorder = try configuration.run.recordings.every.map { every in
      // A policy that learns meanwhile has no fingerprint.
      try TrainingRecorder(
        header: RecordingHeader(
          specification: environment.specification, parameters: environment.parameters,
          agent: agent.identifier, mode: .stochastic, policy: nil,
          build: .init(
            version: RLSuite.configuration.version, machine: manifest.machine,
            sources: manifest.sources)),
        every: every, folder: folder)
    }
    let display = ProgressDisplay(
      style: json ? .json : quiet ? .quiet : .automatic, folder: folder)
    let trainer = try Trainer(
      configuration: configuration,
      parts: Trainer.Parts(
        agent: agent, makeEnvironment: environment.makeVector, isSuccess: environment.isSuccess,
        pool: pool, folder: folder, recorder: recorder,
        attachments: {
          try Attachments.make(configuration.run, for: $0, in: environment, notice: display.warn)
        }),
      resume: checkpoint)
    guard !trainer.isFinished else {
      display.note("\(folder.path) is finished already")
      return
    }
    try manifest.write(to: folder)
    display.begin(configuration, threads: pool.threads, resumedAt: checkpoint?.1.manifest.steps)
    let stop = StopSignal(
      notice: "\nrlsuite: stopping after this iteration (again to stop at once)")
    do {
      let outcome = try trainer.run(observer: display) { stop.isRaised }
      manifest.endSession(outcome: outcome.rawValue)
      try manifest.write(to: folder)
      display.end(outcome, bestReturn: trainer.bestReturn)
      if outcome == .interrupted { throw ExitCode(ExitStatus.interrupted.rawValue) }
    } catch let error as TrainingError {
      display.finishLine()
      manifest.endSession(outcome: "diverged")
      try manifest.write(to: folder)
      writeError("rlsuite: the state before it is in \(folder.postMortemFolder)")
      throw error
    }
  }
}
