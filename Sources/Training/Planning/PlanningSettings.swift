public import RLCore
internal import Storage

/// A method that plans by trying sequences of actions on copies of the simulator's state.
public enum PlanningMethod: String, Sendable, CaseIterable {
  /// The cross-entropy method.
  case cem
  /// Model predictive path integral control.
  case mppi

  /// Summary of the method in one sentence.
  public var summary: String {
    switch self {
    case .cem: "Plans on copies of the true state by the cross-entropy method."
    case .mppi: "Plans on copies of the true state by weighting random plans with their returns."
    }
  }
}

/// The settings of a planner.
public struct PlanningSettings: SettingGroup {
  /// Method of the planner.
  public var method = PlanningMethod.mppi
  /// Physical constants that the planner believes in.
  public var parameters = ModelParameters.nominal
  /// Time over which it plans, in s.
  public var horizon = 1.0
  /// Time for which the last reward of a plan is taken to continue, in s: the value of its last state.
  public var tail = 0.0
  /// Number of plans per iteration.
  public var samples = 128
  /// Number of iterations per control step.
  public var iterations = 4
  /// Standard deviation of the noise of the boldest plan at first, where actions span ±1.
  public var deviation: Float = 0.5
  /// Standard deviation of the noise of the most cautious plan at first; the others lie in between.
  public var leastDeviation: Float = 0.03
  /// Time in which the correlation of the noise falls to 1/e, in s; 0 for white noise.
  public var correlationTime = 0.1
  /// Difference of returns that changes a plan's weight by e, in standard deviations of the plans'
  /// returns; used by ``PlanningMethod/mppi``.
  public var temperature = 0.1
  /// Share of the plans from which the next iteration is drawn; used by ``PlanningMethod/cem``.
  public var elites = 0.1

  /// Creates the default settings.
  public init() {}

  /// Creates the default settings of a method.
  public init(_ method: PlanningMethod) { self.method = method }

  public static let table: [Setting<Self>] = [
    Setting(
      "parameters", \.parameters, .any,
      "physical constants of the copies: the nominal ones, or the episode's own"),
    Setting("horizon", \.horizon, .above(0, through: 10), "time over which it plans, in s"),
    Setting(
      "tail", \.tail, .range(0...100), "time for which a plan's last reward would continue, in s"),
    Setting("samples", \.samples, .range(8...65_536), "number of plans per iteration"),
    Setting("iterations", \.iterations, .range(1...64), "number of iterations per control step"),
    Setting(
      "deviation", \.deviation, .above(0, through: 2),
      "standard deviation of the boldest plan's noise, where actions span ±1"),
    Setting(
      "least-deviation", \.leastDeviation, .above(0, through: 2),
      "standard deviation of the most cautious plan's noise; the others lie in between"),
    Setting(
      "correlation-time", \.correlationTime, .range(0...10),
      "time in which the noise's correlation falls to 1/e, in s"),
    Setting(
      "temperature", \.temperature, .above(0, through: 100),
      "mppi: difference of returns, in their standard deviations, that changes a weight by e"),
    Setting("elites", \.elites, .above(0, through: 1), "cem: share of the plans that are fitted"),
  ]

  /// Reads the id of a method, alone or with settings after a colon: `mppi:horizon=2,samples=64`.
  ///
  /// - Throws: `ConfigurationError` if a setting is unknown or its value is not allowed.
  /// - Returns: The settings; nil if the text does not begin with the id of a method.
  public static func read(_ text: String) throws(ConfigurationError) -> PlanningSettings? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let method = parts.first.flatMap({ PlanningMethod(rawValue: String($0)) }) else {
      return nil
    }
    var settings = PlanningSettings(method)
    guard parts.count == 2 else { return settings }
    for part in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard halves.count == 2 else {
        throw ConfigurationError(
          "\(method.rawValue) needs NAME=VALUE after its colon, separated by commas, and got "
            + "'\(String(part).printable)'")
      }
      guard let setting = table.first(where: { $0.key == halves[0] }) else {
        throw .unknown(
          "setting of \(method.rawValue)", String(halves[0]), allowed: table.map(\.key))
      }
      try setting.set(
        &settings,
        to: .scalar(text: String(halves[1]), isQuoted: false, origin: "'\(text.printable)'"))
    }
    return settings
  }
}

extension ModelParameters: SettingValue {}
