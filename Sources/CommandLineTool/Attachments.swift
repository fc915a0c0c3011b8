import Environments
import Plasticity
import RLCore
import Training

/// What a configuration attaches to an agent's networks.
enum Attachments {
  /// Makes all of them.
  ///
  /// - Parameters:
  ///   - run: The settings.
  ///   - agent: Whose networks.
  /// - Throws: ``ConfigurationError`` where something does not exist or fit.
  /// - Returns: What the trainer calls after every iteration.
  static func make(
    _ run: RunSettings, for agent: any Agent
  ) throws(ConfigurationError) -> [any TrainingAttachment] {
    var attachments: [any TrainingAttachment] = []
    let interventions = try InterventionSelection(run.interventions.texts)
    if !interventions.isEmpty {
      attachments.append(try Interventions(interventions, on: agent, seed: run.seed))
    }
    let probes = try ProbeSelection(run.probes.select)
    if !probes.isEmpty {
      attachments.append(
        try ProbePanel(probes, every: run.probes.every, of: agent, seed: run.seed))
    }
    return attachments
  }

  /// Refuses what ``make(_:for:)`` would refuse, before a run is begun.
  static func check(
    _ configuration: RunConfiguration, _ environment: RegisteredEnvironment,
    _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    let run = configuration.run
    let probes = try ProbeSelection(run.probes.select)
    let interventions = try InterventionSelection(run.interventions.texts)
    guard !probes.isEmpty || !interventions.isEmpty else { return }
    // Which networks there are depends on settings and environment: only an agent knows.
    let vector = environment.makeVector(run.environments)
    vector.reset(seeds: .training(runSeed: run.seed))
    let probed = agent.make(
      configuration.settings,
      in: AgentContext(
        environment: vector, pool: WorkerPool(threads: 1), seed: run.seed, totalSteps: run.steps))
    _ = try make(run, for: probed)
  }
}
