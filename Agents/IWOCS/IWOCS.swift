internal import RLCore
public import Storage
public import Training

/// Incremental worst-case search on SAC's policies: a policy for each of a few bad cases of the physics,
/// and one for the rest.
///
/// A fallback learns under randomised parameters.  Then SAC learns in the nominal case from new weights;
/// the parameters are looked for in which the policies found so far, acting together as a
/// `WorstCasePolicy`, earn least; SAC learns in that case; and so on.  The search's episodes count as
/// environment steps, as many as its share allows, whether or not they end early.
///
/// - Source: Zouitine, Geist and Rachelson 2024, arXiv:2410.06212, algorithm 1 and its deep version.
/// - Differences from source: those of `WorstCasePolicy`, `CaseLearner` and `CaseSearch`; the number of
///   cases is fixed; every case begins with the same weights and random numbers.
public final class IWOCSAgent: ReplayRatioAgent {
  public static let greatestReplayRatio = SACAgent.greatestReplayRatio

  package let cases: WorstCasePolicy
  package let search: CaseSearch
  package let agent: SACAgent
  private let learner: CaseLearner
  private let environment: any BatchedEnvironment
  private let pool: WorkerPool
  private let plan: IWOCSPlan
  private let keepsSchedules: Bool
  /// States of SAC and of the learner with which every case begins; without episodes.
  private let initialAgent: TensorArchive
  private let initialLearner: TensorArchive

  public private(set) var environmentSteps = 0
  public private(set) var iterations = 0
  public var policy: any Policy { cases }
  public var networks: [NamedNetwork] { agent.networks }
  public var replayRatio: Double {
    get { agent.replayRatio }
    set { agent.replayRatio = newValue }
  }
  public let metricNames: [String]

  /// Creates an agent with new weights; the configuration must be valid, and some parameters uncertain.
  public init(configuration: IWOCSConfiguration, context: AgentContext) {
    environment = context.environment
    pool = context.pool
    keepsSchedules = context.keepsSchedules
    plan = IWOCSPlan(
      configuration, TrainingHorizon(context), environments: context.environment.count)
    agent = SACAgent(
      configuration: configuration.sac,
      context: AgentContext(
        environment: context.environment, pool: context.pool, seed: context.seed,
        totalSteps: context.totalSteps))
    learner = CaseLearner(
      configuration, beside: agent, specification: context.environment.specification,
      seed: context.seed)
    search = CaseSearch(
      configuration, among: context.uncertainParameters, in: context.environment,
      seed: context.seed)
    cases = WorstCasePolicy(
      fallback: agent.actor.evaluatedPolicy, greatestError: configuration.greatestError,
      errorMemory: configuration.errorMemory)
    metricNames =
      agent.metricNames + ["value-loss", "model-error", "cases", "greatest-error", "worst-return"]
      + context.uncertainParameters.map { "case-\($0.name)" }
    (initialAgent, initialLearner) = (
      Self.archive(agent.save).without(prefix: "episode."), Self.archive(learner.save)
    )
    agent.horizon = horizon(of: plan.part(after: 0))
  }

  private static func archive(_ save: (inout TensorArchive) -> Void) -> TensorArchive {
    var archive = TensorArchive()
    save(&archive)
    return archive
  }

  /// Returns the steps of SAC's schedules in a part.
  private func horizon(of part: IWOCSPlan.Part) -> TrainingHorizon {
    TrainingHorizon(start: 0, end: part.learnt - part.start, isConstant: keepsSchedules)
  }

  /// Runs one iteration of SAC; at the end of a part of the plan, its policy is kept and the next case
  /// looked for.
  public func iterate() throws(TrainingError) -> IterationReport {
    let part = plan.part(after: environmentSteps)
    if environmentSteps == part.start, !part.isFallback { begin(part) }
    let (updates, steps, before) = (agent.updates, agent.environmentSteps, environmentSteps)
    var report = try agent.iterate()
    iterations += 1
    environmentSteps += agent.environmentSteps - steps
    let start = monotonicNanoseconds()
    if !part.isFallback {
      for _ in updates..<agent.updates {
        try learner.learn(
          pool: pool, rate: agent.sums.learningRateFactor, iteration: iterations)
      }
    }
    report.updateTime += monotonicNanoseconds() - start
    if before < part.learnt, environmentSteps >= part.learnt {
      let start = monotonicNanoseconds()
      try finish(part)
      report.environmentTime += monotonicNanoseconds() - start
    }
    report.metrics += metrics(isFallback: part.isFallback)
    return report
  }

  /// Begins a case with new weights and an empty replay buffer.
  private func begin(_ part: IWOCSPlan.Part) {
    search.begin()
    environment.countSteps(from: environmentSteps)
    var state = initialAgent
    state.setEpisodes(of: environment)
    do {
      try agent.load(from: state)
      try learner.load(from: initialLearner)
    } catch {
      preconditionFailure("a state that was saved before: \(error)")
    }
    agent.horizon = horizon(of: part)
  }

  /// Keeps the part's policy, and looks for the next case or, after the last one, for the greatest error.
  private func finish(_ part: IWOCSPlan.Part) throws(TrainingError) {
    defer { environmentSteps = part.end }
    guard !part.isFallback else { return cases.setFallback(agent.actor.evaluatedPolicy.copy()) }
    // Without any update there is nothing to keep.
    if agent.updates > 0, cases.cases.count < WorstCasePolicy.mostCases {
      cases.add(learner.makeCase())
    }
    let steps = part.end - part.learnt
    if plan.isLast(part) {
      try search.chooseGreatestError(of: cases, steps: steps, iteration: iterations)
    } else {
      try search.findNext(for: cases, steps: steps, iteration: iterations)
    }
    search.beginEpisodes()
    environment.countSteps(from: part.end)
  }

  private func metrics(isFallback: Bool) -> [Double] {
    let parameters = search.known.last ?? search.next.map { _ in .nan }
    return [
      isFallback ? .nan : Double(learner.valueLoss), isFallback ? .nan : Double(learner.modelError),
      Double(cases.cases.count), Double(cases.greatestError), search.worstReturn,
    ] + parameters
  }

  public func save(to archive: inout TensorArchive) {
    agent.save(to: &archive)
    archive.set(Self.archive(learner.save), under: "learner")
    archive.set(Self.archive(search.save), under: "search")
    archive.set(Self.archive(cases.save), under: "cases")
    archive.set("iwocs", .words([UInt64(environmentSteps), UInt64(iterations)]))
  }

  public func load(from archive: TensorArchive) throws {
    let progress = try archive.words("iwocs", count: 2)
    guard progress.allSatisfy({ $0 < 1 << 62 }) else {
      throw ArchiveError.invalid(reason: "its step count is impossible")
    }
    try search.load(from: archive.part(under: "search"))
    search.restoreCase()
    try agent.load(from: archive)
    try learner.load(from: archive.part(under: "learner"))
    try cases.load(from: archive.part(under: "cases"))
    (environmentSteps, iterations) = (Int(progress[0]), Int(progress[1]))
    let part = plan.part(after: environmentSteps)
    agent.horizon = horizon(of: part)
    // While the fallback learns, it is the policy that learns.
    if part.isFallback { cases.setFallback(agent.actor.evaluatedPolicy) }
  }
}

extension TensorArchive {
  /// Returns the archive without the tensors whose names begin with the given text.
  fileprivate func without(prefix: String) -> TensorArchive {
    var rest = TensorArchive()
    rest.metadata = metadata
    for (name, tensor) in tensors where !name.hasPrefix(prefix) {
      rest.set(name, tensor.values, shape: tensor.shape)
    }
    return rest
  }
}
