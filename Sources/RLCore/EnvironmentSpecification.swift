/// What an environment looks like from outside: everything `describe` prints and agents rely on.
public struct EnvironmentSpecification: Sendable, Equatable {
  /// One component of an observation or action.
  public struct Component: Sendable, Equatable {
    /// What it is, for example "hull angle".
    public let name: String
    /// Its unit, "1" if it has none.
    public let unit: String

    /// Names one component.
    public init(_ name: String, unit: String = "1") {
      self.name = name
      self.unit = unit
    }
  }

  /// The registered id.
  public let identifier: String
  /// Grows whenever the same seed and actions give another trajectory than before; recordings carry
  /// it.
  public let version: Int
  /// One sentence.
  public let summary: String
  /// Where observations lie.
  public let observationSpace: Space
  /// Names and units of the observation's components, in order.
  public let observationComponents: [Component]
  /// Where actions lie.
  public let actionSpace: Space
  /// Names and units of the action's components, in order; of the choices where it is discrete.
  public let actionComponents: [Component]
  /// Seconds between two actions.
  public let timeStep: Double
  /// Steps after which ``VectorEnvironment`` truncates an episode.
  public let episodeSteps: Int
  /// The mean return that counts as solved, if the field has agreed on one.
  public let solvedReturn: Double?
  /// The reference it is measured against.
  public let source: String

  /// Number of observation components.
  public var observationWidth: Int { observationSpace.width }
  /// Number of floats in one action.
  public var actionWidth: Int { actionSpace.width }

  /// Describes an environment.
  public init(
    identifier: String, version: Int = 1, summary: String, observationSpace: Space,
    observationComponents: [Component], actionSpace: Space, actionComponents: [Component],
    timeStep: Double, episodeSteps: Int, solvedReturn: Double?, source: String
  ) {
    precondition(observationComponents.count == observationSpace.width, identifier)
    self.identifier = identifier
    self.version = version
    self.summary = summary
    self.observationSpace = observationSpace
    self.observationComponents = observationComponents
    self.actionSpace = actionSpace
    self.actionComponents = actionComponents
    self.timeStep = timeStep
    self.episodeSteps = episodeSteps
    self.solvedReturn = solvedReturn
    self.source = source
  }
}
