public import RLCore

/// The settings of an agent: a table, and the rules between several settings.
public protocol AgentConfiguration: SettingGroup {
  /// Returns the problem with a combination of settings, in one sentence with the remedy; nil if
  /// there is none.
  func problem(environments: Int, totalSteps: Int) -> String?
  /// Returns why the agent can't learn in an environment, in one sentence; nil if it can.
  func problem(in specification: EnvironmentSpecification) -> String?
  /// Returns the steps that each environment takes before the agent can stop: a run's steps are
  /// rounded up to a multiple of this and of the number of environments.
  var stepsAtOnce: Int { get }
  /// Whether the agent acts on the environment's disturbance port during training.
  var usesDisturbances: Bool { get }
  /// Whether the agent itself chooses the parameters that the run randomises, within their ranges.
  var searchesParameters: Bool { get }
  /// What the agent does with recorded episodes.
  var useOfRecordings: UseOfRecordings { get }
  /// Returns why the agent can't use these recorded episodes, in one sentence with the remedy; nil if
  /// it can.
  func problem(with recordings: RecordedEpisodes) -> String?
  /// Returns estimates of the memory that the agent's parts need, from which a run that does not fit
  /// into memory is refused.
  func memoryNeeds(in specification: EnvironmentSpecification, environments: Int) -> [MemoryNeed]
}

extension AgentConfiguration {
  /// Returns nil: any settings may be combined.
  public func problem(environments: Int, totalSteps: Int) -> String? { nil }
  /// Returns nil: the agent can learn in every environment.
  public func problem(in specification: EnvironmentSpecification) -> String? { nil }
  /// One step: the agent can stop after any step of all environments.
  public var stepsAtOnce: Int { 1 }
  /// False: the environment is left undisturbed.
  public var usesDisturbances: Bool { false }
  /// False: episodes have the parameters that the run gives them.
  public var searchesParameters: Bool { false }
  /// Nothing: the agent learns from its own episodes.
  public var useOfRecordings: UseOfRecordings { .none }
  /// Returns nil: any recorded episodes of the environment will do.
  public func problem(with recordings: RecordedEpisodes) -> String? { nil }
  /// Returns nothing: the agent fits into any memory.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] { [] }
}

extension AgentConfiguration {
  /// Returns why the agent can't learn in a registered environment, in one sentence with the remedy;
  /// nil if it can.
  ///
  /// - Parameters:
  ///   - environment: The environment.
  ///   - others: All environments, of which the sentence names those that would do.
  /// - Returns: The problem.
  public func problem(
    in environment: RegisteredEnvironment, among others: [RegisteredEnvironment]
  ) -> String? {
    if usesDisturbances, environment.disturbanceComponents.isEmpty {
      let served = others.filter { !$0.disturbanceComponents.isEmpty }.map(\.identifier)
      let other =
        Self.table.contains { $0.key == "adversary-acts" } ? "set adversary-acts=action or " : ""
      return "\(environment.identifier) has no disturbance port for the adversary's force; \(other)"
        + "choose one of \(served.joined(separator: ", "))"
    }
    return problem(in: environment.specification)
  }
}

extension EnvironmentSpecification {
  /// Reason why an agent that needs a finite box of actions can't act in the environment, in one
  /// sentence; nil if it can.
  public var problemOfActions: String? {
    guard case .box(let low, let high) = actionSpace else {
      return "continuous actions are needed, and \(identifier) has choices; use ppo"
    }
    guard (low + high).allSatisfy(\.isFinite) else {
      return "bounded actions are needed, and those of \(identifier) are not"
    }
    return nil
  }
}

/// An agent in the table of agents, with its presets and default settings.
public struct RegisteredAgent: Sendable {
  /// Identifier of the agent, as used on the command line.
  public let identifier: String
  /// Description of the agent in one sentence.
  public let summary: String
  /// Presets as YAML, each a mapping from environment id (or `default`) to run settings and a
  /// `settings` mapping, and each changing those before it.
  public let presets: [String]
  /// Default settings of the agent.
  public let defaults: any AgentConfiguration
  private let construct: @Sendable (any AgentConfiguration, AgentContext) -> any Agent

  /// Registers an agent.
  ///
  /// - Parameters:
  ///   - identifier: The agent's identifier.
  ///   - summary: A description in one sentence.
  ///   - presets: Presets as YAML; see ``presets``.
  ///   - defaults: The default settings, in which agents of the same type may differ.
  ///   - make: A closure that creates the agent.
  public init<C: AgentConfiguration>(
    _ identifier: String, _ summary: String, presets: [String] = [], defaults: C,
    make: @escaping @Sendable (C, AgentContext) -> any Agent
  ) {
    self.identifier = identifier
    self.summary = summary
    self.presets = presets
    self.defaults = defaults
    construct = { configuration, context in
      guard let configuration = configuration as? C else {
        preconditionFailure("\(identifier) can't use \(type(of: configuration))")
      }
      return make(configuration, context)
    }
  }

  /// Creates the agent; the settings must be of the same type as ``defaults``.
  public func make(_ configuration: any AgentConfiguration, in context: AgentContext) -> any Agent {
    construct(configuration, context)
  }
}
