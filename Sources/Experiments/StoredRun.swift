internal import Environments
internal import Foundation
public import RLCore
internal import Robustness
public import Storage
public import Training

/// A training run stored in a folder.
public struct StoredRun {
  /// Folder of the run.
  public let folder: RunFolder
  /// All settings of the run.
  public private(set) var configuration: RunConfiguration
  /// Environment of the run, as its training meets it.
  public let environment: RegisteredEnvironment
  /// Agent of the run.
  public let agent: RegisteredAgent
  private let registry: Registry
  /// Whether the settings differ from the stored ones by an extension.
  private var isExtended = false

  /// Reads the settings of a run from its folder.
  ///
  /// - Parameters:
  ///   - path: Path of the run's folder.
  ///   - registry: Registry of environments and agents.
  /// - Throws: `FileError` if a file is missing or its contents are invalid.
  public init(_ path: String, registry: Registry = .standard) throws(FileError) {
    folder = RunFolder(path: path)
    self.registry = registry
    guard FileSystem.isFolder(path) else { throw .missing(path: path) }
    (configuration, environment, agent) = try Self.settings(in: folder.configurationFile, registry)
  }

  /// Reads all settings of a run from a file.
  ///
  /// - Throws: `FileError` if the file is missing or its contents are invalid.
  static func settings(
    in file: String, _ registry: Registry
  ) throws(FileError) -> (RunConfiguration, RegisteredEnvironment, RegisteredAgent) {
    let yaml = try ConfigurationResolver.read(file)
    do {
      let identifiers = try ConfigurationResolver.identifiers(yaml: yaml, source: file)
      let base = try registry.environment(identifiers.environment ?? "")
      let agent = try registry.agent(identifiers.agent ?? "")
      var resolver = try ConfigurationResolver(
        environment: base.identifier, parameters: base.parameters, agent: agent)
      try resolver.overlay(yaml: yaml, source: file)
      let configuration = try resolver.resolve()
      let environment = try configuration.run.wrap.wrapForTraining(base)
      try Experiment.checkFit(configuration.settings, in: environment, registry)
      try configuration.checkUseOfRecordings(among: registry.agents)
      _ = try configuration.conditions(in: environment)
      _ = try configuration.uncertainParameters()
      return (configuration, environment, agent)
    } catch {
      throw .damaged(path: file, reason: error.description)
    }
  }

  /// Gives further steps to a run that has taken all of its own.
  ///
  /// The folder's settings change when the run is resumed.
  ///
  /// - Parameters:
  ///   - steps: Number of environment steps, at least 1.
  ///   - keepsSchedules: Whether schedules such as the learning rate's keep their initial values all
  ///     the while; if not, they begin anew and end with the run.
  /// - Throws: `ConfigurationError` if the run has not taken all its steps or the number is not
  ///   allowed, `FileError` if its checkpoint is damaged.
  public mutating func extend(by steps: Int, keepingSchedules keepsSchedules: Bool = false) throws {
    guard (1...1 << 50).contains(steps) else {
      throw ConfigurationError("the steps of an extension must lie in 1...2^50 and are \(steps)")
    }
    let planned = configuration.run.steps
    guard let last = folder.checkpointSteps.last, last >= planned else {
      let taken = folder.checkpointSteps.last ?? 0
      throw ConfigurationError(
        "\(folder.path) has taken \(taken) of its \(planned) steps and can't be extended yet; "
          + "continue it without --extend, or start another run with --from \(folder.path)")
    }
    let longer = configuration.extended(by: steps, keepingSchedules: keepsSchedules)
    if let problem = longer.problem { throw ConfigurationError(problem) }
    (configuration, isExtended) = (longer, true)
  }

  /// Continues the run from its newest checkpoint, or from the start if it has none.
  ///
  /// The folder is this process's until training ends.  A run that has finished is repaired if its
  /// last session was killed after the last checkpoint.
  ///
  /// - Parameters:
  ///   - threads: Number of threads, in 1...1024; nil for one per core. Results don't depend on it.
  ///   - warn: A closure called with each warning about the run's results or speed.
  /// - Throws: `ConfigurationError` if the number of threads is out of range or this machine has too
  ///   little memory, `FileError` if a file is damaged, a link or can't be written, or another
  ///   process uses the folder, `ThreadError` if the system refuses the threads.
  /// - Returns: The run, ready to train.
  public func resume(
    threads: Int? = nil, warn: @escaping (String) -> Void = { _ in }
  ) throws -> TrainingRun {
    // Too little memory is no damage of the run, which may be resumed elsewhere.
    try MemoryLimit.current.check(configuration.memoryNeeds(in: environment))
    let attachments = Attachments(configuration.run, environment, registry)
    do {
      try attachments.check(configuration, agent)
    } catch {
      throw FileError.damaged(path: folder.configurationFile, reason: error.description)
    }
    let pool = try WorkerPool.make(threads: threads)
    let claim = try RunClaim(folder)
    try folder.refuseLinks()
    try folder.removeLeftovers()
    // A run without a checkpoint was stopped before its first one, and starts again.
    let checkpoint = try folder.checkpointSteps.last.map { steps in
      let path = folder.checkpoint("\(steps)")
      return (path: path, try Checkpoint(path: path))
    }
    // A filled replay buffer is part of the checkpoint.
    let recordings =
      checkpoint == nil || configuration.settings.useOfRecordings == .learnsFromThemAlone
      ? try RunRecordings(of: folder, configuration, in: environment) : nil
    let manifest = try manifest(
      threads: pool.threads, firstStep: checkpoint?.1.manifest.steps ?? 0,
      recordings: recordings?.description)
    if let recordings, let noted = manifest.stored?.recordings,
      noted.checksum != recordings.description.checksum
    {
      throw FileError.damaged(
        path: folder.datasetFile, reason: "its checksum is not that in \(folder.manifestFile)")
    }
    let initial = try configuration.run.from.flatMap { path throws(FileError) in
      checkpoint == nil ? try InitialPolicy(of: folder, path: path) : nil
    }
    let run = try TrainingRun(
      attachments, configuration, agent, claim, manifest.stored ?? manifest.continued,
      policyEnvironment: try configuration.run.wrap.wrap(
        registry.environment(environment.identifier)), pool: pool, from: initial,
      recordings: recordings?.episodes, checkpoint: checkpoint, warn: warn)
    guard !run.isFinished else {
      try run.repair()
      return run
    }
    if isExtended {
      // It was of the policy from before the extension.
      try FileSystem.remove(folder.finalEvaluationFile)
      try FileSystem.write(Data(configuration.yaml.utf8), to: folder.configurationFile)
    }
    let continued = manifest.continued
    if let stored = manifest.stored,
      (stored.machine, stored.sources?.commit, stored.packages)
        != (continued.machine, continued.sources?.commit, continued.packages)
    {
      warn(
        "machine, sources or packages differ from the run's last session: results may not be bit-identical"
      )
    }
    try FileSystem.makeFolder(folder.checkpointsFolder)
    try run.begin(continued, warn: warn)
    return run
  }

  /// Returns the manifest in the folder, if there is one, and that of a session that begins now.
  private func manifest(
    threads: Int, firstStep: Int, recordings: RunManifest.Recordings?
  ) throws(FileError) -> (stored: RunManifest?, continued: RunManifest) {
    let (machine, sources) = (RunManifest.Machine.current, RunManifest.Sources.current()?.0)
    let packages = RunManifest.currentPackages
    let session = RunManifest.Session(
      commandLine: CommandLine.arguments, threads: threads, firstStep: firstStep)
    // A run that was killed when it started has only its settings.
    guard FileSystem.exists(folder.manifestFile) else {
      var first = RunManifest(
        run: configuration.run, machine: machine, sources: sources, packages: packages,
        session: session)
      first.recordings = recordings
      return (nil, first)
    }
    let stored = try RunManifest(folder: folder)
    var continued = stored
    (continued.machine, continued.sources, continued.packages) = (machine, sources, packages)
    continued.sessions.append(session)
    return (stored, continued)
  }
}
