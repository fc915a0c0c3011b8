/// A restriction on a setting's value beyond its type, with words that describe it.
public struct AllowedValues: Sendable {
  /// Description for tables, such as "1...64" or "above 0"; empty if any value of the type is
  /// allowed.
  public let description: String
  /// Words that follow "must" in an error message.
  let demand: String
  let allows: @Sendable (_ numbers: [Double], _ word: String) -> Bool

  /// Allows any value of the type.
  public static let any = AllowedValues(description: "", demand: "") { _, _ in true }

  /// Allows finite numbers, alone or in a list, that are at least a bound.
  public static func atLeast(_ bound: Double) -> AllowedValues {
    .numbers("at least \(text(bound))", verb: "be") { $0 >= bound && $0.isFinite }
  }

  /// Allows finite numbers, alone or in a list, above a bound.
  public static func above(_ bound: Double) -> AllowedValues {
    .numbers("above \(text(bound))", verb: "be") { $0 > bound && $0.isFinite }
  }

  /// Allows numbers above a bound, including infinity, which means no limit.
  public static func aboveOrInfinite(_ bound: Double) -> AllowedValues {
    .numbers("above \(text(bound))", verb: "be") { $0 > bound }
  }

  /// Allows numbers, alone or in a list, in a closed range.
  public static func range(_ range: ClosedRange<Double>) -> AllowedValues {
    .numbers(text(range), verb: "lie in") { range.contains($0) }
  }

  /// Allows numbers in a half-open range, below its upper bound.
  public static func range(_ range: Range<Double>) -> AllowedValues {
    let (low, high) = (text(range.lowerBound), text(range.upperBound))
    return .numbers("\(low)...\(high), below \(high)", verb: "lie in") { range.contains($0) }
  }

  /// Allows numbers above a lower bound and up to an upper bound.
  public static func above(_ low: Double, through high: Double) -> AllowedValues {
    .numbers("\(text(low...high)), above \(text(low))", verb: "lie in") { $0 > low && $0 <= high }
  }

  /// Allows numbers strictly between two bounds.
  public static func between(_ low: Double, _ high: Double) -> AllowedValues {
    .numbers("between \(text(low)) and \(text(high))", verb: "lie") { $0 > low && $0 < high }
  }

  /// Allows finite numbers.
  public static let finite = numbers("finite", verb: "be") { $0.isFinite }

  /// Allows widths of a network's hidden layers; an empty list makes a linear network.
  public static let hiddenWidths = AllowedValues(
    description: "1...8192 each",
    demand: "hold at most \(MLPPolicy.mostHiddenLayers) widths in 1...8192"
  ) { numbers, _ in
    numbers.count <= MLPPolicy.mostHiddenLayers && numbers.allSatisfy { (1...8192).contains($0) }
  }

  /// Allows only the given words of an enumeration.
  public static func words(_ words: String...) -> AllowedValues {
    let list = words.joined(separator: ", ")
    return AllowedValues(description: list, demand: "be one of \(list)") { words.contains($1) }
  }

  /// Allows numbers that each pass a test.
  package static func numbers(
    _ description: String, verb: String, test: @escaping @Sendable (Double) -> Bool
  ) -> AllowedValues {
    AllowedValues(description: description, demand: "\(verb) \(description)") { numbers, _ in
      numbers.allSatisfy(test)
    }
  }

  /// Returns a range in the form that a person would write.
  package static func text(_ range: ClosedRange<Double>) -> String {
    "\(text(range.lowerBound))...\(text(range.upperBound))"
  }

  /// Returns a bound in the form that a person would write: large powers of two as such, and whole
  /// numbers without a decimal point.
  private static func text(_ bound: Double) -> String {
    bound > 0x1p16 && bound.significand == 1
      ? "2^\(Int(bound.exponent))" : SettingNode.text(bound.description)
  }
}
