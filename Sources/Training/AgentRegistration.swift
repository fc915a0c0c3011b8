public import RLCore

/// The settings of an agent: a table, and the rules that join several of its lines.
public protocol AgentConfiguration: SettingGroup {
  /// What is wrong with settings that are allowed each by itself, in one sentence with the remedy;
  /// nil when nothing is.
  func problem(environments: Int, totalSteps: Int) -> String?
  /// Why the agent can't learn in an environment, in one sentence; nil when it can.
  func problem(in specification: EnvironmentSpecification) -> String?
  /// Bytes of the memory for experience; 0 where they are nothing to speak of.
  func experienceBytes(in specification: EnvironmentSpecification) -> Int
}

extension AgentConfiguration {
  /// Any settings go together.
  public func problem(environments: Int, totalSteps: Int) -> String? { nil }
  /// Every environment will do.
  public func problem(in specification: EnvironmentSpecification) -> String? { nil }
  /// Nothing to speak of.
  public func experienceBytes(in specification: EnvironmentSpecification) -> Int { 0 }
}

/// One line of the table of agents.
public struct RegisteredAgent: Sendable {
  /// The id used on the command line.
  public let identifier: String
  /// One sentence.
  public let summary: String
  /// YAML: environment id (or `default`) → run settings and a `settings` mapping.
  public let presets: String
  /// The default settings.
  public let defaults: any AgentConfiguration
  private let construct: @Sendable (any AgentConfiguration, AgentContext) -> any Agent

  /// Registers an agent.
  ///
  /// - Parameters:
  ///   - identifier: Its id.
  ///   - summary: One sentence.
  ///   - presets: YAML, see ``presets``.
  ///   - defaults: The settings it has unless told otherwise; agents of one type may differ in them.
  ///   - make: Makes the agent.
  public init<C: AgentConfiguration>(
    _ identifier: String, _ summary: String, presets: String = "", defaults: C,
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

  /// Makes the agent; the settings must be of the type of ``defaults``.
  public func make(_ configuration: any AgentConfiguration, in context: AgentContext) -> any Agent {
    construct(configuration, context)
  }
}
