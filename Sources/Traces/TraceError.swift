/// A trace that can't be re-simulated.
public enum TraceError: Error, Equatable, CustomStringConvertible {
  /// Not JSON.
  case malformedJSON(byte: Int, reason: String)
  /// Neither the caller nor a metadata line named an environment.
  case noEnvironment
  /// No environment of that name; the names there are.
  case unknownEnvironment(String, known: [String])
  /// A kind of file that has no counterpart here.
  case unsupportedKind(String)
  /// A member that is needed and absent.
  case missing(field: String)
  /// A member that does not fit.
  case unusable(field: String, reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .malformedJSON(let byte, let reason): "not JSON at byte \(byte): \(reason)"
    case .noEnvironment: "no environment given and no metadata line that names one"
    case .unknownEnvironment(let name, let known):
      "unknown environment \"\(name)\"; known are \(known.joined(separator: ", "))"
    case .unsupportedKind(let kind): "traces of kind \"\(kind)\" can't be re-simulated"
    case .missing(let field): "the line lacks \"\(field)\""
    case .unusable(let field, let reason): "\"\(field)\" \(reason)"
    }
  }
}
