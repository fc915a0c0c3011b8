public import Foundation

// The safetensors format: a little-endian 64-bit header length, a JSON header that names type,
// shape and byte range of every tensor, and the tensors' bytes without gaps.  Nothing in it is
// executed, and nothing is allocated before sizes have been checked against the file's own.
//
// Source: https://huggingface.co/docs/safetensors, format of version 0.4 and later.

extension TensorArchive {
  /// Length of the longest header accepted, in bytes, which is the format's limit.
  private static let longestHeader = 100_000_000

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
    guard headerCount <= UInt64(min(Self.longestHeader, data.count - 8)) else {
      throw .invalid(
        reason: "its header claims \(headerCount) bytes and the file has \(data.count)")
    }
    let bodyStart = 8 + Int(headerCount)
    let bodyCount = data.count - bodyStart
    let entries: [(name: String, entry: HeaderEntry)]
    (metadata, entries) = try Self.parseHeader(data[8..<bodyStart])

    var expected = 0
    for (name, entry) in entries.sorted(by: { $0.entry.dataOffsets[0] < $1.entry.dataOffsets[0] }) {
      let (begin, end) = (entry.dataOffsets[0], entry.dataOffsets[1])
      guard begin == expected, end >= begin, end <= bodyCount else {
        throw .invalid(reason: "\(name) lies at \(begin)..<\(end) rather than at \(expected)")
      }
      guard let count = entry.elementCount, let size = Values.elementSizes[entry.dtype] else {
        throw .invalid(reason: "\(name) has type \(entry.dtype) and shape \(entry.shape)")
      }
      let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, bytes == end - begin else {
        throw .invalid(reason: "\(name) of shape \(entry.shape) does not fit \(end - begin) bytes")
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

  private static func parseHeader(
    _ json: Data
  ) throws(ArchiveError) -> ([String: String], [(String, HeaderEntry)]) {
    let header: [String: HeaderValue]
    do {
      header = try JSONDecoder().decode([String: HeaderValue].self, from: json)
    } catch {
      throw .invalid(reason: "its header is not a safetensors header")
    }
    var metadata: [String: String] = [:]
    var entries: [(String, HeaderEntry)] = []
    for (name, value) in header {
      switch value {
      case .metadata(let strings) where name == "__metadata__": metadata = strings
      case .entry(let entry) where name != "__metadata__" && entry.dataOffsets.count == 2:
        entries.append((name, entry))
      default: throw .invalid(reason: "its header's entry \(name) is malformed")
      }
    }
    // Offsets alone don't order empty tensors; with names, order and errors are repeatable.
    return (
      metadata, entries.sorted { ($0.1.dataOffsets[1], $0.0) < ($1.1.dataOffsets[1], $1.0) }
    )
  }
}

/// The description of one tensor in a safetensors header.
private struct HeaderEntry: Codable {
  let dtype: String
  let shape: [Int]
  let dataOffsets: [Int]

  enum CodingKeys: String, CodingKey {
    case dtype, shape
    case dataOffsets = "data_offsets"
  }

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

/// A value in a safetensors header.
private enum HeaderValue: Codable {
  case metadata([String: String])
  case entry(HeaderEntry)

  init(from decoder: any Decoder) throws {
    if let entry = try? HeaderEntry(from: decoder) {
      self = .entry(entry)
    } else {
      self = .metadata(try [String: String](from: decoder))
    }
  }

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
