internal import Foundation
internal import Environments
internal import Plasticity
internal import RLCore
internal import Robustness
internal import Storage
internal import Training

/// Trains an agent from the first step to the last, with evaluations, checkpoints and logs.
///
/// The trainer has no influence on what is learnt: evaluations have environments and random streams
/// of their own, and times are only displayed and logged.
package final class Trainer {
  /// Parts of a trainer besides the configuration.
  struct Parts {
    /// Agent to train.
    var agent: RegisteredAgent
    /// Environment in which the agent learns.
    var environment: RegisteredEnvironment
    /// Environment in which the policy is evaluated: the same, without what is for training only.
    var policyEnvironment: RegisteredEnvironment
    /// Threads to use.
    var pool: WorkerPool
    /// Folder that receives all files.
    var folder: RunFolder
    /// Recorder of episodes of the first environment; nil to record none.
    var recorder: TrainingRecorder?
    /// Recorded episodes from which the agent learns; nil for none.
    var recordings: RecordedEpisodes?
    /// Closure that creates the attachments of the agent.
    var attachments: (any Agent) throws -> [any TrainingAttachment]
    /// Closure that is called with each warning that the run's results are in doubt.
    var warn: (String) -> Void
  }

  /// First seed of every evaluation during training.
  ///
  /// All evaluations have the same episodes, so that policies and not starts are compared. `evaluate`
  /// uses smaller seeds: a policy is never reported on the episodes by which it was selected.
  package static let firstEvaluationSeed: UInt64 = 1 << 40

  private let configuration: RunConfiguration
  private let parts: Parts
  private let agent: any Agent
  private let attachments: [any TrainingAttachment]
  private let environment: any BatchedEnvironment
  private let conditions: EpisodeConditions
  private let resumption: MetricsLogger.Resumption?
  /// Step of the checkpoint that was read or written last; nil if there was none.
  private(set) var checkpointStep: Int?
  /// Nil until training begins.
  private var logger: MetricsLogger?
  private let taskLog: TaskLog?
  private var alarmLog: AlarmLog?
  private var state: TrainerState
  private var clock = PhaseClock()
  private var metrics: [Double] = []
  /// Hundredth of the run in which histograms were written last.
  private var hundredth = -1

  private var run: RunSettings { configuration.run }

  /// Prepares a new run, from new weights or those of a policy, or one that continues from a
  /// checkpoint of the same configuration.
  init(
    configuration: RunConfiguration, parts: Parts, from initial: InitialPolicy?,
    resume checkpoint: (path: String, Checkpoint)?
  ) throws {
    self.configuration = configuration
    self.parts = parts
    let run = configuration.run
    environment = try parts.environment.makeVector(
      run.environments, parameters: configuration.parameters)
    conditions = try configuration.conditions(in: parts.environment)
    let firstStep = checkpoint?.1.manifest.steps ?? 0
    let every = configuration.tasks?.every ?? .max
    guard firstStep % run.environments == 0, firstStep / every <= 2 * DriftPlan.mostTasks else {
      throw FileError.damaged(
        path: checkpoint?.path ?? "", reason: "its step count is impossible")
    }
    environment.countSteps(from: firstStep)
    if let tasks = configuration.tasks { try environment.follow(tasks, from: firstStep) }
    conditions.apply(to: environment, isGrowing: true)
    environment.trainingReward = run.wrap.reward
    // Observe before the first reset and before a checkpoint's episodes are re-simulated, so that a
    // recorder sees complete episodes wherever the run was interrupted.
    if let recorder = parts.recorder { environment.observe(environment: 0, with: recorder) }
    environment.reset(seeds: .training(runSeed: run.seed))
    agent = parts.agent.make(
      configuration.settings,
      in: AgentContext(
        environment: environment, pool: parts.pool, seed: run.seed, totalSteps: run.steps,
        scheduleStart: run.extensions.last ?? 0, keepsSchedules: run.keepsSchedules,
        uncertainParameters: try configuration.uncertainParameters(),
        recordings: parts.recordings))
    if checkpoint == nil { try initial?.install(in: agent) }
    attachments = try parts.attachments(agent)
    state = TrainerState(configurationChecksum: configuration.checksum)
    if let (path, checkpoint) = checkpoint {
      state = try Self.restore(
        agent, attachments, from: checkpoint, path: path, configuration: configuration)
    }
    if let manifest = checkpoint?.1.manifest {
      resumption = .init(
        steps: manifest.steps, iterations: manifest.iterations, evaluations: state.evaluations,
        episodes: state.episodes)
    } else {
      resumption = nil
    }
    checkpointStep = resumption?.steps
    taskLog = try configuration.tasks.map { tasks in
      try TaskLog(
        parts.folder.driftFile, tasks, environments: run.environments, firstStep: firstStep,
        resuming: checkpoint)
    }
  }

  /// Whether the run has finished.
  var isFinished: Bool { state.isFinished }
  /// Whether the run has taken all its steps, rather than reached a return.
  var hasTakenAllSteps: Bool { agent.environmentSteps >= run.steps }
  /// Mean return of the best evaluation; nil before the first one.
  var bestReturn: Double? { state.bestReturn }

  /// Trains until the run ends.
  ///
  /// - Parameters:
  ///   - claim: Claim to the run's folder, which is checked before each checkpoint.
  ///   - observer: Observer of iterations, evaluations and checkpoints.
  ///   - shouldStop: A closure called after each iteration; returns whether to stop, after writing
  ///     a checkpoint.
  /// - Throws: `TrainingError` if training diverges, `FileError` if a file can't be written.
  /// - Returns: The reason for the end.
  func run(
    in claim: RunClaim, observer: (any TrainingObserver)?, shouldStop: () -> Bool
  ) throws -> TrainingOutcome {
    guard !state.isFinished else { return .finished }
    clock = PhaseClock(threads: parts.pool.threads, firstStep: agent.environmentSteps)
    try openLogs()
    try repairLinks()
    while true {
      let before = agent.environmentSteps
      try iterate()
      observer?.didIterate(progress)
      try watchForCollapse(observer)
      let isLast = agent.environmentSteps >= run.steps
      var isBest = false
      let isEvaluated = isLast || Self.crosses(run.evaluation.every, before, agent.environmentSteps)
      if isEvaluated { isBest = try evaluate(observer) }
      let isReached = run.untilReturn.map { isEvaluated && (state.lastReturn ?? -.infinity) >= $0 }
      state.isFinished = isLast || isReached == true
      if state.isFinished { try taskLog?.finish(steps: agent.environmentSteps) }
      let isStopping = !state.isFinished && shouldStop()
      let isDue =
        run.checkpoints.every.map { Self.crosses($0, before, agent.environmentSteps) }
        ?? isEvaluated
      if isDue || isBest || isStopping || state.isFinished {
        try claim.check()
        try writeCheckpoint(isBest: isBest, observer)
      }
      if isStopping { return .interrupted }
      if state.isFinished {
        try logger?.finish(isSuccess: true)
        return isLast ? .finished : .reachedReturn
      }
    }
  }

  /// Opens all files, which nothing does before training begins.
  private func openLogs() throws {
    guard logger == nil else { return }
    // A run that was stopped before its first checkpoint starts again in the same folder.
    let hasLogs = FileSystem.exists(parts.folder.metricsFile)
    try parts.recorder?.open()
    try taskLog?.open(warn: parts.warn)
    alarmLog = try AlarmLog(parts.folder.alarmsFile, steps: agent.environmentSteps)
    logger = try MetricsLogger(
      folder: parts.folder, metricNames: agent.metricNames + attachments.flatMap(\.metricNames),
      settings: configuration.flattened, environment: run.environment,
      resumption: resumption ?? (hasLogs ? .init() : nil), warn: parts.warn)
  }

  private static func crosses(_ interval: Int, _ before: Int, _ after: Int) -> Bool {
    after / interval > before / interval
  }

  private func iterate() throws {
    let before = agent.environmentSteps
    let report: IterationReport
    do {
      report = try agent.iterate()
    } catch {
      leavePostMortem()
      throw error
    }
    metrics = report.metrics + attachments.flatMap { $0.didIterate() }
    try taskLog?.record(environment.takeTaskReturns(), steps: agent.environmentSteps)
    try recordDistributions()
    try parts.recorder?.writeFinished()
    let timing = clock.add(report, steps: agent.environmentSteps - before)
    try logger?.record(
      iteration: agent.iterations, steps: agent.environmentSteps, values: metrics,
      timing: timing, episodes: report.episodes)
    state.episodes += report.episodes.count
  }

  /// Writes histograms of what the probes have measured, at most once in a hundredth of the run.
  private func recordDistributions() throws {
    let now = agent.environmentSteps * 100 / max(run.steps, 1)
    guard now > hundredth, let panel = attachments.lazy.compactMap({ $0 as? ProbePanel }).first
    else { return }
    let distributions = panel.distributions
    guard !distributions.isEmpty else { return }
    try logger?.record(distributions, steps: agent.environmentSteps)
    hundredth = now
  }

  /// Tells of a collapse, once in a run and without acting on it.
  ///
  /// Where tasks change, returns may fall because the next task is harder.
  private func watchForCollapse(_ observer: (any TrainingObserver)?) throws {
    let episodes = state.episodes
    guard configuration.hasOneTask, let value = progress.metric("episode-return"),
      let alarm = state.cliff?.watch(value, iteration: agent.iterations, episodes: episodes)
    else { return }
    try alarmLog?.record(alarm, iteration: agent.iterations, steps: agent.environmentSteps)
    observer?.didCollapse(alarm.sentence, progress)
  }

  private func leavePostMortem() {
    try? logger?.finish(isSuccess: false)
    try? parts.recorder?.writeFinished()
    try? checkpoint.write(to: parts.folder.postMortemFolder)
  }

  /// Evaluates the policy and logs the result.
  ///
  /// - Returns: Whether the result is the best so far; the later of equal ones is, since it has
  ///   trained longer.  False if tasks change, since evaluations then measure different tasks.
  private func evaluate(_ observer: (any TrainingObserver)?) throws -> Bool {
    let episodes = run.evaluation.episodes
    observer?.willEvaluate(episodes: episodes, progress)
    let count = EpisodeCount(of: episodes, for: observer)
    var shown: (any BatchedEnvironment)?
    let result = try Evaluation.run(
      agent.evaluatedPolicy,
      in: { count throws(ParameterError) in
        let vector = try parts.policyEnvironment.makeVector(count, parameters: currentParameters)
        conditions.apply(to: vector)
        shown = vector
        return vector
      },
      episodes: episodes, firstSeed: Self.firstEvaluationSeed, mode: .deterministic,
      pool: parts.pool, didFinish: { count.add() }, isSuccess: parts.policyEnvironment.isSuccess)
    state.evaluations += 1
    state.lastEvaluationStep = agent.environmentSteps
    try logger?.record(result, steps: agent.environmentSteps)
    // No episode of the vector begins anew after its last one.
    if let scene = shown?.scene(of: 0), !scene.isEmpty, let picture = observer?.picture(of: scene) {
      try logger?.record(picture, steps: agent.environmentSteps)
    }
    guard result.mean.isFinite else {
      leavePostMortem()
      throw TrainingError.notFinite(metric: "evaluation return", iteration: agent.iterations)
    }
    state.lastReturn = result.mean
    let isBest =
      configuration.hasOneTask && result.mean >= (state.bestReturn ?? -.infinity)
    if isBest { (state.bestReturn, state.bestStep) = (result.mean, agent.environmentSteps) }
    observer?.didEvaluate(result, progress)
    return isBest
  }

  private var checkpoint: Checkpoint {
    var (policy, trainer) = (TensorArchive(), TensorArchive())
    agent.evaluatedPolicy.save(to: &policy)
    policy.metadata["steps"] = "\(agent.environmentSteps)"
    policy.metadata["agent"] = run.agent
    policy.metadata["parameters"] = PolicyParameters.text(currentParameters)
    if !run.randomize.isEmpty {
      policy.metadata[StoredPolicy.randomizationKey] = "\(run.randomize)"
    }
    if !run.perturb.isEmpty {
      policy.metadata[StoredPolicy.perturbationsKey] = "\(run.perturb)"
    }
    policy.metadata[StoredPolicy.wrappersKey] = run.wrap.ofPolicy.text
    agent.save(to: &trainer)
    for attachment in attachments { attachment.save(to: &trainer) }
    taskLog?.save(to: &trainer)
    state.save(to: &trainer)
    let manifest = CheckpointManifest(
      environment: run.environment, agent: run.agent, steps: agent.environmentSteps,
      iterations: agent.iterations)
    return Checkpoint(manifest: manifest, policy: policy, trainer: trainer)
  }

  private func writeCheckpoint(isBest: Bool, _ observer: (any TrainingObserver)?) throws {
    try logger?.synchronize()
    try taskLog?.synchronize()
    try alarmLog?.synchronize()
    let folder = parts.folder
    let name = "\(agent.environmentSteps)"
    try checkpoint.write(to: folder.checkpoint(name))
    checkpointStep = agent.environmentSteps
    try FileSystem.link(folder.checkpoint("latest"), to: name)
    if isBest { try FileSystem.link(folder.checkpoint("best"), to: name) }
    try folder.prune(keep: run.checkpoints.keep, best: state.bestStep)
    observer?.didWriteCheckpoint(folder.checkpoint(name), progress)
  }

  /// Does what a session that was killed after the last checkpoint of its run could not.
  func repair() throws(FileError) {
    try repairLinks()
    try parts.folder.prune(keep: run.checkpoints.keep, best: state.bestStep)
  }

  /// Repairs links that are out of date because the run was killed after writing a checkpoint.
  private func repairLinks() throws(FileError) {
    let folder = parts.folder
    for (name, step) in [("latest", folder.checkpointSteps.last), ("best", state.bestStep)] {
      guard let step, folder.linkedStep(name) != step,
        FileSystem.isFolder(folder.checkpoint("\(step)"))
      else { continue }
      try FileSystem.link(folder.checkpoint(name), to: "\(step)")
    }
  }

  private var progress: TrainingProgress {
    TrainingProgress(
      steps: agent.environmentSteps, totalSteps: run.steps, iterations: agent.iterations,
      elapsed: clock.elapsed, stepsPerSecond: clock.stepsPerSecond(agent.environmentSteps),
      shares: clock.shares, metrics: Array(zip(agent.metricNames, metrics)),
      lastReturn: state.lastReturn, bestReturn: state.bestReturn)
  }

  /// Physical parameters of the last step; if the step ended a task, still those of that task.
  private var currentParameters: [ParameterValue] {
    guard let tasks = configuration.tasks else { return configuration.parameters }
    let task = tasks.task(after: max(0, agent.environmentSteps - run.environments))
    let values = tasks.values(task)
    return configuration.parameters.map { parameter in
      let value = values.first { $0.name == parameter.name }?.value
      return .init(name: parameter.name, value: value ?? parameter.value)
    }
  }

  private static func restore(
    _ agent: any Agent, _ attachments: [any TrainingAttachment], from checkpoint: Checkpoint,
    path: String, configuration: RunConfiguration
  ) throws -> TrainerState {
    let (manifest, run) = (checkpoint.manifest, configuration.run)
    guard manifest.environment == run.environment, manifest.agent == run.agent else {
      throw FileError.damaged(
        path: path,
        reason: "it is from \(manifest.agent) on \(manifest.environment), and config.yaml "
          + "says \(run.agent) on \(run.environment)")
    }
    do {
      var state = try TrainerState(from: checkpoint.trainer)
      let checksum = configuration.checksum
      // A run that was extended continues from the checkpoint with which it had finished.
      if state.isFinished, state.configurationChecksum != checksum,
        state.configurationChecksum == configuration.beforeExtension?.checksum
      {
        (state.isFinished, state.configurationChecksum) = (false, checksum)
      }
      guard state.configurationChecksum == checksum else {
        throw ArchiveError.invalid(
          reason: "it was written with another config.yaml than the run's folder now holds")
      }
      try agent.load(from: checkpoint.trainer)
      for attachment in attachments { try attachment.load(from: checkpoint.trainer) }
      guard agent.environmentSteps == manifest.steps, agent.iterations == manifest.iterations else {
        throw ArchiveError.invalid(reason: "its counters differ from its manifest's")
      }
      return state
    } catch {
      throw FileError.damaged(path: path, reason: "\(error)")
    }
  }
}

/// Sums of the time spent in each phase.
private struct PhaseClock {
  private let start: UInt64
  private let threads: Double
  private let firstStep: Int
  private var sums = (environment: 0.0, policy: 0.0, update: 0.0)

  init(threads: Int = 1, firstStep: Int = 0) {
    start = monotonicNanoseconds()
    self.threads = Double(threads)
    self.firstStep = firstStep
  }

  var elapsed: Double { Double(monotonicNanoseconds() - start) * 1e-9 }

  var shares: (environment: Double, policy: Double, update: Double) { Self.fractions(sums) }

  func stepsPerSecond(_ steps: Int) -> Double { Double(steps - firstStep) / max(elapsed, 1e-9) }

  /// Adds an iteration's times, dividing those that are summed over threads by their number.
  mutating func add(_ report: IterationReport, steps: Int) -> MetricsLogger.Timing {
    let parts = (
      environment: Double(report.environmentTime) / threads,
      policy: Double(report.policyTime) / threads, update: Double(report.updateTime)
    )
    sums.environment += parts.environment
    sums.policy += parts.policy
    sums.update += parts.update
    let total = (parts.environment + parts.policy + parts.update) * 1e-9
    return MetricsLogger.Timing(
      elapsed: elapsed, stepsPerSecond: Double(steps) / max(total, 1e-9),
      shares: Self.fractions(parts))
  }

  private static func fractions(
    _ parts: (environment: Double, policy: Double, update: Double)
  ) -> (environment: Double, policy: Double, update: Double) {
    let total = max(parts.environment + parts.policy + parts.update, 1)
    return (parts.environment / total, parts.policy / total, parts.update / total)
  }
}
