/// An error that prevents a trace from being re-simulated.
public enum TraceError: Error, Equatable, CustomStringConvertible {
  /// The line is not valid JSON.
  case malformedJSON(byte: Int, reason: String)
  /// Neither the caller nor a metadata line names an environment.
  case noEnvironment
  /// There is no environment of this id; `known` lists those there are.
  case unknownEnvironment(String, known: [String])
  /// The kind of file has no counterpart in this suite.
  case unsupportedKind(String)
  /// A required member is missing.
  case missing(field: String)
  /// A member has an unsuitable value.
  case unusable(field: String, reason: String)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .malformedJSON(let byte, let reason): "invalid JSON at byte \(byte): \(reason)"
    case .noEnvironment: "no environment given, and no metadata line names one"
    case .unknownEnvironment(let name, let known):
      "unknown environment \"\(name)\"; known are \(known.joined(separator: ", "))"
    case .unsupportedKind(let kind): "traces of kind \"\(kind)\" can't be re-simulated"
    case .missing(let field): "the line lacks \"\(field)\""
    case .unusable(let field, let reason): "\"\(field)\" \(reason)"
    }
  }
}
