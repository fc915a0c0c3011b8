/// One physical constant of an environment that may be varied.
///
/// The one table an environment keeps of these drives documentation, randomisation, sweeps and
/// adversaries alike.
public struct PhysicalParameter<Parameters>: Sendable {
  /// Kebab-case name, unique within the environment.
  public let name: String
  /// Its unit, "1" if it has none.
  public let unit: String
  /// The range in which the environment is known to behave.
  public let range: ClosedRange<Double>
  /// Whether the negatives of the range are allowed too: the same task with its sign reversed.
  public let isReversible: Bool
  /// One phrase.
  public let summary: String
  /// Where it is stored.
  public let keyPath: any WritableKeyPath<Parameters, Double> & Sendable

  /// Describes one parameter; its nominal value is that of `Parameters()`.
  public init(
    _ name: String, unit: String, range: ClosedRange<Double>, isReversible: Bool = false,
    _ summary: String, _ keyPath: any WritableKeyPath<Parameters, Double> & Sendable
  ) {
    self.name = name
    self.unit = unit
    self.range = range
    self.isReversible = isReversible
    self.summary = summary
    self.keyPath = keyPath
  }

  /// Whether it may have a value.
  public func allows(_ value: Double) -> Bool {
    range.contains(value) || isReversible && range.contains(-value)
  }
}

/// A physical parameter without its type: what tables and files show.
public struct ParameterDescription: Sendable, Equatable {
  /// Kebab-case name.
  public let name: String
  /// Its unit.
  public let unit: String
  /// The value the environment has unless told otherwise.
  public let nominal: Double
  /// The range in which the environment is known to behave.
  public let range: ClosedRange<Double>
  /// Whether the negatives of the range are allowed too.
  public let isReversible: Bool
  /// One phrase.
  public let summary: String

  /// Whether it may have a value.
  public func allows(_ value: Double) -> Bool {
    range.contains(value) || isReversible && range.contains(-value)
  }
}

/// A physical parameter's name and value.
public struct ParameterValue: Sendable, Equatable {
  /// Its name in the environment's table.
  public let name: String
  /// Its value, in the table's unit.
  public var value: Double

  /// Pairs a name with a value.
  public init(name: String, value: Double) {
    self.name = name
    self.value = value
  }
}

/// The constants of one environment, nominal when made by `init()`.
public protocol EnvironmentParameters: Sendable, Equatable {
  /// The nominal constants.
  init()
}

/// The constants of an environment that has none to vary.
public struct NoParameters: EnvironmentParameters {
  /// Nothing.
  public init() {}
}
