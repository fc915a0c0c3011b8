internal import Agents
public import Environments
public import Training
public import RLCore

/// The environments, agents and controllers that can be asked for by name.
///
/// ``standard`` holds the suite's; an app adds its own.
public struct Registry: Sendable {
  /// The environments.
  public private(set) var environments: [RegisteredEnvironment] = []
  /// The agents.
  public private(set) var agents: [RegisteredAgent] = []
  /// The controllers.
  public private(set) var controllers: [RegisteredController] = []

  /// An empty registry.
  public init() {}

  /// Everything in the suite.
  public static let standard: Registry = {
    var registry = Registry()
    registry.environments = EnvironmentRegistry.all
    registry.agents = AgentRegistry.all
    registry.controllers = ControllerRegistry.all
    return registry
  }()

  /// Adds an environment.
  ///
  /// - Throws: When its id is taken, or not letters, digits and dashes.
  public mutating func add(_ environment: RegisteredEnvironment) throws(ConfigurationError) {
    try check(environment.identifier)
    environments.append(environment)
  }

  /// Adds an agent.
  ///
  /// - Throws: When its id is taken, or not letters, digits and dashes.
  public mutating func add(_ agent: RegisteredAgent) throws(ConfigurationError) {
    try check(agent.identifier)
    agents.append(agent)
  }

  /// Adds a controller.
  ///
  /// - Throws: When its id is taken, or not letters, digits and dashes.
  public mutating func add(_ controller: RegisteredController) throws(ConfigurationError) {
    try check(controller.identifier)
    controllers.append(controller)
  }

  /// The environment of an id.
  ///
  /// - Throws: When there is none, with the nearest id.
  public func environment(_ identifier: String) throws(ConfigurationError) -> RegisteredEnvironment
  {
    guard let environment = environments.first(where: { $0.identifier == identifier }) else {
      throw .unknown("environment", identifier, allowed: environments.map(\.identifier))
    }
    return environment
  }

  /// The agent of an id.
  ///
  /// - Throws: When there is none, with the nearest id.
  public func agent(_ identifier: String) throws(ConfigurationError) -> RegisteredAgent {
    guard let agent = agents.first(where: { $0.identifier == identifier }) else {
      throw .unknown("agent", identifier, allowed: agents.map(\.identifier))
    }
    return agent
  }

  /// The controller of an id, if there is one.
  public func controller(_ identifier: String) -> RegisteredController? {
    controllers.first { $0.identifier == identifier }
  }

  /// Every id; the tool describes all kinds by their ids alone, so no two may be the same.
  public var identifiers: [String] {
    environments.map(\.identifier) + agents.map(\.identifier) + controllers.map(\.identifier)
  }

  private func check(_ identifier: String) throws(ConfigurationError) {
    // Folders and files are named after it, and presets have a `default`.
    guard Self.isIdentifier(identifier), identifier != "default" else {
      throw ConfigurationError(
        "'\(identifier)' can't be an id: letters, digits and dashes are wanted, at most 64 of them")
    }
    guard !identifiers.contains(identifier) else {
      throw ConfigurationError("the id '\(identifier)' is taken; choose another")
    }
  }

  /// Whether a text may be an id.
  static func isIdentifier(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_-]{0,63}/) != nil
  }
}
