internal import Storage

/// An error in settings or arguments, described to the user in one sentence with the remedy.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// Description of the error in one sentence.
  public let description: String

  /// Creates an error with the given description.
  public init(_ description: String) { self.description = description }

  /// Creates an error for an unknown name that suggests the nearest allowed name and lists all.
  ///
  /// - Parameters:
  ///   - kind: The kind of thing that is named, such as "environment".
  ///   - name: The unknown name.
  ///   - allowed: The allowed names.
  ///   - unlisted: Further allowed names, which may be suggested but are not listed.
  ///   - origin: The place where the name was written; nil if it is not known.
  /// - Returns: The error to throw.
  public static func unknown(
    _ kind: String, _ name: String, allowed: [String], unlisted: [String] = [],
    origin: String? = nil
  ) -> ConfigurationError {
    let place = origin.map { " (\($0))" } ?? ""
    let hint = NearestName.question(name, among: allowed + unlisted).map { "; \($0)" } ?? "."
    let list = allowed.isEmpty ? "" : " Allowed: \(allowed.joined(separator: ", "))."
    return ConfigurationError("unknown \(kind) '\(name.printable)'\(place)\(hint)\(list)")
  }
}
