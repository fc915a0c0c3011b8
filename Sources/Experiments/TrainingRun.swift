internal import Recording
internal import Environments
public import RLCore
internal import Storage
internal import Training

/// A run that trains: begun by an ``Experiment`` or continued by a ``StoredRun``.
public final class TrainingRun {
  /// Where everything is written.
  public let folder: RunFolder
  /// All settings.
  public let configuration: RunConfiguration
  /// The environment.
  public let environment: RegisteredEnvironment
  /// The step of the checkpoint from which it continues; nil for a run that begins.
  public let resumedStep: Int?
  /// The number of threads.
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
      // A policy that learns meanwhile has no fingerprint.
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
        attachments: { try attachments.make(for: $0, warn: warn) }),
      resume: checkpoint)
    self.folder = folder
    self.configuration = configuration
    self.environment = environment
    self.manifest = manifest
    resumedStep = checkpoint?.1.manifest.steps
    threads = pool.threads
  }

  /// Whether it had come to its end before.
  public var isFinished: Bool { trainer.isFinished }
  /// Mean return of the best evaluation.
  public var bestReturn: Double? { trainer.bestReturn }

  /// Trains to the end.
  ///
  /// - Parameters:
  ///   - observer: Told of every iteration, evaluation and checkpoint.
  ///   - shouldStop: Asked after each iteration; a checkpoint is written before returning.
  /// - Throws: ``Training/TrainingError`` when it diverges (the state before is then in
  ///   ``RunFolder/postMortemFolder``), ``Storage/FileError`` when something can't be written.
  /// - Returns: Why it ended.
  @discardableResult public func train(
    observer: (any TrainingObserver)? = nil, shouldStop: () -> Bool = { false }
  ) throws -> TrainingOutcome {
    try manifest.write(to: folder)
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
