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
    let selection = try ProbeSelection(run.probes.select)
    guard !selection.isEmpty else { return [] }
    return [try ProbePanel(selection, every: run.probes.every, of: agent, seed: run.seed)]
  }

  /// Refuses what ``make(_:for:)`` would refuse, before a run is begun.
  static func check(
    _ configuration: RunConfiguration, _ environment: RegisteredEnvironment,
    _ agent: RegisteredAgent
  ) throws(ConfigurationError) {
    let run = configuration.run
    guard try !ProbeSelection(run.probes.select).isEmpty else { return }
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
