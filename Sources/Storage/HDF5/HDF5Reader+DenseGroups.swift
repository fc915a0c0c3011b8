/// Groups whose links are in a fractal heap, which HDF5 does with those of more than eight members
/// that remember the order in which they were made (`track_order` of h5py).
///
/// - Source: The HDF Group, *HDF5 File Format Specification*, version 3.0, III.A.2 and III.G.
extension HDF5Reader {
  /// Returns where the link messages of a group are that are indexed by name.
  func links(inHeap heap: UInt64, index: UInt64) throws(HDF5Error) -> [Range<Int>] {
    let heap = try FractalHeap(file, at: heap)
    var links: [Range<Int>] = []
    for record in try records(of: index, type: 5, bytes: 4 + heap.identifierBytes) {
      links.append(try heap.object(record.dropFirst(4), in: file))
    }
    return links
  }

  /// Returns all records of a B-tree of version 2.
  private func records(
    of tree: UInt64, type: Int, bytes recordBytes: Int
  ) throws(HDF5Error) -> [Range<Int>] {
    var header = try HDF5Cursor(file, at: tree)
    let first = header.position
    try header.expect("BTHD")
    guard try header.integer(1, after: 1) == type else {
      throw .damaged("a tree is of another kind")
    }
    let nodeBytes = try header.integer(4)
    guard try header.integer(2) == recordBytes else {
      throw .damaged("a tree has records of another length")
    }
    let depth = try header.integer(2)
    let (root, count) = (try header.number(8, after: 2), try header.integer(2))
    let total = try header.integer(8)
    try check(first..<header.position, &header)

    // A node has a signature, a version, a kind and a checksum: 10 bytes in all.
    let mostInLeaf = max(0, nodeBytes - 10) / recordBytes
    let countBytes = Self.bytes(ofNumbersUpTo: mostInLeaf)
    guard depth <= 16 else { throw .damaged("a tree is deeper than any can be") }
    // Widths of the number of records below a child, which those of leaves don't have.
    var (mostBelow, totalBytes) = (mostInLeaf, [0])
    for _ in 0..<depth {
      let pointer = 8 + countBytes + totalBytes[totalBytes.count - 1]
      let most = max(0, nodeBytes - 10 - pointer) / (recordBytes + pointer)
      let (product, isHuge) = (most + 1).multipliedReportingOverflow(by: mostBelow)
      guard !isHuge, product < 1 << 48 else { throw .damaged("a tree is larger than any can be") }
      mostBelow = product + most
      totalBytes.append(Self.bytes(ofNumbersUpTo: mostBelow))
    }

    guard root != HDF5Messages.undefined else { return [] }
    var (records, seen) = ([Range<Int>](), Set<UInt64>())
    var nodes = [(address: root, count: count, level: depth)]
    while let (address, count, level) = nodes.popLast() {
      guard seen.insert(address).inserted else { throw .damaged("a tree contains itself") }
      var node = try HDF5Cursor(file, at: address)
      let first = node.position
      try node.expect(level == 0 ? "BTLF" : "BTIN")
      guard try node.integer(1, after: 1) == type else {
        throw .damaged("a tree is of another kind")
      }
      // Nodes that lie over each other could have more than memory holds.
      guard count <= file.count / recordBytes - records.count else {
        throw .damaged("a tree has more records than the file has room for")
      }
      for _ in 0..<count { records.append(try node.take(recordBytes)) }
      for _ in 0..<(level == 0 ? 0 : count + 1) {
        let (child, childCount) = (try node.number(8), try node.integer(countBytes))
        try node.skip(totalBytes[level - 1])
        nodes.append((child, childCount, level - 1))
      }
      try check(first..<node.position, &node)
    }
    guard records.count == total else {
      throw .damaged("a tree has \(records.count) records instead of \(total)")
    }
    return records
  }

  /// Returns the number of bytes in which HDF5 stores numbers up to a greatest one.
  fileprivate static func bytes(ofNumbersUpTo greatest: Int) -> Int {
    (Int.bitWidth - 1 - max(1, greatest).leadingZeroBitCount) / 8 + 1
  }
}

/// A heap whose blocks double in size from row to row of a table.
private struct FractalHeap {
  /// Length of the identifier of an object.
  let identifierBytes: Int
  private let offsetBytes: Int
  private let lengthBytes: Int
  private let width: Int
  private let firstBlockBytes: Int
  /// Number of rows with blocks of data; those below have tables.
  private let directRows: Int
  private let root: UInt64
  /// Rows of the table at the root, or none where a block of data is the root.
  private let rootRows: Int

  init(_ file: [UInt8], at address: UInt64) throws(HDF5Error) {
    var header = try HDF5Cursor(file, at: address)
    try header.expect("FRHP")
    identifierBytes = try header.integer(2, after: 1)
    try HDF5Reader.require(try header.number(2) == 0, "groups that are not compressed")
    let mostBytes = try header.integer(4, after: 1)
    // Huge and tiny objects and free space, which links of usual names don't need.
    width = try header.integer(2, after: 96)
    firstBlockBytes = try header.integer(8)
    let lastBlockBytes = try header.integer(8)
    let bits = try header.integer(2)
    root = try header.number(8, after: 2)
    rootRows = try header.integer(2)
    guard
      width > 0, firstBlockBytes.isPowerOfTwo, lastBlockBytes.isPowerOfTwo, width.isPowerOfTwo,
      firstBlockBytes <= lastBlockBytes, width <= 2 * lastBlockBytes / firstBlockBytes,
      (1...48).contains(bits),
      firstBlockBytes.trailingZeroBitCount + width.trailingZeroBitCount + rootRows <= 56
    else { throw .damaged("a heap has blocks that can't be right") }
    directRows = (lastBlockBytes / firstBlockBytes).trailingZeroBitCount + 2
    offsetBytes = (bits + 7) / 8
    lengthBytes = min(
      (lastBlockBytes.trailingZeroBitCount + 7) / 8,
      HDF5Reader.bytes(ofNumbersUpTo: mostBytes))
  }

  /// Returns where an object is.
  func object(_ identifier: Range<Int>, in file: [UInt8]) throws(HDF5Error) -> Range<Int> {
    var cursor = HDF5Cursor(file, in: identifier)
    try HDF5Reader.require(
      try cursor.number(1) & 0xF0 == 0, "groups whose names are neither very short nor very long")
    var offset = try cursor.integer(offsetBytes)
    let length = try cursor.integer(lengthBytes)
    var (block, rows) = (root, rootRows)
    while rows > 0 {
      var (row, rowOffset) = (0, 0)
      while offset - rowOffset >= width * bytes(inRow: row) {
        rowOffset += width * bytes(inRow: row)
        row += 1
        guard row < rows else { throw .damaged("a name lies outside of its heap") }
      }
      let column = (offset - rowOffset) / bytes(inRow: row)
      offset -= rowOffset + column * bytes(inRow: row)
      var table = try HDF5Cursor(file, at: block)
      try table.expect("FHIB")
      // Version, address of the header, offset, and the blocks before.
      block = try table.number(8, after: 9 + offsetBytes + 8 * (row * width + column))
      rows =
        row < directRows
        ? 0 : (bytes(inRow: row) / firstBlockBytes / width).trailingZeroBitCount + 1
    }
    var place = try HDF5Cursor(file, at: block)
    let first = place
    try place.expect("FHDB")
    place = first
    try place.skip(offset)
    return try place.take(length)
  }

  private func bytes(inRow row: Int) -> Int { firstBlockBytes << max(0, row - 1) }
}

extension Int {
  fileprivate var isPowerOfTwo: Bool { self > 0 && self & (self - 1) == 0 }
}
