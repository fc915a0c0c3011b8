internal import Environments
public import RLCore
internal import Storage
public import Training

/// A policy of a run, a checkpoint or a file, or a controller, in an environment.
public struct StoredPolicy {
  /// What chooses actions.
  public let policy: any Policy
  /// Where it comes from: a file, or the controller's id.
  public let path: String
  /// The run it belongs to, if it was asked for by the run's folder.
  public let folder: RunFolder?
  /// The environment steps after which it was stored; nil if the file doesn't say.
  public let steps: Int?
  /// The id of the agent or controller; nil if the file doesn't say.
  public let agent: String?
  /// Where it acts.
  public let environment: RegisteredEnvironment
  /// The physical parameters: those it was trained with, in its own environment; nominal otherwise.
  public private(set) var parameters: [ParameterValue]

  /// Whether it is a controller, whose choice is no sample of anything.
  public var isController: Bool { policy is ControllerPolicy }

  /// Loads a policy and checks that everything fits together.
  ///
  /// - Parameters:
  ///   - name: A run folder, a checkpoint folder, a policy file or a controller's id.
  ///   - checkpoint: `best`, `latest` or a step count, for run folders only; nil for the best one,
  ///     or the latest if no evaluation was made.
  ///   - other: Another environment than the policy's own, with the same spaces.
  ///   - registry: Where to look for environments and controllers.
  /// - Throws: ``Storage/FileError`` or ``Training/ConfigurationError``.
  public init(
    _ name: String, checkpoint: String? = nil, environment other: String? = nil,
    registry: Registry = .standard
  ) throws {
    if !FileSystem.exists(name), let controller = registry.controller(name) {
      guard checkpoint == nil else {
        throw ConfigurationError("a controller has no checkpoints")
      }
      let served = controller.environmentIdentifiers
      guard let identifier = other ?? served.first, served.contains(identifier) else {
        throw ConfigurationError.unknown("environment of \(name)", other ?? "", allowed: served)
      }
      policy = ControllerPolicy(controller, environment: identifier)
      (path, folder, steps, agent, parameters) = (name, nil, nil, name, [])
      environment = try registry.environment(identifier)
      return
    }
    let found = try Self.find(name, checkpoint: checkpoint)
    let archive = found.archive
    let read: any Policy
    let values: [ParameterValue]
    do {
      read = try PolicyReader.read(archive)
      values = try PolicyParameters.read(archive)
    } catch {
      throw FileError.damaged(path: found.path, reason: error.description)
    }
    policy = read
    (path, folder, agent) = (found.path, found.folder, archive.metadata["agent"])
    steps = archive.metadata["steps"].flatMap { Int($0) }
    // Recordings are named after it.
    guard agent.map(Registry.isIdentifier) ?? true else {
      throw FileError.damaged(
        path: path, reason: "its agent's id is not letters, digits and dashes")
    }
    // The file may name an environment of another shape than its network's.
    if let own = try? registry.environment(policy.environmentIdentifier) {
      guard policy.fits(own.specification) else {
        throw FileError.damaged(path: path, reason: "its network does not fit \(own.identifier)")
      }
      do {
        try own.makeVector(1).setParameters(values)
      } catch {
        throw FileError.damaged(
          path: path, reason: "its physical parameters do not fit \(own.identifier)")
      }
    }
    environment = try registry.environment(other ?? policy.environmentIdentifier)
    guard policy.fits(environment.specification) else {
      throw ConfigurationError(
        "a policy for \(policy.environmentIdentifier) does not fit \(environment.identifier)")
    }
    parameters = environment.identifier == policy.environmentIdentifier ? values : []
  }

  /// Changes a physical parameter.
  ///
  /// - Parameters:
  ///   - name: Its name in the environment's table.
  ///   - value: Its value, in the table's unit.
  /// - Throws: When there is no such parameter, or the value is outside its range.
  public mutating func setParameter(_ name: String, to value: Double) throws(ParameterError) {
    var changed = parameters.filter { $0.name != name }
    changed.append(.init(name: name, value: value))
    // Fails here rather than in every worker.
    try environment.makeVector(1).setParameters(changed)
    parameters = changed
  }

  /// Measures the policy on fresh episodes, by the raw reward.
  ///
  /// - Parameters:
  ///   - episodes: How many, 1...10,000,000.
  ///   - seed: That of the first; the next have the next seeds, below 2⁴⁰, where those of training's
  ///     evaluations begin.
  ///   - mode: Deterministic or stochastic.
  ///   - threads: How many to use, 1...1024; nil for one per core. Results don't depend on them.
  /// - Throws: ``Training/ConfigurationError``.
  /// - Returns: Every episode, in order of seeds; one in which the policy has no finite answer ends
  ///   there, with a return of NaN.
  public func evaluate(
    episodes: Int = 100, seed: UInt64 = 0, mode: ActionMode = .deterministic, threads: Int? = nil
  ) throws(ConfigurationError) -> EvaluationResult {
    try Self.checkEvaluation(episodes: episodes, seed: seed)
    try check(mode)
    return Evaluation.run(
      policy,
      in: { count in
        let vector = environment.makeVector(count)
        // Checked when they were set.
        try? vector.setParameters(parameters)
        return vector
      },
      episodes: episodes, firstSeed: seed, mode: mode, pool: try WorkerPool.make(threads: threads),
      isSuccess: environment.isSuccess)
  }

  /// Refuses counts and seeds that no evaluation may have.
  package static func checkEvaluation(
    episodes: Int, seed: UInt64
  ) throws(ConfigurationError) {
    guard (1...10_000_000).contains(episodes) else {
      throw ConfigurationError("episodes must lie in 1...10000000 and is \(episodes)")
    }
    guard seed < Trainer.firstEvaluationSeed - UInt64(episodes) else {
      throw ConfigurationError("seed must lie below 2^40, where training's evaluations begin")
    }
  }

  func check(_ mode: ActionMode) throws(ConfigurationError) {
    guard mode == .deterministic || !isController else {
      throw ConfigurationError("a controller has no sampled actions")
    }
  }

  private static func find(
    _ path: String, checkpoint: String?
  ) throws -> (archive: TensorArchive, path: String, folder: RunFolder?) {
    var (file, folder) = (path, RunFolder?.none)
    if FileSystem.isFolder("\(path)/checkpoints") {
      let run = RunFolder(path: path)
      folder = run
      let best = run.checkpoint("best")
      file =
        try checkpoint.map { name throws(FileError) in try run.findCheckpoint(name) }
        ?? (FileSystem.isFolder(best) ? best : run.latestCheckpoint())
    } else if checkpoint != nil {
      throw ConfigurationError("a checkpoint is of a run folder, and \(path) is none")
    }
    guard FileSystem.isFolder(file) else { return (try Checkpoint.readArchive(file), file, nil) }
    // Reading the whole checkpoint compares the files with their checksums.
    return (try Checkpoint(path: file).policy, "\(file)/\(Checkpoint.policyFile)", folder)
  }
}
