/// Reads the members of one line, with a clear error for each.
struct TraceLine {
  /// Largest number of steps of an episode and of elements of an array.
  static let maximumCount = 1_000_000

  /// Names of the members that were asked for.
  private final class Requests {
    var names: Set<String> = []
  }

  let json: JSONValue
  private let requests = Requests()

  init(json: JSONValue) { self.json = json }

  /// Names of the members that this kind of line can have besides those computed.
  var known: Set<String> { requests.names }

  func has(_ field: String) -> Bool {
    requests.names.insert(field)
    guard let value = json[field] else { return false }
    return value != .null
  }

  func required(_ field: String) throws(TraceError) -> JSONValue {
    requests.names.insert(field)
    guard let value = json[field], value != .null else { throw .missing(field: field) }
    return value
  }

  func seed() throws(TraceError) -> UInt64 {
    guard case .number(let text) = try required("seed"), let seed = UInt64(text) else {
      throw .unusable(field: "seed", reason: "is not an unsigned 64-bit integer")
    }
    return seed
  }

  func flag(_ field: String) throws(TraceError) -> Bool {
    guard has(field) else { return false }
    guard case .bool(let value) = try required(field) else {
      throw .unusable(field: field, reason: "is neither true nor false")
    }
    return value
  }

  func string(_ field: String) throws(TraceError) -> String? {
    guard has(field) else { return nil }
    guard case .string(let value) = try required(field) else {
      throw .unusable(field: field, reason: "is not a string")
    }
    return value
  }

  func double(_ field: String) throws(TraceError) -> Double {
    guard let value = try required(field).double, value.isFinite else {
      throw .unusable(field: field, reason: "is not a finite number")
    }
    return value
  }

  /// Returns a row of finite doubles.
  func doubles(_ field: String, count: Int? = nil) throws(TraceError) -> [Double] {
    let row = try elements(of: try required(field), field)
    guard count == nil || row.count == count else {
      throw .unusable(field: field, reason: "has \(row.count) numbers")
    }
    var result: [Double] = []
    for element in row {
      guard let value = element.double, value.isFinite else {
        throw .unusable(field: field, reason: "holds values other than finite numbers")
      }
      result.append(value)
    }
    return result
  }

  /// Returns a table of finite floats; a plain row counts as a table of one column.
  func table(_ field: String, width: Int) throws(TraceError) -> [[Float]] {
    var result: [[Float]] = []
    for element in try elements(of: try required(field), field) {
      let row: [JSONValue] = if case .array(let row) = element { row } else { [element] }
      guard row.count == width else {
        throw .unusable(field: field, reason: "has a row of \(row.count) instead of \(width)")
      }
      var numbers: [Float] = []
      for entry in row {
        guard let value = entry.single, value.isFinite else {
          throw .unusable(field: field, reason: "holds values other than finite numbers")
        }
        numbers.append(value)
      }
      result.append(numbers)
    }
    return result
  }

  private func elements(
    of value: JSONValue, _ field: String
  ) throws(TraceError) -> [JSONValue] {
    guard case .array(let elements) = value else {
      throw .unusable(field: field, reason: "is not an array")
    }
    guard elements.count <= Self.maximumCount else {
      throw .unusable(field: field, reason: "has more than \(Self.maximumCount) elements")
    }
    return elements
  }
}

extension JSONValue {
  /// The number as a double; nil if this is not a number.
  var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// The number as a float, rounded once; nil if this is not a number.
  var single: Float? {
    guard case .number(let text) = self else { return nil }
    return Float(text)
  }

  /// The Boolean value; nil if this is not one.
  var flag: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// Appends all values other than arrays in reading order.
  func flatten(into scalars: inout [JSONValue]) {
    guard case .array(let elements) = self else {
      scalars.append(self)
      return
    }
    for element in elements { element.flatten(into: &scalars) }
  }
}
