/// One computed member of a trace.
struct TraceField {
  /// Numbers in the precision in which the reference stores them.
  enum Values {
    case singles([Float])
    case doubles([Double])
    case flags([Bool])
    case text([String])
  }

  /// Key of the member.
  let name: String
  /// All numbers in reading order.
  let values: Values
  /// Lengths of nested arrays, outermost first; empty for a single value.
  let shape: [Int]
  /// Largest difference from a recording that still passes; nil if it is only reported.
  let tolerance: Double?

  init(_ name: String, _ values: Values, shape: [Int], tolerance: Double?) {
    self.name = name
    self.values = values
    self.shape = shape
    self.tolerance = tolerance
  }

  /// Creates a member from a row of floats.
  init(_ name: String, _ row: [Float], tolerance: Double?) {
    self.init(name, .singles(row), shape: [row.count], tolerance: tolerance)
  }

  /// Creates a member from a table of floats.
  init(_ name: String, rows: [[Float]], tolerance: Double?) {
    let width = rows.first?.count ?? 0
    self.init(
      name, .singles(rows.flatMap(\.self)), shape: [rows.count, width], tolerance: tolerance)
  }

  /// Creates a member from a row of doubles.
  init(_ name: String, _ row: [Double], tolerance: Double?) {
    self.init(name, .doubles(row), shape: [row.count], tolerance: tolerance)
  }

  /// Creates a member from a table of doubles.
  init(_ name: String, rows: [[Double]], tolerance: Double?) {
    let width = rows.first?.count ?? 0
    self.init(
      name, .doubles(rows.flatMap(\.self)), shape: [rows.count, width], tolerance: tolerance)
  }

  /// Creates a member from a row of flags.
  init(_ name: String, _ row: [Bool], tolerance: Double?) {
    self.init(name, .flags(row), shape: [row.count], tolerance: tolerance)
  }

  /// The member's value as JSON.
  var json: JSONValue {
    let scalars: [JSONValue] =
      switch values {
      case .singles(let row): row.map { .number($0) }
      case .doubles(let row): row.map { .number($0) }
      case .flags(let row): row.map { .bool($0) }
      case .text(let row): row.map { .string($0) }
      }
    guard let width = shape.last else { return scalars.first ?? .null }
    guard shape.count == 2 else { return .array(scalars) }
    return .array(
      (0..<shape[0]).map { .array(Array(scalars[$0 * width..<($0 + 1) * width])) })
  }

  /// Compares the member with the one that the line already had.
  func compare(with recorded: JSONValue) -> TraceComparison {
    var scalars: [JSONValue] = []
    recorded.flatten(into: &scalars)
    var comparison = TraceComparison(field: name, tolerance: tolerance)
    func add(_ errors: [Double?], expected: Int) {
      comparison.hasSameShape = scalars.count == expected && !errors.contains(nil)
      for (i, error) in errors.enumerated() { comparison.add(error ?? .infinity, at: i) }
    }
    switch values {
    case .singles(let row):
      add(
        zip(row, scalars).map { value, other in
          other.single.map { $0 == value ? 0 : Double(abs($0 - value)) }
        }, expected: row.count)
    case .doubles(let row):
      add(
        zip(row, scalars).map { value, other in
          other.double.map { $0 == value ? 0 : abs($0 - value) }
        }, expected: row.count)
    case .flags(let row):
      add(
        zip(row, scalars).map { value, other in other.flag.map { $0 == value ? 0 : 1 } },
        expected: row.count)
    case .text(let row):
      add(
        zip(row, scalars).map { value, other in other == .string(value) ? 0 : 1 },
        expected: row.count)
    }
    return comparison
  }
}

/// The difference between a computed member and the one that the line already had.
public struct TraceComparison: Sendable, Equatable {
  /// Key of the member.
  public let field: String
  /// Largest difference that still passes: 0 if the numbers must be identical, nil if they are only
  /// reported because two builds of a physics engine diverge sooner or later.
  public let tolerance: Double?
  /// Number of numbers compared.
  public private(set) var count = 0
  /// Number of numbers that agree to the last bit.
  public private(set) var exactCount = 0
  /// Largest absolute difference; infinite if a value is not a number.
  public private(set) var maximumError = 0.0
  /// Index of the first number that differs, in reading order; nil if none does.
  public private(set) var firstDifference: Int?
  /// Whether the recording has as many numbers as were computed.
  public internal(set) var hasSameShape = true

  init(field: String, tolerance: Double?) {
    self.field = field
    self.tolerance = tolerance
  }

  /// Whether all numbers agree to the last bit.
  public var isExact: Bool { hasSameShape && exactCount == count }

  /// Whether the recording is reproduced within the tolerance.
  public var passes: Bool { hasSameShape && tolerance.map { maximumError <= $0 } ?? true }

  mutating func add(_ error: Double, at index: Int) {
    count += 1
    if error == 0 { exactCount += 1 } else if firstDifference == nil { firstDifference = index }
    // A difference that is not a number counts as infinite.
    maximumError = error.isNaN ? .infinity : max(maximumError, error)
  }
}
