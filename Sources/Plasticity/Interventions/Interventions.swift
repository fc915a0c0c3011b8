internal import NeuralNetworks
public import Training
public import Storage

/// The interventions of a run on the networks of its agent.
///
/// In an optimiser's step, penalties are added first, to gradients that are already clipped; then
/// comes the step; then corrections of parameters.  What makes weights new or changes them at long
/// intervals waits for the end of an iteration, so that an update never meets another policy than
/// the one that gathered its rollout.  Both act in the order in which they were given, with
/// injection last.
public final class Interventions: TrainingAttachment {
  public let metricNames: [String]
  private let agent: any Agent
  /// Hooks with the indices of their networks.
  private let hooks: [(network: Int, hook: InterventionHook)]
  private let watches: [ProbeWatch]

  /// Attaches interventions to the optimisers of a new agent with its initial weights.
  ///
  /// - Parameters:
  ///   - selection: The interventions and their networks.
  ///   - agent: The agent whose optimisers receive hooks.
  ///   - seed: The run's seed; interventions draw from separate streams.
  /// - Throws: `ConfigurationError` if a network does not exist, an intervention does not suit it,
  ///   or interventions contradict each other.
  public init(
    _ selection: InterventionSelection, on agent: any Agent, seed: UInt64
  ) throws(ConfigurationError) {
    self.agent = agent
    let networks = agent.networks
    let choices = try selection.choices(for: networks)
    let targets = networks.map { InterventionTarget($0, seed: seed) }
    var watches: [ProbeWatch] = []
    for (target, choices) in zip(targets, choices) {
      for choice in choices where choice.probe != nil {
        watches.append(try ProbeWatch(choice, on: target, of: agent, seed: seed))
      }
    }
    self.watches = watches
    hooks = zip(targets, choices).enumerated().filter { !$1.1.isEmpty }.map { index, pair in
      let (target, choices) = pair
      // Created in reverse order, so that units are paired before others read the weights.
      let bodies = choices.reversed().map { choice in
        let watch = watches.first { $0.target === target && choice.probe != nil }
        return (choice.kind.name, watch?.reset ?? choice.kind.make(choice.settings, target))
      }
      return (index, InterventionHook(target, bodies.reversed()))
    }
    metricNames = hooks.flatMap(\.hook.metricNames)
  }

  public func didIterate() -> [Double] {
    for watch in watches { watch.measureIfDue() }
    let networks = agent.networks
    for (network, hook) in hooks { hook.didIterate(networks[network].minibatch) }
    return hooks.flatMap(\.hook.metrics)
  }

  public func save(to archive: inout TensorArchive) {
    for (_, hook) in hooks { hook.save(to: &archive) }
    for watch in watches { watch.save(to: &archive) }
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    for (_, hook) in hooks { try hook.load(from: archive) }
    for watch in watches { try watch.load(from: archive) }
  }
}
