public import Foundation

// The safetensors format: a little-endian 64-bit header length, a JSON header that names type,
// shape and byte range of every tensor, and the tensors' bytes without gaps.  Nothing in it is
// executed, and nothing is allocated before sizes have been checked against the file's own.
//
// Source: https://huggingface.co/docs/safetensors, format of version 0.4 and later.

extension TensorArchive {
  /// Length of the longest header accepted, in bytes: a checkpoint of 65,536 environments has 25 MB.
  private static let longestHeader = 32 << 20

  /// The contents of a safetensors file with this archive.
  ///
  /// Tensors are ordered by type (widest first, for alignment) and name, so equal archives have
  /// equal bytes.
  public var safetensors: Data {
    let ordered = tensors.sorted {
      ($0.value.values.elementSize, $1.key) > ($1.value.values.elementSize, $0.key)
    }
    var header: [String: HeaderValue] = [:]
    if !metadata.isEmpty { header["__metadata__"] = .metadata(metadata) }
    var offset = 0
    for (name, tensor) in ordered {
      let end = offset + tensor.values.count * tensor.values.elementSize
      header[name] = .entry(
        HeaderEntry(
          dtype: tensor.values.typeName, shape: tensor.shape, dataOffsets: [offset, end]))
      offset = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard var json = try? encoder.encode(header) else {
      preconditionFailure("a header of strings and integers can be encoded")
    }
    json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
    var file = Data()
    file.append(littleEndian: UInt64(json.count))
    file.append(json)
    let body = file.count
    file.append(Data(count: offset))
    var bytes = file.mutableSpan
    var position = body
    for (_, tensor) in ordered { tensor.values.write(to: &bytes, at: &position) }
    return file
  }

  /// Creates an archive from a safetensors file.
  ///
  /// - Parameter data: Contents of the file; all sizes, offsets and counts are checked before use.
  /// - Throws: ``ArchiveError/invalid(reason:)`` if the file is malformed.
  public init(safetensors data: Data) throws(ArchiveError) {
    self.init()
    let data = data.startIndex == 0 ? data : Data(data)
    guard data.count >= 8 else { throw .invalid(reason: "it is too short for a safetensors file") }
    let headerCount: UInt64 = data.span.word(at: 0)
    guard headerCount <= UInt64(data.count - 8) else {
      // Other files begin with something else than the length of a header.
      throw .invalid(
        reason: headerCount > UInt64(Self.longestHeader)
          ? "it is not a safetensors file\(Self.beginning(of: data))"
          : "its header claims \(headerCount) bytes and the file has \(data.count)")
    }
    guard headerCount <= UInt64(Self.longestHeader) else {
      throw .invalid(
        reason: "its header has \(headerCount) bytes, and at most \(Self.longestHeader) are read")
    }
    let bodyStart = 8 + Int(headerCount)
    let bodyCount = data.count - bodyStart
    let entries: [(name: String, entry: HeaderEntry)]
    (metadata, entries) = try Self.parseHeader(data[8..<bodyStart])

    var expected = 0
    for (name, entry) in entries.sorted(by: { $0.entry.begin < $1.entry.begin }) {
      let (begin, end) = (entry.begin, entry.end)
      guard begin == expected, end >= begin, end <= bodyCount else {
        throw .invalid(
          reason: "\(name.printable) lies at \(begin)..<\(end) rather than at \(expected)")
      }
      guard let count = entry.elementCount, let size = Values.elementSizes[entry.dtype] else {
        throw .invalid(
          reason: "\(name.printable) has type \(entry.dtype.printable) and shape \(entry.shape)")
      }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, bytes == end - begin else {
        throw .invalid(
          reason: "\(name.printable) of shape \(entry.shape) does not fit \(end - begin) bytes")
      }
      let values = Values(
        typeName: entry.dtype, bytes: data.span, in: bodyStart + begin..<bodyStart + end)
      set(name, values, shape: entry.shape)
      expected = end
    }
    guard expected == bodyCount else {
      throw .invalid(reason: "its tensors end at byte \(expected) of \(bodyCount)")
    }
  }

  /// Returns how a file begins, if that is text.
  private static func beginning(of data: Data) -> String {
    let start = data.prefix(40).prefix { $0 >= 0x20 && $0 < 0x7F }
    guard start.count >= 8 else { return "" }
    return ": it begins with the text '\(String(decoding: start, as: UTF8.self))'"
  }

  /// Reads the header, in memory that is proportional to it.
  private static func parseHeader(
    _ json: Data
  ) throws(ArchiveError) -> ([String: String], [(name: String, entry: HeaderEntry)]) {
    var metadata: [String: String]?
    var names: Set<String> = []
    var entries: [(name: String, entry: HeaderEntry)] = []
    var scanner = JSONScanner(Array(json))
    do throws(JSONScanner.Failure) {
      try scanner.object { name, scanner throws(JSONScanner.Failure) in
        guard names.insert(name).inserted else { throw scanner.failure("a name twice") }
        guard name == "__metadata__" else {
          entries.append((name, try HeaderEntry(&scanner)))
          return
        }
        var strings: [String: String] = [:]
        try scanner.object { key, scanner throws(JSONScanner.Failure) in
          guard strings.updateValue(try scanner.string(), forKey: key) == nil else {
            throw scanner.failure("a key twice")
          }
        }
        metadata = strings
      }
      scanner.skipSpace()
      guard scanner.isAtEnd else { throw scanner.failure("text after the header") }
    } catch {
      throw .invalid(
        reason: "its header is not a safetensors header: at byte \(error.byte), \(error.reason)")
    }
    // Offsets alone don't order empty tensors; with names, order and errors are repeatable.
    return (
      metadata ?? [:],
      entries.sorted { ($0.entry.end, $0.name) < ($1.entry.end, $1.name) }
    )
  }
}

/// The description of one tensor in a safetensors header.
private struct HeaderEntry: Encodable {
  /// Maximum number of extents.
  private static let mostExtents = 32

  let dtype: String
  let shape: [Int]
  let dataOffsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype, shape
    case dataOffsets = "data_offsets"
  }

  init(dtype: String, shape: [Int], dataOffsets: [Int]) {
    (self.dtype, self.shape, self.dataOffsets) = (dtype, shape, dataOffsets)
  }

  /// Reads an entry, which has all three members and no others.
  init(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) {
    var (type, shape, offsets) = (String?.none, [Int]?.none, [Int]?.none)
    try scanner.object { key, scanner throws(JSONScanner.Failure) in
      switch key {
      case "dtype" where type == nil: type = try scanner.string()
      case "shape" where shape == nil: shape = try Self.integers(&scanner)
      case "data_offsets" where offsets == nil: offsets = try Self.integers(&scanner)
      default: throw scanner.failure("an unknown member")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw scanner.failure("a tensor without type, shape and two offsets")
    }
    self.init(dtype: type, shape: shape, dataOffsets: offsets)
  }

  private static func integers(_ scanner: inout JSONScanner) throws(JSONScanner.Failure) -> [Int] {
    var numbers: [Int] = []
    try scanner.array { scanner throws(JSONScanner.Failure) in
      guard numbers.count < mostExtents, let number = Int(try scanner.number()) else {
        throw scanner.failure("expected at most \(mostExtents) whole numbers")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// Index of the tensor's first byte.
  var begin: Int { dataOffsets[0] }
  /// Index after the tensor's last byte.
  var end: Int { dataOffsets[1] }

  /// The product of the extents; nil if an extent is negative or the product overflows.
  var elementCount: Int? {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      count = product
    }
    return count
  }
}

/// A value in a safetensors header that is written.
private enum HeaderValue: Encodable {
  case metadata([String: String])
  case entry(HeaderEntry)

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .metadata(let strings): try strings.encode(to: encoder)
    case .entry(let entry): try entry.encode(to: encoder)
    }
  }
}

extension TensorArchive.Values {
  fileprivate static let elementSizes = ["F32": 4, "F64": 8, "U64": 8]

  fileprivate var typeName: String {
    switch self {
    case .floats: "F32"
    case .doubles: "F64"
    case .words: "U64"
    }
  }

  fileprivate var elementSize: Int {
    if case .floats = self { 4 } else { 8 }
  }

  /// Writes the numbers' bytes from `position` on, and moves the position past them.
  fileprivate func write(to bytes: inout MutableSpan<UInt8>, at position: inout Int) {
    switch self {
    case .floats(let values):
      for value in values { bytes.store(value.bitPattern, at: &position) }
    case .doubles(let values):
      for value in values { bytes.store(value.bitPattern, at: &position) }
    case .words(let values):
      for value in values { bytes.store(value, at: &position) }
    }
  }

  /// Reads numbers of a supported type from a range whose length is a multiple of the type's size.
  fileprivate init(typeName: String, bytes: Span<UInt8>, in range: Range<Int>) {
    switch typeName {
    case "F32":
      self = .floats(
        stride(from: range.lowerBound, to: range.upperBound, by: 4).map {
          Float(bitPattern: bytes.word(at: $0))
        })
    case "F64":
      self = .doubles(
        stride(from: range.lowerBound, to: range.upperBound, by: 8).map {
          Double(bitPattern: bytes.word(at: $0))
        })
    default:
      self = .words(
        stride(from: range.lowerBound, to: range.upperBound, by: 8).map { bytes.word(at: $0) })
    }
  }
}

extension MutableSpan<UInt8> {
  /// Stores an integer in little-endian order and moves the position past it.
  fileprivate mutating func store<Word: FixedWidthInteger>(_ word: Word, at position: inout Int) {
    for i in 0..<Word.bitWidth / 8 {
      self[position + i] = UInt8(truncatingIfNeeded: word >> (8 * i))
    }
    position += Word.bitWidth / 8
  }
}

extension Span<UInt8> {
  /// Returns the little-endian integer at an index.
  fileprivate func word<Word: FixedWidthInteger>(at index: Int) -> Word {
    var word: Word = 0
    for i in 0..<Word.bitWidth / 8 { word |= Word(truncatingIfNeeded: self[index + i]) << (8 * i) }
    return word
  }
}

extension Data {
  /// Appends an integer in little-endian order.
  package mutating func append<Word: FixedWidthInteger>(littleEndian word: Word) {
    for shift in stride(from: 0, to: Word.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: word >> shift))
    }
  }
}
