internal import Environments
internal import Plasticity
internal import RLCore
internal import Training

/// What a run's settings attach to an agent's networks.
struct Attachments {
  let environment: RegisteredEnvironment
  private let run: RunSettings
  private let registry: Registry

  init(_ run: RunSettings, _ environment: RegisteredEnvironment, _ registry: Registry) {
    (self.run, self.environment, self.registry) = (run, environment, registry)
  }

  /// Makes all of them.
  ///
  /// - Parameters:
  ///   - agent: Whose networks.
  ///   - warn: Told what puts the run's result in doubt.
  /// - Throws: When something does not exist or fit.
  /// - Returns: What the trainer calls after every iteration.
  func make(
    for agent: any Agent, warn: @escaping (String) -> Void = { _ in }
  ) throws(ConfigurationError) -> [any TrainingAttachment] {
    var attachments: [any TrainingAttachment] = []
    let interventions = try InterventionSelection(run.interventions)
    if !interventions.isEmpty {
      attachments.append(try Interventions(interventions, on: agent, seed: run.seed))
    }
    let probes = try ProbeSelection(run.probes.select)
    if !probes.isEmpty {
      attachments.append(
        try ProbePanel(probes, every: run.probes.every, of: agent, seed: run.seed))
    }
    if let rule = run.adaptiveRatio {
      let selection = try AdaptiveRatioSelection(rule)
      guard let agent = agent as? any ReplayRatioAgent else {
        let able = registry.agents.filter(\.hasReplayRatio).map(\.identifier)
        throw ConfigurationError(
          "\(run.agent) has no replay ratio that --adaptive-ratio could set; agents that have: "
            + able.joined(separator: ", "))
      }
      attachments.append(
        try AdaptiveReplayRatio(
          selection, of: agent, episodeSteps: environment.specification.episodeSteps,
          totalSteps: run.steps, seed: run.seed, notice: warn))
    }
    return attachments
  }

  /// Refuses what ``make(for:warn:)`` would refuse, before a run is begun.
  func check(
    _ configuration: RunConfiguration, _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    let probes = try ProbeSelection(run.probes.select)
    let interventions = try InterventionSelection(run.interventions)
    guard !probes.isEmpty || !interventions.isEmpty || run.adaptiveRatio != nil else { return }
    // Which networks there are depends on settings and environment: only an agent knows.
    let vector = environment.makeVector(run.environments)
    vector.reset(seeds: .training(runSeed: run.seed))
    let probed = agent.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: 1), seed: run.seed, totalSteps: run.steps))
    _ = try make(for: probed)
  }

  /// A ratio that was set and a rule that sets it contradict each other.
  ///
  /// Of new runs only: those of another build may have had another preset.
  func refuseFixedRatio(
    _ configuration: RunConfiguration, _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    guard run.adaptiveRatio != nil else { return }
    let preset = try ConfigurationResolver(
      environment: environment.identifier, parameters: environment.parameters, agent: agent)
    let values = [configuration, preset.unchecked].map { configuration in
      configuration.flattened.first { $0.name == "settings.\(replayRatioName)" }?.value
    }
    guard values[0] == values[1] else {
      throw ConfigurationError(
        "\(replayRatioName) is set to \(values[0] ?? "") and --adaptive-ratio would change it; "
          + "leave one of them out")
    }
  }
}
