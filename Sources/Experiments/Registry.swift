internal import Agents
public import Environments
public import Training
public import RLCore

/// The environments, agents and controllers that can be found by their ids.
///
/// ``standard`` holds those of the suite, to which an app adds its own.
public struct Registry: Sendable {
  /// All environments.
  public private(set) var environments: [RegisteredEnvironment] = []
  /// All agents.
  public private(set) var agents: [RegisteredAgent] = []
  /// All controllers.
  public private(set) var controllers: [RegisteredController] = []
  /// All baselines, which can act in every environment.
  public private(set) var baselines: [Baseline] = []
  /// All planners, which can act in every environment whose state can be copied.
  public private(set) var planners: [PlanningMethod] = []

  /// Readers of the kinds of policy that are saved.
  public private(set) var policyReaders = PolicyReader.all

  /// Creates a registry without environments, agents and controllers.
  public init() {}

  /// Registry of the suite's own environments, agents and controllers.
  public static let standard: Registry = {
    var registry = Registry()
    registry.environments = EnvironmentRegistry.all
    registry.agents = AgentRegistry.all
    registry.controllers = ControllerRegistry.all
    registry.baselines = Baseline.allCases
    registry.planners = PlanningMethod.allCases
    return registry
  }()

  /// Adds an environment.
  ///
  /// - Throws: `ConfigurationError` if the id is taken or malformed.
  public mutating func add(_ environment: RegisteredEnvironment) throws(ConfigurationError) {
    try check(environment.identifier)
    environments.append(environment)
  }

  /// Adds an agent.
  ///
  /// - Throws: `ConfigurationError` if the id is taken or malformed.
  public mutating func add(_ agent: RegisteredAgent) throws(ConfigurationError) {
    try check(agent.identifier)
    agents.append(agent)
  }

  /// Adds a controller.
  ///
  /// - Throws: `ConfigurationError` if the id is taken or malformed.
  public mutating func add(_ controller: RegisteredController) throws(ConfigurationError) {
    try check(controller.identifier)
    controllers.append(controller)
  }

  /// Adds a reader of a kind of policy that an added agent learns.
  ///
  /// - Throws: `ConfigurationError` if there is a reader of this kind.
  public mutating func add(_ reader: PolicyReader) throws(ConfigurationError) {
    guard !policyReaders.contains(where: { $0.kind == reader.kind }) else {
      throw ConfigurationError("policies of kind '\(reader.kind)' have a reader already")
    }
    policyReaders.append(reader)
  }

  /// Returns the environment with this id.
  ///
  /// - Throws: `ConfigurationError` with the nearest id if there is none.
  public func environment(_ identifier: String) throws(ConfigurationError) -> RegisteredEnvironment
  {
    guard let environment = environments.first(where: { $0.identifier == identifier }) else {
      throw .unknown("environment", identifier, allowed: environments.map(\.identifier))
    }
    return environment
  }

  /// Returns the agent with this id.
  ///
  /// - Throws: `ConfigurationError` with the nearest id if there is none.
  public func agent(_ identifier: String) throws(ConfigurationError) -> RegisteredAgent {
    guard let agent = agents.first(where: { $0.identifier == identifier }) else {
      throw .unknown("agent", identifier, allowed: agents.map(\.identifier))
    }
    return agent
  }

  /// Returns the controller with this id; nil if there is none.
  public func controller(_ identifier: String) -> RegisteredController? {
    controllers.first { $0.identifier == identifier }
  }

  /// Names of everything that acts without training: controllers, planners and baselines.
  public var controllerNames: [String] {
    controllers.map(\.identifier) + planners.map(\.rawValue) + baselines.map(\.rawValue)
  }

  /// All ids; no two of any kind are the same, since the tool describes everything by its id alone.
  public var identifiers: [String] {
    environments.map(\.identifier) + agents.map(\.identifier) + controllerNames
  }

  private func check(_ identifier: String) throws(ConfigurationError) {
    // Folders and files are named after it, and presets have a `default`.
    guard Self.isIdentifier(identifier), identifier != "default" else {
      throw ConfigurationError(
        "'\(identifier)' can't be an id; use at most 64 letters, digits, dashes and underscores")
    }
    guard !identifiers.contains(identifier) else {
      throw ConfigurationError("the id '\(identifier)' is taken; choose another")
    }
  }

  /// Returns whether a text is a valid id.
  static func isIdentifier(_ text: String) -> Bool {
    text.utf8.count <= 64 && text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_-]{0,63}/) != nil
  }
}
