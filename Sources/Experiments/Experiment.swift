internal import Foundation
internal import Environments
internal import LinearAlgebra
public import RLCore
internal import Storage
public import Training

/// An agent, an environment and all settings of a run that has not begun.
///
/// ```swift
/// var experiment = try Experiment(environment: "walker", agent: "ppo")
/// try experiment.set("steps", to: 100_000)
/// try experiment.start().train()
/// ```
public struct Experiment {
  /// The environment.
  public let environment: RegisteredEnvironment
  /// The agent.
  public let agent: RegisteredAgent
  /// The settings: presets at first.
  public var settings: ConfigurationResolver
  private let registry: Registry

  /// Starts from the tuned preset of an agent for an environment.
  ///
  /// - Parameters:
  ///   - environment: The environment's id.
  ///   - agent: The agent's id.
  ///   - registry: Where to look for them.
  /// - Throws: When there is no such thing, or its presets are not what they should be.
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
  ///   - value: Its value, of the setting's type.
  /// - Throws: When the key is unknown or the value not allowed.
  public mutating func set(
    _ key: String, to value: some SettingValue
  ) throws(ConfigurationError) { try settings.set(key, to: value) }

  /// All settings, checked as a whole.
  ///
  /// - Throws: When they don't go together, the agent can't learn in the environment, or this
  ///   machine hasn't the memory.
  public func configuration() throws(ConfigurationError) -> RunConfiguration {
    let configuration = try settings.resolve()
    try Self.checkFit(configuration.settings, in: environment)
    let attachments = Attachments(configuration.run, environment, registry)
    try attachments.check(configuration, agent)
    try attachments.refuseFixedRatio(configuration, agent)
    return configuration
  }

  /// Begins the run: makes its folder and writes its settings there.
  ///
  /// - Parameters:
  ///   - path: The run's folder, new or empty; nil for the next `runs/<environment>-<agent>-<k>`.
  ///   - threads: How many to use, 1...1024; nil for one per core. Results don't depend on them.
  ///   - warn: Told what puts the run's result in doubt.
  /// - Throws: ``Training/ConfigurationError`` before anything is written, or
  ///   ``Storage/FileError``.
  /// - Returns: The run, which has yet to train.
  public func start(
    in path: String? = nil, threads: Int? = nil, warn: @escaping (String) -> Void = { _ in }
  ) throws -> TrainingRun {
    let configuration = try configuration()
    let pool = try WorkerPool.make(threads: threads)
    let folder =
      try path.map { path throws(FileError) in try RunFolder.make(at: path) }
      ?? RunFolder.make(environment: environment.identifier, agent: agent.identifier)
    try FileSystem.write(Data(configuration.yaml.utf8), to: folder.configurationFile)
    try FileSystem.makeFolder(folder.checkpointsFolder)
    let sources = RunManifest.Sources.current()
    if let sources, sources.0.isDirty {
      try FileSystem.write(sources.changes, to: "\(folder.path)/changes.diff")
    }
    let manifest = RunManifest(
      run: configuration.run, machine: .current, sources: sources?.0,
      session: .init(commandLine: CommandLine.arguments, threads: pool.threads, firstStep: 0))
    return try TrainingRun(
      Attachments(configuration.run, environment, registry), configuration, agent, folder,
      manifest, pool: pool, checkpoint: nil, warn: warn)
  }

  /// Refuses an agent that can't learn in an environment, and more experience than the memory holds.
  static func checkFit(
    _ settings: any AgentConfiguration, in environment: RegisteredEnvironment
  ) throws(ConfigurationError) {
    if let problem = settings.problem(in: environment.specification) {
      throw ConfigurationError(problem)
    }
    let bytes = settings.experienceBytes(in: environment.specification)
    let memory = ProcessInfo.processInfo.physicalMemory
    // A checkpoint holds all of it once as an array and once as the file's bytes.
    guard bytes < 0 || UInt64(bytes) > memory / 4 else { return }
    throw ConfigurationError(
      "buffer-size needs \(gigabytes(UInt64(max(0, bytes)))), thrice that while a checkpoint is "
        + "written, and this machine has \(gigabytes(memory)); lower it")
  }

  private static func gigabytes(_ bytes: UInt64) -> String {
    "\((Double(bytes) / 1e8).rounded() / 10) GB"
  }
}

extension WorkerPool {
  /// A pool of so many threads, of one per core if nil.
  static func make(threads: Int?) throws(ConfigurationError) -> WorkerPool {
    let count = threads ?? min(1024, ProcessInfo.processInfo.activeProcessorCount)
    guard (1...1024).contains(count) else {
      throw ConfigurationError("threads must lie in 1...1024 and is \(count)")
    }
    return WorkerPool(threads: count)
  }
}
