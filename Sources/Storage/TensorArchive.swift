/// A collection of named tensors and strings, the contents of checkpoints and policy files.
///
/// The file format is safetensors (see `TensorArchive+Safetensors.swift`).
public struct TensorArchive: Sendable, Equatable {
  /// The numbers of a tensor.
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

  /// A tensor: a shape and numbers in row-major order.
  public struct Tensor: Sendable, Equatable {
    /// Extents of the tensor, outermost first.
    public let shape: [Int]
    /// Numbers of the tensor, as many as the product of the extents.
    public let values: Values
  }

  /// Free-form strings by name.
  public var metadata: [String: String] = [:]
  /// Tensors by name.
  public private(set) var tensors: [String: Tensor] = [:]
  /// What stood before the names of a part in its whole archive, for messages; empty for a whole one.
  public private(set) var scope = ""

  /// Creates an empty archive.
  public init() {}

  /// Adds a tensor, whose name must be new and whose number of elements must match the shape.
  ///
  /// - Parameters:
  ///   - name: Name of the tensor.
  ///   - values: Numbers of the tensor, in row-major order.
  ///   - shape: Extents of the tensor; one-dimensional by default.
  public mutating func set(_ name: String, _ values: Values, shape: [Int]? = nil) {
    let shape = shape ?? [values.count]
    precondition(tensors[name] == nil, "tensor \(name) is there already")
    precondition(
      shape.reduce(1, *) == values.count, "\(name): \(shape) for \(values.count) numbers")
    tensors[name] = Tensor(shape: shape, values: values)
  }

  /// Returns the numbers of a single-precision tensor.
  ///
  /// - Throws: ``ArchiveError`` if the tensor does not exist, has another type or, if a count is
  ///   given, another number of elements.
  public func floats(_ name: String, count: Int? = nil) throws(ArchiveError) -> [Float] {
    guard case .floats(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: scope + name, expected: "F32")
    }
    return values
  }

  /// Returns the numbers of a double-precision tensor.
  ///
  /// - Throws: ``ArchiveError`` if the tensor does not exist, has another type or, if a count is
  ///   given, another number of elements.
  public func doubles(_ name: String, count: Int? = nil) throws(ArchiveError) -> [Double] {
    guard case .doubles(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: scope + name, expected: "F64")
    }
    return values
  }

  /// Returns the words of a tensor of unsigned 64-bit words.
  ///
  /// - Throws: ``ArchiveError`` if the tensor does not exist, has another type or, if a count is
  ///   given, another number of elements.
  public func words(_ name: String, count: Int? = nil) throws(ArchiveError) -> [UInt64] {
    guard case .words(let values) = try tensor(name, count: count).values else {
      throw .wrongType(name: scope + name, expected: "U64")
    }
    return values
  }

  /// Adds all tensors and strings of another archive, with `prefix.` before their names.
  public mutating func set(_ other: TensorArchive, under prefix: String) {
    for (name, tensor) in other.tensors {
      set("\(prefix).\(name)", tensor.values, shape: tensor.shape)
    }
    for (name, text) in other.metadata { metadata["\(prefix).\(name)"] = text }
  }

  /// Returns the archive that was added under a prefix; empty if there was none.
  public func part(under prefix: String) -> TensorArchive {
    var part = TensorArchive()
    let start = "\(prefix)."
    part.scope = scope + start
    for (name, tensor) in tensors where name.hasPrefix(start) {
      part.tensors[String(name.dropFirst(start.count))] = tensor
    }
    for (name, text) in metadata where name.hasPrefix(start) {
      part.metadata[String(name.dropFirst(start.count))] = text
    }
    return part
  }

  private func tensor(_ name: String, count: Int?) throws(ArchiveError) -> Tensor {
    guard let tensor = tensors[name] else { throw .missing(name: scope + name) }
    if let count, tensor.values.count != count {
      throw .wrongCount(name: scope + name, expected: count, found: tensor.values.count)
    }
    return tensor
  }
}

/// An error in the contents of an archive.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  /// The archive has no tensor or string of this name.
  case missing(name: String)
  /// The tensor has another element type.
  case wrongType(name: String, expected: String)
  /// The tensor has another number of elements.
  case wrongCount(name: String, expected: Int, found: Int)
  /// The archive or one of its values is invalid.
  case invalid(reason: String)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .missing(let name): "it has no \(name)"
    case .wrongType(let name, let expected): "\(name) is not of type \(expected)"
    case .wrongCount(let name, let expected, let found):
      "\(name) has \(found) numbers instead of \(expected)"
    case .invalid(let reason): reason
    }
  }
}
