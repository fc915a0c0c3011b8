/// Named tensors and strings, in memory: what checkpoints and policy files hold.
///
/// The file format is safetensors (see `TensorArchive+Safetensors.swift`).
public struct TensorArchive: Sendable, Equatable {
  /// One tensor's numbers.
  public enum Values: Sendable, Equatable {
    /// Single precision, "F32".
    case floats([Float])
    /// Double precision, "F64".
    case doubles([Double])
    /// Unsigned 64-bit words, "U64".
    case words([UInt64])

    /// Number of elements.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .doubles(let values): values.count
      case .words(let values): values.count
      }
    }
  }

  /// A tensor: its shape and its numbers in row-major order.
  public struct Tensor: Sendable, Equatable {
    /// Extents, outermost first.
    public let shape: [Int]
    /// As many numbers as the product of the extents.
    public let values: Values
  }

  /// Free-form strings.
  public var metadata: [String: String] = [:]
  /// The tensors by name.
  public private(set) var tensors: [String: Tensor] = [:]

  /// Starts an empty archive.
  public init() {}

  /// Adds a tensor whose name is new and whose numbers are as many as its shape says.
  public mutating func set(_ name: String, _ values: Values, shape: [Int]? = nil) {
    let shape = shape ?? [values.count]
    precondition(tensors[name] == nil, "tensor \(name) is there already")
    precondition(
      shape.reduce(1, *) == values.count, "\(name): \(shape) for \(values.count) numbers")
    tensors[name] = Tensor(shape: shape, values: values)
  }

  /// The floats of a tensor; throws unless it is there, single precision and of this length.
  public func floats(_ name: String, count: Int? = nil) throws(ArchiveError) -> [Float] {
    guard case .floats(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: name, expected: "F32")
    }
    return values
  }

  /// The doubles of a tensor; throws unless it is there, double precision and of this length.
  public func doubles(_ name: String, count: Int? = nil) throws(ArchiveError) -> [Double] {
    guard case .doubles(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: name, expected: "F64")
    }
    return values
  }

  /// The words of a tensor; throws unless it is there, of words and of this length.
  public func words(_ name: String, count: Int? = nil) throws(ArchiveError) -> [UInt64] {
    guard case .words(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: name, expected: "U64")
    }
    return values
  }

  private func tensor(_ name: String, count: Int?) throws(ArchiveError) -> Tensor {
    guard let tensor = tensors[name] else { throw .missing(name: name) }
    if let count, tensor.values.count != count {
      throw .wrongCount(name: name, expected: count, found: tensor.values.count)
    }
    return tensor
  }
}

/// An archive that does not hold what it should.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// No tensor or string of that name.
  case missing(name: String)
  /// A tensor of another element type.
  case wrongType(name: String, expected: String)
  /// A tensor of another length.
  case wrongCount(name: String, expected: Int, found: Int)
  /// A value that can't be right.
  case invalid(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .missing(let name): "it has no \(name)"
    case .wrongType(let name, let expected): "\(name) is not of type \(expected)"
    case .wrongCount(let name, let expected, let found):
      "\(name) has \(found) numbers where \(expected) belong"
    case .invalid(let reason): reason
    }
  }
}
