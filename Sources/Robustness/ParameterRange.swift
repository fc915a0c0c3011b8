package import RLCore
package import Training

extension ParameterDescription {
  /// The allowed range with its unit, such as "±2...30 N".
  package var span: String {
    "\(isReversible ? "±" : "")\(AllowedValues.text(range)) \(unit)"
  }

  /// Whether all values of an interval are allowed.
  func allows(_ interval: ClosedRange<Double>) -> Bool {
    let (low, high) = (interval.lowerBound, interval.upperBound)
    if low == high { return allows(low) }
    // A range and its negative meet if both hold 0.
    let meet = isReversible && range.contains(0)
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    return range.contains(low) && range.contains(high)
      || isReversible && range.contains(-low) && range.contains(-high)
      || meet && -largest <= low && high <= largest
  }

  /// Returns the range of allowed values on a value's side of 0.
  func side(of value: Double) -> ClosedRange<Double> {
    isReversible && !range.contains(value) && range.contains(-value)
      ? -range.upperBound ... -range.lowerBound : range
  }
}

extension [ParameterDescription] {
  /// Returns the parameter of a name.
  ///
  /// - Parameters:
  ///   - name: Name of the parameter.
  ///   - setting: The setting that names it, for the message.
  /// - Throws: `ConfigurationError` with the nearest name and the allowed ones with their ranges.
  /// - Returns: The parameter.
  package func find(_ name: String, for setting: String) throws(ConfigurationError) -> Element {
    if let found = first(where: { $0.name == name }) { return found }
    let hint = NearestName.question(name, among: map(\.name))
    let known = map { "\($0.name) \($0.span)" }.joined(separator: ", ")
    throw ConfigurationError(
      "unknown parameter '\(name)' (\(setting))\(hint.map { "; \($0)" } ?? ".")"
        + (known.isEmpty ? " The environment has no parameters." : " Allowed: \(known)."))
  }
}
