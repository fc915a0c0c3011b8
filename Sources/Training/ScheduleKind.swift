/// How a setting changes over a run.
public enum ScheduleKind: String, Codable, Sendable, CaseIterable {
  /// It does not.
  case constant
  /// It falls in proportion to the steps that remain; the last iteration still has some.
  case linear
}
