import Agents
import Environments
import Plasticity
import RLCore
import Training
import Experiments

/// What a configuration attaches to an agent's networks.
enum Attachments {
  /// Makes all of them.
  ///
  /// - Parameters:
  ///   - run: The settings.
  ///   - agent: Whose networks.
  ///   - environment: What it learns in.
  ///   - notice: Is told what puts the run's result in doubt.
  /// - Throws: ``ConfigurationError`` where something does not exist or fit.
  /// - Returns: What the trainer calls after every iteration.
  static func make(
    _ run: RunSettings, for agent: any Agent, in environment: RegisteredEnvironment,
    notice: @escaping (String) -> Void = { _ in }
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
        let able = AgentRegistry.all.filter(\.hasReplayRatio).map(\.identifier)
        throw ConfigurationError(
          "\(run.agent) has no replay ratio that --adaptive-ratio could set; agents that have: "
            + able.joined(separator: ", "))
      }
      attachments.append(
        try AdaptiveReplayRatio(
          selection, of: agent, episodeSteps: environment.specification.episodeSteps,
          totalSteps: run.steps, seed: run.seed, notice: notice))
    }
    return attachments
  }

  /// Refuses what ``make(_:for:in:notice:)`` would refuse, before a run is begun.
  static func check(
    _ configuration: RunConfiguration, _ environment: RegisteredEnvironment,
    _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    let run = configuration.run
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
    _ = try make(run, for: probed, in: environment)
  }

  /// A ratio that was set and a rule that sets it contradict each other.
  ///
  /// Of new runs only: those of another build may have had another preset.
  static func refuseFixedRatio(
    _ configuration: RunConfiguration, _ environment: RegisteredEnvironment,
    _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    guard configuration.run.adaptiveRatio != nil else { return }
    let preset = try ConfigurationResolver(
      environment: environment.identifier, parameters: environment.parameters, agent: agent)
    let values = [configuration, preset.unchecked].map { configuration in
      configuration.flattened.first { $0.name == "settings.\(replayRatioName)" }?.value
    }
    guard values[0] == values[1] else {
      throw ConfigurationError(
        "\(replayRatioName) is set to \(values[0] ?? "") and --adaptive-ratio would change it; leave "
          + "one of them out")
    }
  }
}
