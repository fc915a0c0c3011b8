internal import Environments
public import RLCore
public import Robustness
internal import Storage
public import Training

/// A policy from a run, a checkpoint or a file, or a controller, together with its environment.
public struct StoredPolicy {
  /// Policy that chooses the actions.
  public let policy: any Policy
  /// Path of the policy's file, or the id of the controller.
  public let path: String
  /// Run of the policy; nil unless the policy was loaded by its run's folder.
  public let folder: RunFolder?
  /// Environment steps after which the policy was stored; nil if the file doesn't say.
  public let steps: Int?
  /// Id of the agent or controller; nil if the file doesn't say.
  public let agent: String?
  /// Environment in which the policy acts, behind its ``wrappers``.
  public let environment: RegisteredEnvironment
  /// Wrappers that the policy needs, from its training.
  public let wrappers: Wrappers
  /// Sentence on the choice of the checkpoint; nil if it needs none.
  public let remark: String?
  /// Physical parameters: in the policy's own environment those of its training, otherwise nominal.
  public private(set) var parameters: [ParameterValue]
  /// Conditions of the episodes: in the policy's own environment those of its training, with growing
  /// ranges at their full width, otherwise none.
  public private(set) var conditions: EpisodeConditions
  /// Adversary that acts against the policy; nil for none.
  public internal(set) var opponent: Opponent?
  /// Run of the adversary, as it was given; nil for none.
  public internal(set) var opponentPath: String?
  /// Names of the parameters that were set after loading.
  private var fixed: Set<String> = []
  /// Whether the randomisation is still that in the policy's file.
  private var hasStoredRandomization = true

  /// Key of the randomisation in the metadata of policy files.
  static let randomizationKey = "randomize"
  /// Key of the perturbations.
  static let perturbationsKey = "perturb"
  /// Key of the wrappers.
  static let wrappersKey = "wrap"

  /// Whether the policy is a controller, a planner or a baseline, which has no weights.
  public var isController: Bool {
    policy is ControllerPolicy || policy is PlannerPolicy || policy is BaselinePolicy
  }

  /// Modes in which the policy can choose its actions, the usual one first.
  public var modes: [ActionMode] {
    guard isController else { return [.deterministic, .stochastic] }
    return (policy as? BaselinePolicy)?.baseline == .random ? [.stochastic] : [.deterministic]
  }

  /// Loads a policy and checks that it fits the environment.
  ///
  /// - Parameters:
  ///   - name: A run folder, a checkpoint folder, a policy file, a controller's id, a baseline or a
  ///     planner, which may have settings: `mppi:horizon=2,samples=64`.
  ///   - checkpoint: `best`, `latest` or a step count, for run folders only; nil for the best one,
  ///     or the latest if no evaluation was made or the run's tasks change, so that its evaluations
  ///     can't be compared and none is the best.
  ///   - other: Id of another environment with the same spaces; nil for the policy's own. A
  ///     baseline has none of its own.
  ///   - registry: Registry of environments and controllers.
  /// - Throws: `FileError` if a file or checkpoint is missing or damaged, `ConfigurationError` if an
  ///   id is unknown, only a run folder could have the checkpoint, or the environment does not fit.
  public init(
    _ name: String, checkpoint: String? = nil, environment other: String? = nil,
    registry: Registry = .standard
  ) throws {
    if !FileSystem.exists(name),
      let chosen = try Self.controller(name, environment: other, registry)
    {
      guard checkpoint == nil else {
        throw ConfigurationError("a controller has no checkpoints")
      }
      (policy, environment, agent) = chosen
      (path, folder, steps, parameters) = (name, nil, nil, [])
      (remark, wrappers) = (nil, Wrappers())
      conditions = try EpisodeConditions(Randomization(), in: environment)
      return
    }
    // A name without a slash was probably meant as a controller's.
    if !FileSystem.exists(name), !name.contains("/"),
      let question = NearestName.question(name, among: registry.controllerNames)
    {
      throw ConfigurationError("'\(name)' is neither a file nor a controller; \(question)")
    }
    let found = try Self.find(name, checkpoint: checkpoint)
    let archive = found.archive
    let read: any Policy
    let values: [ParameterValue]
    let randomization: Randomization
    let perturbations: Perturbations
    do {
      read = try PolicyReader.read(archive, readers: registry.policyReaders)
      values = try PolicyParameters.read(archive)
    } catch {
      throw FileError.damaged(path: found.path, reason: error.description)
    }
    do {
      let text = archive.metadata[Self.randomizationKey]
      randomization =
        try text.map { text throws(ConfigurationError) in
          try Randomization(parsing: text)
        } ?? Randomization()
      let other = archive.metadata[Self.perturbationsKey]
      perturbations =
        try other.map { text throws(ConfigurationError) in
          try Perturbations(parsing: text)
        } ?? Perturbations()
      let wrapping = archive.metadata[Self.wrappersKey]
      wrappers =
        try wrapping.map { text throws(ConfigurationError) in
          try Wrappers(parsing: text)
        } ?? Wrappers()
    } catch {
      throw FileError.damaged(path: found.path, reason: error.description)
    }
    policy = read
    (path, folder, agent) = (found.path, found.folder, archive.metadata["agent"])
    remark = found.changing.map { names in
      let task = values.filter { names.contains($0.name) }.map { "\($0.name) \($0.value)" }
      return "the tasks of \(name) change, so its latest checkpoint is used instead of a best one; "
        + "it is of the task \(task.joined(separator: ", "))"
    }
    steps = archive.metadata["steps"].flatMap { Int($0) }
    // The ids are part of the names of recordings.
    for (id, owner) in [(agent, "agent"), (policy.environmentIdentifier, "environment")] {
      guard id.map(Registry.isIdentifier) ?? true else {
        throw FileError.damaged(
          path: path, reason: "its \(owner)'s id is not letters, digits and dashes")
      }
    }
    // The file may name an environment that its network does not fit.
    if let base = try? registry.environment(policy.environmentIdentifier) {
      guard let own = try? wrappers.wrap(base) else {
        throw FileError.damaged(
          path: path, reason: "its wrappers, \(wrappers), do not fit \(base.identifier)")
      }
      guard policy.fits(own.specification) else {
        throw FileError.damaged(path: path, reason: "its network does not fit \(own.identifier)")
      }
      do {
        _ = try own.makeVector(1, parameters: values)
        _ = try EpisodeConditions(randomization, perturbations, in: own, parameters: values)
      } catch {
        throw FileError.damaged(
          path: path,
          reason: "its physical parameters or perturbations do not fit \(own.identifier)")
      }
    }
    do {
      environment = try wrappers.wrap(
        registry.environment(other ?? policy.environmentIdentifier))
    } catch {
      guard other == nil else { throw error }
      throw FileError.damaged(
        path: path,
        reason: "its policy acts in the environment '\(policy.environmentIdentifier)', which this "
          + "version does not have")
    }
    guard policy.fits(environment.specification) else {
      throw ConfigurationError(
        "a policy for \(policy.environmentIdentifier) does not fit \(environment.identifier)")
    }
    let isOwn = environment.identifier == policy.environmentIdentifier
    parameters = isOwn ? values : []
    conditions = try EpisodeConditions(
      isOwn ? randomization : Randomization(), isOwn ? perturbations : Perturbations(),
      in: environment, parameters: parameters)
  }

  /// Sets a physical parameter; if the policy's training drew it, it is no longer drawn.
  ///
  /// - Parameters:
  ///   - name: Name of the parameter in the environment's table.
  ///   - value: Value of the parameter, in the table's unit.
  /// - Throws: `ParameterError` if there is no such parameter or its range excludes the value,
  ///   `ConfigurationError` if ``randomize(_:)`` was told to draw it.
  public mutating func setParameter(_ name: String, to value: Double) throws {
    var changed = parameters.filter { $0.name != name }
    changed.append(.init(name: name, value: value))
    // An error should occur here rather than in every worker.
    _ = try environment.makeVector(1, parameters: changed)
    let names = fixed.union([name])
    var randomization = conditions.randomization
    if hasStoredRandomization { randomization.draws.removeAll { $0.name == name } }
    conditions = try EpisodeConditions(
      randomization, conditions.perturbations, in: environment, parameters: changed,
      fixed: hasStoredRandomization ? [] : names)
    (parameters, fixed) = (changed, names)
  }

  /// Sets the parameters that every episode draws for itself, in place of those of the policy's
  /// training.
  ///
  /// - Parameter randomization: Parameters to draw, at their full range; none are drawn if it is
  ///   empty.
  /// - Throws: `ConfigurationError` if the environment does not allow it or ``setParameter(_:to:)``
  ///   has set one of them.
  public mutating func randomize(_ randomization: Randomization) throws(ConfigurationError) {
    conditions = try EpisodeConditions(
      randomization, conditions.perturbations, in: environment, parameters: parameters,
      fixed: fixed)
    hasStoredRandomization = false
  }

  /// Sets the perturbations, in place of those of the policy's training.
  ///
  /// - Throws: `ConfigurationError` if they make no sense in the environment.
  public mutating func perturb(_ perturbations: Perturbations) throws(ConfigurationError) {
    conditions = try EpisodeConditions(
      conditions.randomization, perturbations, in: environment, parameters: parameters,
      fixed: hasStoredRandomization ? [] : fixed)
  }

  /// Makes environments in which episodes run under the policy's parameters and conditions.
  package func makeVector(_ count: Int) -> any BatchedEnvironment {
    let vector = environment.construct(count)
    // The values were checked when they were set.
    try? vector.setParameters(parameters)
    conditions.apply(to: vector)
    return vector
  }

  /// Evaluates the policy on fresh episodes, by the raw reward.
  ///
  /// - Parameters:
  ///   - episodes: Number of episodes, in 1...10,000,000.
  ///   - seed: Seed of the first episode; each later episode uses the next seed.  All must be below
  ///     2⁴⁰, where the seeds of evaluations during training begin.
  ///   - mode: One of ``modes``; nil for the usual one.
  ///   - threads: Number of threads, in 1...1024; nil for one per core. Results don't depend on it.
  ///   - didFinish: A closure called after each episode, on the thread that ran it.
  /// - Throws: `ConfigurationError` if an argument is not allowed, `ThreadError` if the system
  ///   refuses the threads.
  /// - Returns: The result of every episode, in order of seeds.  An episode ends with a return of
  ///   NaN as soon as the policy's action is not finite.
  public func evaluate(
    episodes: Int = 100, seed: UInt64 = 0, mode: ActionMode? = nil, threads: Int? = nil,
    didFinish: (@Sendable () -> Void)? = nil
  ) throws -> EvaluationResult {
    try evaluate(
      policy, episodes: episodes, seed: seed, mode: mode, threads: threads, didFinish: didFinish)
  }

  /// Evaluates another policy in this one's place.
  func evaluate(
    _ policy: any Policy, episodes: Int, seed: UInt64, mode: ActionMode?, threads: Int?,
    didFinish: (@Sendable () -> Void)?
  ) throws -> EvaluationResult {
    try Self.checkEvaluation(episodes: episodes, seed: seed)
    let mode = mode ?? modes[0]
    try check(mode)
    return Evaluation.run(
      policy, against: opponent, in: makeVector, episodes: episodes, firstSeed: seed, mode: mode,
      pool: try WorkerPool.make(threads: threads),
      didFinish: didFinish, isSuccess: environment.isSuccess)
  }

  /// Checks the number of episodes and the seed of an evaluation.
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
    guard !modes.contains(mode) else { return }
    throw ConfigurationError(
      mode == .stochastic
        ? "\(path) has no sampled actions; leave out --stochastic"
        : "\(path) has only sampled actions; leave out --deterministic")
  }

  /// A policy's archive and its place.
  private struct Found {
    var archive: TensorArchive
    var path: String
    var folder: RunFolder?
    /// Names of the parameters that change from task to task, if that decided the choice.
    var changing: [String]?
  }

  private static func find(_ path: String, checkpoint: String?) throws -> Found {
    var (file, folder, changing) = (path, RunFolder?.none, [String]?.none)
    if RunFolder.isRun(path) {
      let run = RunFolder(path: path)
      folder = run
      let drift = try run.drift()
      guard drift.hasOneTask || checkpoint != "best" else {
        throw ConfigurationError(
          "the tasks of \(path) change, so that its evaluations can't be compared and none of its "
            + "checkpoints is the best; choose latest or a step count")
      }
      if let checkpoint {
        file = try run.findCheckpoint(checkpoint)
      } else if drift.hasOneTask {
        file = try run.bestCheckpoint()
      } else {
        file = try run.latestCheckpoint()
        changing = drift.names
      }
    } else if checkpoint != nil {
      throw ConfigurationError("only run folders have checkpoints, and \(path) is not one")
    }
    file = RunFolder.resolve(file)
    guard FileSystem.isFolder(file) else {
      return Found(archive: try Checkpoint.readArchive(file), path: file)
    }
    // Reading the whole checkpoint compares the files with their checksums.
    return Found(
      archive: try Checkpoint(path: file).policy, path: "\(file)/\(Checkpoint.policyFile)",
      folder: folder, changing: changing)
  }
}

extension RunFolder {
  /// Reads how the run's physical parameters change; they don't if the run has no settings.
  fileprivate func drift() throws(FileError) -> RunSettings.Drift {
    guard FileSystem.exists(configurationFile) else { return RunSettings.Drift() }
    let yaml = String(decoding: try FileSystem.read(configurationFile), as: UTF8.self)
    do {
      return try ConfigurationResolver.drift(yaml: yaml, source: configurationFile)
    } catch {
      throw .damaged(path: configurationFile, reason: error.description)
    }
  }
}
