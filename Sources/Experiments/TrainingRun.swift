internal import Recording
internal import Environments
internal import Robustness
public import RLCore
internal import Storage
internal import Training

/// A run ready to train, started by an ``Experiment`` or resumed by a ``StoredRun``.
public final class TrainingRun {
  /// Folder that receives all files.
  public let folder: RunFolder
  /// All settings of the run.
  public let configuration: RunConfiguration
  /// Environment of the run.
  public let environment: RegisteredEnvironment
  /// Step of the checkpoint from which the run continues; nil for a run that starts.
  public let resumedStep: Int?
  /// Number of threads.
  public let threads: Int
  private let trainer: Trainer
  private var manifest: RunManifest
  /// Claim to the folder until training has ended.
  private var claim: RunClaim?

  init(
    _ attachments: Attachments, _ configuration: RunConfiguration, _ agent: RegisteredAgent,
    _ claim: RunClaim, _ manifest: RunManifest, policyEnvironment: RegisteredEnvironment,
    pool: WorkerPool, from initial: InitialPolicy?, recordings: RecordedEpisodes?,
    checkpoint: (path: String, Checkpoint)?, warn: @escaping (String) -> Void
  ) throws {
    let (environment, folder) = (attachments.environment, claim.folder)
    let recorder = try configuration.run.recordings.every.map { every in
      let conditions = try configuration.conditions(in: environment)
      // A policy in training has no fingerprint.
      var header = RecordingHeader(
        specification: environment.specification, parameters: environment.parameters,
        disturbances: conditions.disturbs || configuration.settings.usesDisturbances
          ? environment.disturbanceComponents : [],
        agent: agent.identifier, mode: .stochastic, policy: nil,
        build: .init(machine: manifest.machine, sources: manifest.sources))
      header.describe(conditions)
      header.wrapping = configuration.run.wrap.ofTraining.text
      return TrainingRecorder(header: header, every: every, folder: folder)
    }
    trainer = try Trainer(
      configuration: configuration,
      parts: Trainer.Parts(
        agent: agent, environment: environment, policyEnvironment: policyEnvironment, pool: pool,
        folder: folder, recorder: recorder, recordings: recordings,
        attachments: { try attachments.make(for: $0, warn: warn) }, warn: warn),
      from: initial, resume: checkpoint)
    self.claim = claim
    self.folder = folder
    self.configuration = configuration
    self.environment = environment
    self.manifest = manifest
    resumedStep = checkpoint?.1.manifest.steps
    threads = pool.threads
  }

  /// Writes the manifest of a session that begins, and warns of what it says about the machine.
  func begin(_ manifest: RunManifest, warn: (String) -> Void) throws(FileError) {
    self.manifest = manifest
    if let warning = manifest.machine.openBLASWarning { warn(warning) }
    try manifest.write(to: folder)
  }

  /// Does what the last session of a finished run could not if it was killed after its last
  /// checkpoint: links, removal of old checkpoints, and the end in manifest and event files.
  func repair() throws(FileError) {
    try trainer.repair()
    if manifest.sessions.last?.outcome == nil {
      try MetricsLogger.recordSuccess(in: folder)
      let outcome = trainer.hasTakenAllSteps ? TrainingOutcome.finished : .reachedReturn
      manifest.setOutcome(outcome.rawValue)
      try manifest.write(to: folder)
    }
    claim = nil
  }

  /// Whether the run has finished.
  public var isFinished: Bool { trainer.isFinished }
  /// Mean return of the best evaluation; nil before the first one.
  public var bestReturn: Double? { trainer.bestReturn }

  /// Trains until the run ends, and lets other processes use the folder from then on.
  ///
  /// - Parameters:
  ///   - observer: Observer of iterations, evaluations and checkpoints.
  ///   - shouldStop: A closure called after each iteration; returns whether to stop, after writing
  ///     a checkpoint.
  /// - Throws: `TrainingError` if training diverges (``RunFolder/postMortemFolder`` then holds the
  ///   state before), `FileError` if a file can't be written or the folder has been removed or is
  ///   used by another process.
  /// - Returns: The reason for the end.
  @discardableResult public func train(
    observer: (any TrainingObserver)? = nil, shouldStop: () -> Bool = { false }
  ) throws -> TrainingOutcome {
    guard !isFinished else { return .finished }
    let claim = try self.claim ?? claimAgain()
    self.claim = nil
    defer { claim.release() }
    do {
      let outcome = try trainer.run(
        in: claim, observer: observer, shouldStop: shouldStop)
      manifest.endSession(outcome: outcome.rawValue)
      try manifest.write(to: folder)
      return outcome
    } catch let error as TrainingError {
      manifest.endSession(outcome: "diverged")
      try manifest.write(to: folder)
      throw error
    } catch let error as FileError {
      // Whatever could not be written, the reason may be that the folder has been removed.
      try claim.check()
      throw error
    }
  }

  /// Claims the folder of a run that was trained before and is now trained further.
  private func claimAgain() throws(FileError) -> RunClaim {
    let claim = try RunClaim(folder)
    guard folder.checkpointSteps.last == trainer.checkpointStep else {
      throw .unwritable(path: folder.path, reason: "another session has continued the run")
    }
    return claim
  }
}
