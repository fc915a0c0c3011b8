internal import Recording
internal import Environments
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

  init(
    _ attachments: Attachments, _ configuration: RunConfiguration, _ agent: RegisteredAgent,
    _ folder: RunFolder, _ manifest: RunManifest, pool: WorkerPool,
    checkpoint: (path: String, Checkpoint)?, warn: @escaping (String) -> Void
  ) throws {
    let environment = attachments.environment
    let recorder = try configuration.run.recordings.every.map { every in
      // A policy in training has no fingerprint.
      try TrainingRecorder(
        header: RecordingHeader(
          specification: environment.specification, parameters: environment.parameters,
          agent: agent.identifier, mode: .stochastic, policy: nil,
          build: .init(machine: manifest.machine, sources: manifest.sources)),
        every: every, folder: folder)
    }
    trainer = try Trainer(
      configuration: configuration,
      parts: Trainer.Parts(
        agent: agent, environment: environment, pool: pool, folder: folder, recorder: recorder,
        attachments: { try attachments.make(for: $0, warn: warn) }, warn: warn),
      resume: checkpoint)
    self.folder = folder
    self.configuration = configuration
    self.environment = environment
    self.manifest = manifest
    resumedStep = checkpoint?.1.manifest.steps
    threads = pool.threads
    if !trainer.isFinished { try manifest.write(to: folder) }
  }

  /// Whether the run has finished.
  public var isFinished: Bool { trainer.isFinished }
  /// Mean return of the best evaluation; nil before the first one.
  public var bestReturn: Double? { trainer.bestReturn }

  /// Trains until the run ends.
  ///
  /// - Parameters:
  ///   - observer: Observer of iterations, evaluations and checkpoints.
  ///   - shouldStop: A closure called after each iteration; returns whether to stop, after writing
  ///     a checkpoint.
  /// - Throws: `TrainingError` if training diverges (``RunFolder/postMortemFolder`` then holds the
  ///   state before), `FileError` if a file can't be written.
  /// - Returns: The reason for the end.
  @discardableResult public func train(
    observer: (any TrainingObserver)? = nil, shouldStop: () -> Bool = { false }
  ) throws -> TrainingOutcome {
    guard !isFinished else { return .finished }
    do {
      let outcome = try trainer.run(observer: observer, shouldStop: shouldStop)
      manifest.endSession(outcome: outcome.rawValue)
      try manifest.write(to: folder)
      return outcome
    } catch let error as TrainingError {
      manifest.endSession(outcome: "diverged")
      try manifest.write(to: folder)
      throw error
    }
  }
}
