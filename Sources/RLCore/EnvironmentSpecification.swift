/// The public properties of an environment, which `describe` prints and agents rely on.
public struct EnvironmentSpecification: Sendable, Equatable {
  /// One component of an observation or action.
  public struct Component: Sendable, Equatable {
    /// Name of the component, for example "hull angle".
    public let name: String
    /// Unit of the component, "1" if it has none.
    public let unit: String

    /// Creates a component.
    public init(_ name: String, unit: String = "1") {
      self.name = name
      self.unit = unit
    }
  }

  /// One way in which the task ends an episode.
  public struct End: Sendable, Equatable {
    /// What it means.
    public let meaning: TaskEnd
    /// When it happens, for example "the hull touches the ground".
    public let condition: String

    /// Creates an end.
    public init(_ meaning: TaskEnd, when condition: String) {
      self.meaning = meaning
      self.condition = condition
    }
  }

  /// Registered id of the environment.
  public let identifier: String
  /// Version of the dynamics, increased whenever the same seed and actions lead to a different
  /// trajectory; stored in recordings.
  public let version: Int
  /// Summary of the task in one sentence.
  public let summary: String
  /// The reward of a step in one phrase, with its formula if it has one; nil if it is not described.
  public let reward: String?
  /// Space of the observations.
  public let observationSpace: Space
  /// Names and units of the observation's components, in order.
  public let observationComponents: [Component]
  /// Space of the actions.
  public let actionSpace: Space
  /// Names and units of the action's components, in order; of the choices if it is discrete.
  public let actionComponents: [Component]
  /// Time between two actions, in seconds.
  public let timeStep: Double
  /// Number of steps after which ``VectorEnvironment`` truncates an episode.
  public let episodeSteps: Int
  /// Ways in which the task ends an episode, each with its meaning; empty if only the time limit
  /// does.
  public let ends: [End]
  /// Mean return that counts as solved; nil if there is no agreed value.
  public let solvedReturn: Double?
  /// Reference against which the environment is measured.
  public let source: String
  /// Whether observations may leave their space, as some references' do; they stay within three times
  /// its size.
  public let observationsMayLeaveSpace: Bool
  /// Number of equal bodies that act in the environment: observation and action consist of as many equal
  /// parts, body after body.
  public let agents: Int

  /// Number of observation components.
  public var observationWidth: Int { observationSpace.width }
  /// Number of floats in one action.
  public var actionWidth: Int { actionSpace.width }

  /// Creates a specification.
  public init(
    identifier: String, version: Int = 1, summary: String, reward: String? = nil,
    observationSpace: Space, observationComponents: [Component], actionSpace: Space,
    actionComponents: [Component],
    timeStep: Double, episodeSteps: Int, ends: [End] = [], solvedReturn: Double?, source: String,
    observationsMayLeaveSpace: Bool = false, agents: Int = 1
  ) {
    precondition(observationComponents.count == observationSpace.width, identifier)
    precondition(
      observationSpace.width.isMultiple(of: agents) && actionSpace.width.isMultiple(of: agents),
      "\(identifier) has no equal parts for \(agents) agents")
    self.identifier = identifier
    self.version = version
    self.summary = summary
    self.reward = reward
    self.observationSpace = observationSpace
    self.observationComponents = observationComponents
    self.actionSpace = actionSpace
    self.actionComponents = actionComponents
    self.timeStep = timeStep
    self.episodeSteps = episodeSteps
    self.ends = ends
    self.solvedReturn = solvedReturn
    self.source = source
    self.observationsMayLeaveSpace = observationsMayLeaveSpace
    self.agents = agents
  }
}
