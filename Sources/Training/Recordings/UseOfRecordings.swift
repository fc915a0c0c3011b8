/// What an agent does with recorded episodes.
public enum UseOfRecordings: Sendable, Equatable {
  /// Nothing: it learns only from its own episodes.
  case none
  /// They are in its replay buffer before it begins, if the run has some.
  case prefillsReplay
  /// It learns from them alone and takes no steps in its environments.
  case learnsFromThemAlone
}

extension RegisteredAgent {
  /// What the agent does with recorded episodes by default.
  public var useOfRecordings: UseOfRecordings { defaults.useOfRecordings }
}
