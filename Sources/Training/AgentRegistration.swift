public import RLCore

/// The settings of an agent.
///
/// `Codable` with kebab-case keys is what YAML presets, `--set` and `config.yaml` go through, so a
/// property without a key can't be set and a key without a property is refused.
public protocol AgentConfiguration: Codable, Sendable, Equatable {
  /// The defaults.
  init()
  /// One phrase for each key, in the order in which they are shown.
  static var summaries: [(key: String, summary: String)] { get }
  /// What is wrong with these settings, in one sentence with the remedy; nil when nothing is.
  func problem(environments: Int, totalSteps: Int) -> String?
  /// Why the agent can't learn in an environment, in one sentence; nil when it can.
  func problem(in specification: EnvironmentSpecification) -> String?
  /// Bytes of the memory for experience; 0 where they are nothing to speak of.
  func experienceBytes(in specification: EnvironmentSpecification) -> Int
}

extension AgentConfiguration {
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

  /// Registers an agent whose settings are of type `C`.
  public init<C: AgentConfiguration>(
    _ identifier: String, _ summary: String, presets: String, settings: C.Type,
    make: @escaping @Sendable (C, AgentContext) -> any Agent
  ) {
    self.identifier = identifier
    self.summary = summary
    self.presets = presets
    defaults = C()
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
