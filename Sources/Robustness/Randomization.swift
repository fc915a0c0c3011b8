public import Training
internal import Storage

/// A set of physical parameters that every episode draws for itself, domain randomisation.
///
/// - Source: Tobin et al. 2017, arXiv:1703.06907; Peng et al. 2018, arXiv:1710.06537, who randomise
///   the dynamics.
public struct Randomization: Sendable, Equatable {
  /// The distribution of one parameter.
  public struct Draw: Sendable, Equatable {
    /// Name of the parameter in the environment's table.
    public var name: String
    /// Distribution of its values, in the parameter's unit.
    public var distribution: ParameterDistribution
    /// Number of environment steps, over all environments, in which training widens the
    /// distribution from the parameter's own value; nil for the whole distribution from the start.
    public var growth: Int?

    /// Creates a draw.
    public init(_ name: String, _ distribution: ParameterDistribution, growth: Int? = nil) {
      (self.name, self.distribution, self.growth) = (name, distribution, growth)
    }
  }

  /// The parameters that are drawn, in the order in which they were written.
  public var draws: [Draw]

  /// Creates a set; by default, nothing is drawn.
  public init(_ draws: [Draw] = []) { self.draws = draws }

  /// Parses `NAME=SPEC`, separated by commas; `none` draws nothing.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - origin: Where it was written, for messages.
  /// - Throws: `ConfigurationError` if a specification has none of the forms.
  public init(parsing text: String, origin: String = "text") throws(ConfigurationError) {
    self = try Self.read(.scalar(text: text, isQuoted: true, origin: origin), of: "randomize")
  }

  /// Whether nothing is drawn.
  public var isEmpty: Bool { draws.isEmpty }

  /// Number of steps after which a range may reach its full width at the latest.
  private static let mostSteps = 1 << 50

  static func read(
    _ node: SettingNode, of setting: String
  ) throws(ConfigurationError) -> Randomization {
    var draws: [Draw] = []
    for assignment in try Assignment.read(node, of: setting) {
      let draw = try Self.draw(assignment, of: setting)
      guard !draws.contains(where: { $0.name == draw.name }) else {
        throw ConfigurationError("\(setting) names \(draw.name) twice (\(assignment.origin))")
      }
      draws.append(draw)
    }
    return Randomization(draws)
  }

  private static func draw(
    _ assignment: Assignment, of setting: String
  ) throws(ConfigurationError) -> Draw {
    let (name, spec) = (assignment.name, assignment.spec)
    let halves = spec.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let steps = halves.count == 2 ? SpecificationText.number(halves[1]) : nil
    let growth = steps.flatMap { Int(exactly: $0) }
    guard let distribution = ParameterDistribution(String(halves[0])),
      halves.count == 1 || (1...mostSteps).contains(growth ?? 0)
    else {
      throw ConfigurationError(
        "'\(spec.printable)' is not a valid \(setting) of \(name.printable) (\(assignment.origin)). "
          + "Allowed: \(ParameterDistribution.forms.joined(separator: ", ")); LOW at most HIGH; "
          + "@STEPS behind it, from 1 up, widens it over that many steps.")
    }
    if case .choice = distribution, growth != nil {
      throw ConfigurationError(
        "\(setting) \(name)=\(spec.printable): a choice has no width that could grow; leave out "
          + "@\(halves[1])")
    }
    return Draw(name, distribution, growth: growth)
  }

  private var assignments: [Assignment] {
    draws.map { draw in
      let growth = draw.growth.map { "@\($0)" } ?? ""
      return Assignment(
        name: draw.name, spec: draw.distribution.text + growth, origin: SettingNode.writtenOrigin)
    }
  }
}

extension Randomization: CustomStringConvertible {
  /// Text that ``init(parsing:origin:)`` reads back: `NAME=SPEC`, separated by commas, or `none`.
  public var description: String { Assignment.text(assignments) }
}

extension Randomization: SettingValue {
  /// Format of the setting: a mapping from names to specifications; a text or a list of `NAME=SPEC`
  /// are read as well.
  public static let settingFormat = SettingFormat<Randomization>(
    read: { node, name throws(ConfigurationError) in try Self.read(node, of: name) },
    write: { Assignment.write($0.assignments) })
}

extension Randomization {
  /// Returns the parameters with the ranges in which an agent may search for the worst case.
  ///
  /// - Parameter agent: Id of the agent, for the message.
  /// - Throws: `ConfigurationError` if there is no parameter, or one has no range from the start.
  /// - Returns: The parameters.
  public func uncertainParameters(
    for agent: String
  ) throws(ConfigurationError) -> [UncertainParameter] {
    guard !isEmpty else {
      throw ConfigurationError(
        "\(agent) looks for the worst case of randomised parameters, and there are none; name some "
          + "with --randomize NAME=LOW..HIGH")
    }
    var parameters: [UncertainParameter] = []
    for draw in draws {
      switch draw.distribution {
      case .uniform(let range) where draw.growth == nil,
        .logUniform(let range) where draw.growth == nil:
        parameters.append(UncertainParameter(draw.name, in: range))
      default:
        throw ConfigurationError(
          "\(agent) looks for the worst case in ranges, and randomize \(Randomization([draw])) is "
            + "none; use \(draw.name)=LOW..HIGH")
      }
    }
    return parameters
  }
}
