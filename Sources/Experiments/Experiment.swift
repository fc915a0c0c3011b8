internal import Foundation
internal import Environments
internal import LinearAlgebra
internal import Robustness
public import RLCore
internal import Storage
public import Training

/// An agent, an environment and all settings of a run that has not started.
///
/// ```swift
/// var experiment = try Experiment(environment: "walker", agent: "ppo")
/// try experiment.set("steps", to: 100_000)
/// try experiment.start().train()
/// ```
public struct Experiment {
  /// Environment to train in.
  public let environment: RegisteredEnvironment
  /// Agent to train.
  public let agent: RegisteredAgent
  /// Settings of the run, initially those of the preset.
  public var settings: ConfigurationResolver
  private let registry: Registry

  /// Creates an experiment with the tuned preset of an agent for an environment.
  ///
  /// - Parameters:
  ///   - environment: Id of the environment.
  ///   - agent: Id of the agent.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `ConfigurationError` if an id is unknown or the agent's presets are invalid.
  public init(
    environment: String, agent: String, registry: Registry = .standard
  ) throws(ConfigurationError) {
    self.environment = try registry.environment(environment)
    self.agent = try registry.agent(agent)
    self.registry = registry
    settings = try ConfigurationResolver(
      environment: environment, parameters: self.environment.parameters, agent: self.agent)
  }

  /// Sets one setting.
  ///
  /// - Parameters:
  ///   - key: A run setting (`evaluation.every`), `parameters.NAME`, or a setting of the agent.
  ///   - value: Value of the setting, of the setting's type.
  /// - Throws: `ConfigurationError` if the key is unknown or the value is not allowed.
  public mutating func set(
    _ key: String, to value: some SettingValue
  ) throws(ConfigurationError) { try settings.set(key, to: value) }

  /// Returns all settings, checked as a whole.
  ///
  /// - Throws: `ConfigurationError` if the settings contradict each other, the agent can't learn in
  ///   the environment, or this machine has too little memory.
  public func configuration() throws(ConfigurationError) -> RunConfiguration {
    let configuration = try settings.resolve()
    let run = configuration.run
    guard (run.environment, run.agent) == (environment.identifier, agent.identifier) else {
      throw ConfigurationError(
        "the settings are those of \(run.agent) on \(run.environment), and the experiment is "
          + "\(agent.identifier) on \(environment.identifier)")
    }
    let wrapped = try run.wrap.wrapForTraining(environment)
    try Self.checkFit(configuration.settings, in: wrapped, registry)
    try configuration.checkUseOfRecordings(among: registry.agents)
    _ = try configuration.conditions(in: wrapped)
    _ = try configuration.uncertainParameters()
    try MemoryLimit.current.check(configuration.memoryNeeds(in: wrapped))
    let attachments = Attachments(configuration.run, wrapped, registry)
    try attachments.check(configuration, agent)
    try attachments.refuseFixedRatio(configuration, agent)
    return configuration
  }

  /// Starts the run: creates its folder and writes its settings there.
  ///
  /// The folder is this process's until training ends.  A start that fails leaves nothing.
  ///
  /// - Parameters:
  ///   - path: Folder for the run, new or empty; nil for the next `runs/<environment>-<agent>-<k>`.
  ///   - threads: Number of threads, in 1...1024; nil for one per core. Results don't depend on it.
  ///   - warn: A closure called with each warning about the run's results or speed.
  /// - Throws: `ConfigurationError`, before anything is written, if the settings or the number of
  ///   threads are not allowed; `ThreadError` if the system refuses the threads; `FileError` if a
  ///   file can't be written or another process uses the folder.
  /// - Returns: The run, ready to train.
  public func start(
    in path: String? = nil, threads: Int? = nil, warn: @escaping (String) -> Void = { _ in }
  ) throws -> TrainingRun {
    guard path != "" else { throw ConfigurationError("the run's folder must have a name") }
    let configuration = try configuration()
    let initial = try configuration.run.from.map {
      try InitialPolicy($0, environment: environment.identifier, registry: registry)
    }
    let recordings = try RunRecordings(configuration, in: environment, registry: registry)
    let pool = try WorkerPool.make(threads: threads)
    let claim =
      try path.map { path throws(FileError) in try RunClaim(newFolder: path) }
      ?? RunClaim(environment: environment.identifier, agent: agent.identifier)
    do {
      return try start(configuration, from: initial, recordings, claim, pool, warn)
    } catch {
      claim.abandon()
      throw error
    }
  }

  private func start(
    _ configuration: RunConfiguration, from initial: InitialPolicy?, _ recordings: RunRecordings?,
    _ claim: RunClaim, _ pool: WorkerPool, _ warn: @escaping (String) -> Void
  ) throws -> TrainingRun {
    let folder = claim.folder
    let sources = RunManifest.Sources.current()
    var manifest = RunManifest(
      run: configuration.run, machine: .current, sources: sources?.0,
      packages: RunManifest.currentPackages,
      session: .init(commandLine: CommandLine.arguments, threads: pool.threads, firstStep: 0))
    manifest.recordings = recordings?.description
    let wrapped = try configuration.run.wrap.wrapForTraining(environment)
    let run = try TrainingRun(
      Attachments(configuration.run, wrapped, registry), configuration, agent, claim, manifest,
      policyEnvironment: try configuration.run.wrap.wrap(environment), pool: pool,
      from: initial, recordings: recordings?.episodes, checkpoint: nil, warn: warn)
    if let recordings { try FileSystem.write(recordings.contents, to: folder.datasetFile) }
    if let initial {
      try FileSystem.write(initial.archive.safetensors, to: folder.initialPolicyFile)
    }
    // With this file, the run can be resumed.
    try FileSystem.write(Data(configuration.yaml.utf8), to: folder.configurationFile)
    try FileSystem.makeFolder(folder.checkpointsFolder)
    if let sources, sources.0.isDirty {
      try FileSystem.write(sources.changes, to: folder.changesFile)
    }
    try run.begin(manifest, warn: warn)
    return run
  }

  /// Checks the sources of recorded episodes as ``start(in:threads:warn:)`` does, before any of several
  /// runs starts; controllers don't play.
  func checkRecordings(_ configuration: RunConfiguration) throws {
    _ = try RunRecordings(configuration, in: environment, registry: registry, plays: false)
  }

  /// Refuses an agent that can't learn in the environment.
  static func checkFit(
    _ settings: any AgentConfiguration, in environment: RegisteredEnvironment, _ registry: Registry
  ) throws(ConfigurationError) {
    if let problem = settings.problem(in: environment, among: registry.environments) {
      throw ConfigurationError(problem)
    }
  }
}

extension WorkerPool {
  /// Creates a pool of this many threads; nil for one per core.
  ///
  /// - Throws: `ConfigurationError` if the number is out of range, ``ThreadError`` if the system
  ///   refuses that many.
  static func make(threads: Int?) throws -> WorkerPool {
    let count = threads ?? min(1024, ProcessInfo.processInfo.activeProcessorCount)
    guard (1...1024).contains(count) else {
      throw ConfigurationError("threads must lie in 1...1024 and is \(count)")
    }
    return try WorkerPool.start(threads: count)
  }
}
