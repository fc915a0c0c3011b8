internal import Environments
internal import Plasticity
internal import RLCore
internal import Training

/// The interventions, probes and ratio rule that a run's settings attach to an agent.
struct Attachments {
  let environment: RegisteredEnvironment
  private let run: RunSettings
  private let registry: Registry

  init(_ run: RunSettings, _ environment: RegisteredEnvironment, _ registry: Registry) {
    (self.run, self.environment, self.registry) = (run, environment, registry)
  }

  /// Creates all attachments.
  ///
  /// - Parameters:
  ///   - agent: Agent to which they are attached.
  ///   - warn: A closure called with each warning about the run's results or speed.
  /// - Throws: `ConfigurationError` if an attachment does not exist or does not fit the agent.
  /// - Returns: The attachments, which the trainer calls after every iteration.
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
          "\(run.agent) has no replay ratio that --adaptive-ratio could set; agents that have one: "
            + able.joined(separator: ", "))
      }
      attachments.append(
        try AdaptiveReplayRatio(
          selection, of: agent, episodeSteps: environment.specification.episodeSteps,
          totalSteps: run.steps, seed: run.seed, notice: warn))
    }
    return attachments
  }

  /// Throws the errors of ``make(for:warn:)`` before a run begins.
  func check(
    _ configuration: RunConfiguration, _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    let probes = try ProbeSelection(run.probes.select)
    let interventions = try InterventionSelection(run.interventions)
    guard !probes.isEmpty || !interventions.isEmpty || run.adaptiveRatio != nil else { return }
    // The networks depend on settings and environment, so checking them takes an agent.
    let vector = environment.construct(run.environments)
    vector.reset(seeds: .training(runSeed: run.seed))
    let probed = agent.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: 1), seed: run.seed, totalSteps: run.steps,
        uncertainParameters: try configuration.uncertainParameters()))
    _ = try make(for: probed)
  }

  /// Refuses a rule for the replay ratio if the ratio is set to another value than the preset's.
  ///
  /// Applies to new runs only, since a run of another build may have had another preset.
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
