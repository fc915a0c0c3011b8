/// Numbers of an array of HDF5 in row-major order, rounded to single precision.
public struct HDF5Numbers: Sendable, Equatable {
  /// Extent along each dimension; none of a single number.
  public var shape: [Int]
  /// The numbers.
  public var values: [Float]

  /// Creates an array of numbers of a shape.
  public init(shape: [Int], values: [Float]) { (self.shape, self.values) = (shape, values) }
}

/// Where the numbers of an array are.
private enum Layout {
  case contiguous(address: UInt64, bytes: Int)
  /// Chunks of this shape in a tree.
  case chunked(tree: UInt64, shape: [Int])
}

/// A filter through which chunks went when they were written.
private enum Filter: UInt64 {
  case gzip = 1
  case shuffle = 2
}

extension HDF5Reader {
  /// Greatest number of dimensions of an array.
  private static let mostDimensions = 8

  /// Reads an array of numbers or flags.
  ///
  /// - Throws: ``HDF5Error/unsupported(_:)`` if the object is something else, such as a group.
  public mutating func numbers(of array: Object) throws(HDF5Error) -> HDF5Numbers {
    var (shape, type, layout) = ([Int]?.none, StoredNumber?.none, Layout?.none)
    var filters: [Filter] = []
    for message in try messages(of: array) {
      let body = HDF5Cursor(file, in: message.body)
      switch message.type {
      case 1: shape = try Self.shape(body)
      case 3: type = try StoredNumber(body, file)
      case 8: layout = try Self.layout(body)
      case 11: filters = try Self.filters(body)
      default: break
      }
    }
    guard let shape, let type, let layout else {
      throw .unsupported("one of its members is not an array")
    }
    let count = try Self.product(shape)
    let (bytes, isHuge) = count.multipliedReportingOverflow(by: type.bytes)
    guard !isHuge else { throw .damaged("an array is larger than any can be") }
    let raw: ArraySlice<UInt8>
    switch layout {
    case _ where count == 0: raw = []
    case .contiguous(let address, let stored):
      guard filters.isEmpty, stored == bytes, address != HDF5Messages.undefined else {
        throw .damaged("an array has \(stored) bytes instead of \(bytes)")
      }
      try spend(bytes)
      var place = try HDF5Cursor(file, at: address)
      raw = file[try place.take(bytes)]
    case .chunked(let tree, let chunk):
      guard chunk.count == shape.count + 1, chunk.last == type.bytes else {
        throw .damaged("an array has chunks of another shape")
      }
      raw = try chunks(tree, chunk.dropLast(), of: shape, type.bytes, filters)[...]
    }
    return HDF5Numbers(shape: shape, values: type.values(raw))
  }

  /// Takes bytes from those that may still be decoded.
  private mutating func spend(_ bytes: Int) throws(HDF5Error) {
    guard bytes <= budget else {
      throw .unsupported("it has more than \(Self.mostBytes >> 30) GiB of numbers")
    }
    budget -= bytes
  }

  private static func product(_ extents: some Sequence<Int>) throws(HDF5Error) -> Int {
    var product = 1
    for extent in extents {
      let (next, isHuge) = product.multipliedReportingOverflow(by: extent)
      guard !isHuge else { throw .damaged("an array is larger than any can be") }
      product = next
    }
    return product
  }

  // MARK: Messages

  private static func shape(_ body: HDF5Cursor) throws(HDF5Error) -> [Int] {
    var body = body
    let (version, rank) = (try body.integer(1), try body.integer(1))
    try require((1...2).contains(version), "shapes of the versions 1 and 2")
    try require(rank <= mostDimensions, "arrays of up to \(mostDimensions) dimensions")
    try body.skip(version == 1 ? 6 : 2)
    var shape: [Int] = []
    for _ in 0..<rank { shape.append(try body.integer(8)) }
    return shape
  }

  private static func layout(_ body: HDF5Cursor) throws(HDF5Error) -> Layout {
    var body = body
    let (version, kind) = (try body.integer(1), try body.integer(1))
    try require(
      version == 3 && (1...2).contains(kind), "arrays in one piece and in chunks of a tree")
    guard kind == 2 else {
      return .contiguous(address: try body.number(8), bytes: try body.integer(8))
    }
    let (rank, tree) = (try body.integer(1), try body.number(8))
    var shape: [Int] = []
    for _ in 0..<rank {
      let extent = try body.integer(4)
      guard extent > 0 else { throw .damaged("an array has chunks without contents") }
      shape.append(extent)
    }
    return .chunked(tree: tree, shape: shape)
  }

  /// Reads the filters in the order in which they were applied.
  private static func filters(_ body: HDF5Cursor) throws(HDF5Error) -> [Filter] {
    var body = body
    let (version, count) = (try body.integer(1), try body.integer(1))
    try require((1...2).contains(version), "filters of the versions 1 and 2")
    try body.skip(version == 1 ? 6 : 0)
    var filters: [Filter] = []
    for _ in 0..<count {
      guard let filter = Filter(rawValue: try body.number(2)) else {
        throw .unsupported("only gzip and shuffled bytes can be read, and it has another filter")
      }
      let name = version == 1 ? try body.integer(2) : 0
      let values = try body.integer(2, after: 2)
      try body.skip(name + 4 * (values + (version == 1 ? values % 2 : 0)))
      filters.append(filter)
    }
    return filters
  }

  // MARK: Chunks

  /// Returns the bytes of an array that is stored in chunks.
  private mutating func chunks(
    _ tree: UInt64, _ chunk: ArraySlice<Int>, of shape: [Int], _ size: Int, _ filters: [Filter]
  ) throws(HDF5Error) -> [UInt8] {
    let chunk = Array(chunk)
    let (chunkCount, chunkBytes) = (
      try Self.product(zip(shape, chunk).map { ($0 + $1 - 1) / $1 }),
      try Self.product(chunk + [size])
    )
    let leaves =
      tree == HDF5Messages.undefined
      ? [] : try leaves(of: tree, type: 1, keyBytes: 8 + 8 * (shape.count + 1))
    // With fewer there would be numbers that were never written.
    guard leaves.count == chunkCount else {
      throw .damaged("an array has \(leaves.count) chunks instead of \(chunkCount)")
    }
    let bytes = try Self.product(shape + [size])
    try spend(bytes)
    var (array, found, stored) = ([UInt8](), Set<[Int]>(), 0)
    for leaf in leaves {
      var key = HDF5Cursor(file, in: leaf.key)
      let (count, mask) = (try key.integer(4), try key.integer(4))
      var place: [Int] = []
      for extent in shape {
        let first = try key.integer(8)
        guard first < extent, first % chunk[place.count] == 0 else {
          throw .damaged("a chunk lies beside its array")
        }
        place.append(first)
      }
      stored += count
      guard found.insert(place).inserted, stored <= file.count else {
        throw .damaged("an array has a chunk twice")
      }
      var data = try HDF5Cursor(file, at: leaf.child)
      try spend(chunkBytes)
      let contents = try Self.unfilter(
        file[try data.take(count)], to: chunkBytes, of: size,
        filters.enumerated().filter { mask >> $0.offset & 1 == 0 }.map(\.element))
      // Not before a chunk has shown that there is something in it.
      if array.isEmpty { array = [UInt8](repeating: 0, count: bytes) }
      Self.copy(contents, chunk, to: &array, shape, at: place, size)
    }
    return array
  }

  /// Undoes the filters of a chunk.
  private static func unfilter(
    _ stored: ArraySlice<UInt8>, to count: Int, of size: Int, _ filters: [Filter]
  ) throws(HDF5Error) -> [UInt8] {
    var bytes = Array(stored)
    for filter in filters.reversed() {
      switch filter {
      case .gzip:
        guard let inflated = Zlib.inflate(bytes, count: count) else {
          throw .damaged("a chunk does not inflate to \(count) bytes")
        }
        bytes = inflated
      case .shuffle:
        guard bytes.count == count else { continue }
        // First the lowest bytes of all numbers, then the next.
        let numbers = count / size
        let shuffled = bytes
        for i in 0..<numbers {
          for k in 0..<size { bytes[i * size + k] = shuffled[k * numbers + i] }
        }
      }
    }
    guard bytes.count == count else {
      throw .damaged("a chunk has \(bytes.count) bytes instead of \(count)")
    }
    return bytes
  }

  /// Copies the part of a chunk that lies within its array, one run of the last dimension after
  /// another.
  private static func copy(
    _ contents: [UInt8], _ chunk: [Int], to array: inout [UInt8], _ shape: [Int], at place: [Int],
    _ size: Int
  ) {
    guard let run = chunk.last, let width = shape.last, let first = place.last else {
      array = contents
      return
    }
    let outer = chunk.indices.dropLast()
    let length = size * min(run, width - first)
    for row in 0..<contents.count / (run * size) {
      var (rest, target, stride, isInside) = (row, first, width, true)
      for j in outer.reversed() {
        let index = place[j] + rest % chunk[j]
        rest /= chunk[j]
        isInside = isInside && index < shape[j]
        target += index * stride
        stride *= shape[j]
      }
      guard isInside else { continue }
      let source = row * run * size
      array.replaceSubrange(
        target * size..<target * size + length, with: contents[source..<source + length])
    }
  }
}

/// A type of numbers as a file says it, with the lowest byte first.
private enum StoredNumber {
  case float
  case double
  case signed(Int)
  case unsigned(Int)

  /// Size of a number, in bytes.
  var bytes: Int {
    switch self {
    case .float: 4
    case .double: 8
    case .signed(let bytes), .unsigned(let bytes): bytes
    }
  }

  init(_ body: HDF5Cursor, _ file: [UInt8]) throws(HDF5Error) {
    var body = body
    let start = body.position
    let (kind, order) = (try body.integer(1) & 15, try body.integer(1))
    let size = try body.integer(4, after: 2)
    // Behind the version, which changes none of these.
    func isThat(of known: HDF5Type) -> Bool {
      file[(start + 1)..<(body.position + body.left)].starts(with: known.message.dropFirst())
    }
    switch kind {
    case 0 where order & 1 == 0 && [1, 2, 4, 8].contains(size):
      let (offset, precision) = (try body.integer(2), try body.integer(2))
      try HDF5Reader.require(offset == 0 && precision == 8 * size, "whole numbers of whole bytes")
      self = order & 8 == 0 ? .unsigned(size) : .signed(size)
    case 1 where isThat(of: .float): self = .float
    case 1 where isThat(of: .double): self = .double
    case 8:
      var base = body
      guard try base.integer(1) & 15 == 0 else { throw .damaged("its flags are no numbers") }
      self = try StoredNumber(body, file)
      guard bytes == size else { throw .damaged("its flags have an impossible type") }
    default:
      throw .unsupported(
        "only whole numbers, flags and numbers of single and double precision can be read, with the "
          + "lowest byte first")
    }
  }

  /// Turns bytes into numbers.
  func values(_ raw: ArraySlice<UInt8>) -> [Float] {
    func word(_ i: Int) -> UInt64 {
      var word: UInt64 = 0
      for k in 0..<bytes { word |= UInt64(raw[raw.startIndex + i * bytes + k]) << (8 * UInt64(k)) }
      return word
    }
    let numbers = 0..<raw.count / bytes
    switch self {
    case .float: return numbers.map { Float(bitPattern: UInt32(truncatingIfNeeded: word($0))) }
    case .double: return numbers.map { Float(Double(bitPattern: word($0))) }
    case .unsigned: return numbers.map { Float(word($0)) }
    case .signed(let bytes):
      let shift = UInt64(64 - 8 * bytes)
      return numbers.map { Float(Int64(bitPattern: word($0) << shift) >> Int64(shift)) }
    }
  }
}
