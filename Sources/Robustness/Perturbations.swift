internal import Storage
public import Training

/// Perturbations of actions, bodies and observations, which may be combined.
public struct Perturbations: Sendable, Equatable {
  /// A constant error of a sensor.
  public enum Bias: Sendable, Equatable {
    /// Drawn for each episode and component, uniformly within ± these, in the components' units.
    case drawn([Double])
    /// The same in every episode, in the components' units.
    case constant([Double])

    /// One number for all components or one for each.
    var values: [Double] {
      switch self {
      case .drawn(let values), .constant(let values): values
      }
    }
  }

  /// Number of steps by which actions act late.
  public var actionDelay = 0
  /// Probability with which a step's action is lost and the last one that arrived acts again.
  public var actionDropout = 0.0
  /// Standard deviation of the noise on continuous actions, in half-ranges; for discrete ones, the
  /// probability of a random choice.
  public var actionNoise = 0.0
  /// Pushes, which add up.
  public var pushes: [Push] = []
  /// Offset of observations; nil for none.
  public var observationBias: Bias?
  /// Standard deviation of the noise on observations, in the components' units: one for all
  /// components or one for each; empty for none.
  public var observationNoise: [Double] = []
  /// Number of steps by which observations arrive late.
  public var observationDelay = 0

  /// Largest number of steps of a delay.
  static let mostDelay = 1000
  /// Largest number of steps in a push.
  static let mostSteps = 1_000_000_000

  /// Creates a set without perturbations.
  public init() {}

  /// Parses `NAME=VALUE`, separated by commas; `none` perturbs nothing.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - origin: Where it was written, for messages.
  /// - Throws: `ConfigurationError` if a name is unknown or a value is not allowed.
  public init(parsing text: String, origin: String = "text") throws(ConfigurationError) {
    self = try Self.read(.scalar(text: text, isQuoted: true, origin: origin), of: "perturb")
  }

  /// Whether nothing is perturbed, or everything by nothing.
  public var isEmpty: Bool { self == Perturbations() }

  /// Whether only a body is perturbed, not what an agent observes.
  public var keepsObservations: Bool {
    observationBias == nil && observationNoise.isEmpty && observationDelay == 0
  }

  // MARK: Reading and writing

  static func read(
    _ node: SettingNode, of setting: String
  ) throws(ConfigurationError) -> Perturbations {
    var result = Perturbations()
    var names: Set<String> = []
    for assignment in try Assignment.read(node, of: setting) {
      let (name, spec) = (assignment.name, assignment.spec)
      guard let kind = PerturbationKind.find(name) else {
        throw .unknown(
          "perturbation", name, allowed: PerturbationKind.all.map(\.name),
          origin: assignment.origin)
      }
      guard names.insert(name).inserted || name == "push" else {
        throw ConfigurationError("\(setting) names \(name) twice (\(assignment.origin))")
      }
      if let demand = result.set(name, to: spec) {
        throw ConfigurationError(
          "\(setting) \(name) must be \(kind.form), \(demand), and is '\(spec.printable)' "
            + "(\(assignment.origin))")
      }
    }
    return result
  }

  /// Sets what a specification says.
  ///
  /// - Returns: What its numbers must be if they are not; nil if they are.
  private mutating func set(_ name: String, to spec: String) -> String? {
    let number = SpecificationText.number(spec)
    let steps = number.flatMap { Int(exactly: $0) }.flatMap {
      (0...Self.mostDelay).contains($0) ? $0 : nil
    }
    let isSize = number.map { $0 >= 0 } ?? false
    switch name {
    case "action-delay", "observation-delay":
      guard let steps else { return "a whole number in 0...\(Self.mostDelay)" }
      if name == "action-delay" { actionDelay = steps } else { observationDelay = steps }
    case "action-dropout":
      guard let number, (0...1).contains(number) else { return "in 0...1" }
      actionDropout = number
    case "action-noise":
      guard let number, isSize else { return "at least 0" }
      actionNoise = number
    case "observation-noise":
      guard let values = Self.numbers(spec), values.allSatisfy({ $0 >= 0 }) else {
        return "at least 0"
      }
      observationNoise = values
    case "observation-bias":
      let isConstant = spec.hasPrefix("constant:")
      guard let values = Self.numbers(isConstant ? String(spec.dropFirst(9)) : spec),
        isConstant || values.allSatisfy({ $0 >= 0 })
      else { return "at least 0 unless it is constant" }
      observationBias = isConstant ? .constant(values) : .drawn(values)
    default:
      guard let push = Push(spec) else {
        return "with MAGNITUDE and STD in 0...1, STEPS and START whole numbers from 1 up, and "
          + "periods of at least 2"
      }
      pushes.append(push)
    }
    return nil
  }

  private static func numbers(_ text: String) -> [Double]? {
    let texts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = texts.compactMap { SpecificationText.number($0) }
    return numbers.count == texts.count ? numbers : nil
  }

  private var assignments: [Assignment] {
    func text(_ numbers: [Double]) -> String {
      numbers.map(SpecificationText.text).joined(separator: ":")
    }
    var texts: [(String, String)] = []
    if actionDelay > 0 { texts.append(("action-delay", "\(actionDelay)")) }
    if actionDropout > 0 { texts.append(("action-dropout", text([actionDropout]))) }
    if actionNoise > 0 { texts.append(("action-noise", text([actionNoise]))) }
    for push in pushes { texts.append(("push", push.text)) }
    switch observationBias {
    case .drawn(let values): texts.append(("observation-bias", text(values)))
    case .constant(let values): texts.append(("observation-bias", "constant:\(text(values))"))
    case nil: break
    }
    if !observationNoise.isEmpty { texts.append(("observation-noise", text(observationNoise))) }
    if observationDelay > 0 { texts.append(("observation-delay", "\(observationDelay)")) }
    return texts.map { Assignment(name: $0, spec: $1, origin: SettingNode.writtenOrigin) }
  }

  /// The perturbations one by one, each `NAME=VALUE`.
  public var parts: [String] { assignments.map { "\($0.name)=\($0.spec)" } }
}

extension Perturbations: CustomStringConvertible {
  /// Text that ``init(parsing:origin:)`` reads back: `NAME=VALUE`, separated by commas, or `none`.
  public var description: String { Assignment.text(assignments) }
}

extension Perturbations: SettingValue {
  /// Format of the setting: a mapping from names to values, with a list for several pushes; a text
  /// or a list of `NAME=VALUE` are read as well.
  public static let settingFormat = SettingFormat<Perturbations>(
    read: { node, name throws(ConfigurationError) in try Self.read(node, of: name) },
    write: { Assignment.write($0.assignments) })
}
