/// What a setting's value may be, beyond its type: a check and the words for it.
public struct AllowedValues: Sendable {
  /// The words for tables, for example "1...64" or "above 0"; empty where the type says all.
  public let description: String
  /// The words that follow "must" in a message.
  let demand: String
  let allows: @Sendable (_ numbers: [Double], _ word: String) -> Bool

  /// Any value of the type.
  public static let any = AllowedValues(description: "", demand: "") { _, _ in true }

  /// A finite number, or a list of them, from a bound up.
  public static func atLeast(_ bound: Double) -> AllowedValues {
    .numbers("at least \(text(bound))", verb: "be") { $0 >= bound && $0.isFinite }
  }

  /// A finite number, or a list of them, above a bound.
  public static func above(_ bound: Double) -> AllowedValues {
    .numbers("above \(text(bound))", verb: "be") { $0 > bound && $0.isFinite }
  }

  /// A number above a bound, or infinity, which means no limit.
  public static func aboveOrInfinite(_ bound: Double) -> AllowedValues {
    .numbers("above \(text(bound))", verb: "be") { $0 > bound }
  }

  /// A number, or a list of them, from one bound to another.
  public static func range(_ range: ClosedRange<Double>) -> AllowedValues {
    .numbers(text(range), verb: "lie in") { range.contains($0) }
  }

  /// A number from one bound to below another.
  public static func range(_ range: Range<Double>) -> AllowedValues {
    let (low, high) = (text(range.lowerBound), text(range.upperBound))
    return .numbers("\(low)...\(high), below \(high)", verb: "lie in") { range.contains($0) }
  }

  /// A number above one bound, up to another.
  public static func above(_ low: Double, through high: Double) -> AllowedValues {
    .numbers("\(text(low...high)), above \(text(low))", verb: "lie in") { $0 > low && $0 <= high }
  }

  /// A number between two bounds.
  public static func between(_ low: Double, _ high: Double) -> AllowedValues {
    .numbers("between \(text(low)) and \(text(high))", verb: "lie") { $0 > low && $0 < high }
  }

  /// Any finite number.
  public static let finite = numbers("finite", verb: "be") { $0.isFinite }

  /// Widths of a network's hidden layers, none for a linear one.
  public static let hiddenWidths = AllowedValues(
    description: "1...8192 each",
    demand: "hold at most \(MLPPolicy.mostHiddenLayers) widths in 1...8192"
  ) { numbers, _ in
    numbers.count <= MLPPolicy.mostHiddenLayers && numbers.allSatisfy { (1...8192).contains($0) }
  }

  /// Some of an enumeration's words.
  public static func words(_ words: String...) -> AllowedValues {
    let list = words.joined(separator: ", ")
    return AllowedValues(description: list, demand: "be one of \(list)") { words.contains($1) }
  }

  /// Numbers each of which passes a test.
  package static func numbers(
    _ description: String, verb: String, test: @escaping @Sendable (Double) -> Bool
  ) -> AllowedValues {
    AllowedValues(description: description, demand: "\(verb) \(description)") { numbers, _ in
      numbers.allSatisfy(test)
    }
  }

  /// A range as a person writes it.
  package static func text(_ range: ClosedRange<Double>) -> String {
    "\(text(range.lowerBound))...\(text(range.upperBound))"
  }

  /// A bound as a person writes it: great powers of two as such, whole numbers without a point.
  private static func text(_ bound: Double) -> String {
    bound > 0x1p16 && bound.significand == 1
      ? "2^\(Int(bound.exponent))" : SettingNode.text(bound.description)
  }
}
