/// One physical constant of an environment that may be varied.
///
/// Each environment has one table of these, which serves documentation, randomisation, sweeps and
/// adversaries alike.
public struct PhysicalParameter<Parameters>: Sendable {
  /// Kebab-case name, unique within the environment.
  public let name: String
  /// Unit of the parameter, "1" if it has none.
  public let unit: String
  /// Range in which the environment is known to behave.
  public let range: ClosedRange<Double>
  /// Whether the negated range is allowed too: the same task with its sign reversed.
  public let isReversible: Bool
  /// Meaning of the parameter, in one phrase.
  public let summary: String
  private let read: @Sendable (Parameters) -> Double
  private let write: @Sendable (inout Parameters, Double) -> Void

  /// Creates a parameter; its nominal value is that of `Parameters()`.
  public init(
    _ name: String, unit: String, range: ClosedRange<Double>, isReversible: Bool = false,
    _ summary: String, _ keyPath: any WritableKeyPath<Parameters, Double> & Sendable
  ) {
    self.name = name
    self.unit = unit
    self.range = range
    self.isReversible = isReversible
    self.summary = summary
    read = { $0[keyPath: keyPath] }
    write = { $0[keyPath: keyPath] = $1 }
  }

  private init<Inner>(
    _ inner: PhysicalParameter<Inner>,
    at keyPath: any WritableKeyPath<Parameters, Inner> & Sendable
  ) {
    (name, unit, range) = (inner.name, inner.unit, inner.range)
    (isReversible, summary) = (inner.isReversible, inner.summary)
    read = { inner.read($0[keyPath: keyPath]) }
    write = { inner.write(&$0[keyPath: keyPath], $1) }
  }

  /// Returns the same parameter of an environment whose parameters contain these.
  ///
  /// - Parameter keyPath: Property that holds them.
  /// - Returns: The parameter, under the same name.
  public func at<Outer>(
    _ keyPath: any WritableKeyPath<Outer, Parameters> & Sendable
  ) -> PhysicalParameter<Outer> {
    PhysicalParameter<Outer>(self, at: keyPath)
  }

  /// Returns the parameter's value.
  public func value(in parameters: Parameters) -> Double { read(parameters) }

  /// Stores a value of the parameter, whether it is allowed or not.
  public func store(_ value: Double, in parameters: inout Parameters) { write(&parameters, value) }

  /// Whether a value is allowed: in the range, or in its negation if the parameter is reversible.
  public func allows(_ value: Double) -> Bool {
    range.contains(value) || isReversible && range.contains(-value)
  }
}

/// A physical parameter without its generic type, as shown in tables and files.
public struct ParameterDescription: Sendable, Equatable {
  /// Kebab-case name of the parameter.
  public let name: String
  /// Unit of the parameter, "1" if it has none.
  public let unit: String
  /// Value of the parameter unless another is set.
  public let nominal: Double
  /// Range in which the environment is known to behave.
  public let range: ClosedRange<Double>
  /// Whether the negated range is allowed too.
  public let isReversible: Bool
  /// Meaning of the parameter, in one phrase.
  public let summary: String

  /// Whether a value is allowed: the nominal one, those in the range, and those in its negation if
  /// the parameter is reversible.
  public func allows(_ value: Double) -> Bool {
    value == nominal || range.contains(value) || isReversible && range.contains(-value)
  }
}

/// A physical parameter's name and value.
public struct ParameterValue: Sendable, Equatable {
  /// Name of the parameter in the environment's table.
  public let name: String
  /// Value of the parameter, in the table's unit.
  public var value: Double

  /// Creates a value.
  public init(name: String, value: Double) {
    self.name = name
    self.value = value
  }
}

/// The physical constants of one environment, nominal when created by `init()`.
public protocol EnvironmentParameters: Sendable, Equatable {
  /// Creates the nominal constants.
  init()
}

/// An empty set of constants, for environments without any to vary.
public struct NoParameters: EnvironmentParameters {
  /// Creates the empty set.
  public init() {}
}
