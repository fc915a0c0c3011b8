public import Foundation

/// The reason why a file of HDF5 can't be read.
public enum HDF5Error: Error, Equatable {
  /// The file is not what HDF5 writes; the end of a sentence.
  case damaged(String)
  /// The file may be sound, and needs a part of HDF5 that is not known here; the end of a sentence.
  case unsupported(String)
}

/// Reads groups and arrays of numbers from a file of HDF5.
///
/// It knows the files of h5py 3 with its usual settings and those that this suite writes: groups with
/// symbol tables, with all links in their header or in a heap, and arrays that are contiguous or in
/// chunks, which may be compressed by gzip and shuffled.  Every address, length and count is checked,
/// and a file can't make it read more numbers than ``mostBytes`` allows.
///
/// - Source: The HDF Group, *HDF5 File Format Specification*, version 3.0.
public struct HDF5Reader {
  /// A group or array in the file.
  public struct Object: Sendable, Equatable {
    let address: UInt64
  }

  /// A message of an object header.
  struct Message {
    var type: Int
    var body: Range<Int>
  }

  /// Greatest number of bytes that are decoded in all, chunks and arrays together.
  public static let mostBytes = 1 << 33
  /// Greatest length of a member's name.
  private static let mostNameBytes = 255
  private static let longName = HDF5Error.unsupported(
    "it has a name of more than \(mostNameBytes) bytes")
  /// Root group.
  public let root: Object
  let file: [UInt8]
  /// Number of bytes that may still be decoded.
  var budget = mostBytes

  /// Reads where the root group is.
  public init(_ contents: Data) throws(HDF5Error) {
    file = Array(contents)
    guard contents.starts(with: HDF5Messages.signature) else {
      throw .damaged("it does not begin as files of HDF5 do")
    }
    var cursor = try HDF5Cursor(file, at: UInt64(HDF5Messages.signature.count))
    let version = try cursor.integer(1)
    switch version {
    case 0, 1:
      try cursor.skip(4)
      try Self.require(try cursor.number(2) == 0x0808, "addresses of eight bytes")
      // Sizes of groups' trees, and those of chunks' in version 1.
      try cursor.skip(version == 0 ? 9 : 13)
      try Self.require(try cursor.number(8) == 0, "a file without a block before it")
      // Addresses of free space, of the end and of a driver, and the name of the root.
      try cursor.skip(32)
    case 2, 3:
      try Self.require(try cursor.number(2) == 0x0808, "addresses of eight bytes")
      try cursor.skip(1)
      try Self.require(try cursor.number(8) == 0, "a file without a block before it")
      try cursor.skip(16)
    default: throw .unsupported("its superblock has the version \(version)")
    }
    root = Object(address: try cursor.number(8))
  }

  static func require(_ condition: Bool, _ what: String) throws(HDF5Error) {
    guard condition else { throw .unsupported("only \(what) can be read") }
  }

  // MARK: Object headers

  /// Returns the messages of an object header of either version.
  func messages(of object: Object) throws(HDF5Error) -> [Message] {
    var cursor = try HDF5Cursor(file, at: object.address)
    let isNew = file[cursor.position...].starts(with: "OHDR".utf8)
    var (blocks, hasOrder) = ([Range<Int>](), false)
    if isNew {
      try cursor.skip(4)
      try Self.require(try cursor.number(1) == 2, "object headers of the versions 1 and 2")
      let flags = try cursor.integer(1)
      try cursor.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
      hasOrder = flags & 4 != 0
      blocks.append(try cursor.take(try cursor.integer(1 << (flags & 3))))
      try check(Int(object.address)..<cursor.position, &cursor)
    } else {
      try Self.require(try cursor.number(1) == 1, "object headers of the versions 1 and 2")
      try cursor.skip(7)
      let size = try cursor.integer(4)
      try cursor.skip(4)
      blocks.append(try cursor.take(size))
    }
    var (messages, next, bytes) = ([Message](), 0, 0)
    while next < blocks.count {
      var block = HDF5Cursor(file, in: blocks[next])
      (next, bytes) = (next + 1, bytes + block.left)
      guard bytes <= file.count else { throw .damaged("an object header contains itself") }
      while block.left >= (isNew ? hasOrder ? 6 : 4 : 8) {
        let (type, size) = (try block.integer(isNew ? 1 : 2), try block.integer(2))
        let flags = try block.integer(1)
        try block.skip(isNew ? hasOrder ? 2 : 0 : 3)
        let body = try block.take(size)
        guard type == 0x10 else {
          // Bit 1: the body is elsewhere, as that of a type with a name is.
          guard flags & 2 == 0 || type == 0x0C else {
            throw .unsupported("its objects share parts of their headers")
          }
          messages.append(Message(type: type, body: body))
          continue
        }
        var link = HDF5Cursor(file, in: body)
        var more = try HDF5Cursor(file, at: try link.number(8))
        let count = try link.integer(8)
        guard isNew else {
          blocks.append(try more.take(count))
          continue
        }
        let first = more.position
        try more.expect("OCHK")
        guard count >= 8 else { throw .damaged("a part of an object header is too short") }
        blocks.append(try more.take(count - 8))
        try check(first..<more.position, &more)
      }
    }
    return messages
  }

  /// Compares a part of the file with the checksum that follows it.
  func check(_ range: Range<Int>, _ cursor: inout HDF5Cursor) throws(HDF5Error) {
    guard try cursor.number(4) == UInt64(HDF5Messages.checksum(Data(file[range]))) else {
      throw .damaged("the checksum of one of its parts is another one")
    }
  }

  // MARK: Groups

  /// Returns the members of a group by their names, without soft links.
  public func members(of group: Object) throws(HDF5Error) -> [String: Object] {
    var members: [String: Object] = [:]
    func add(_ name: String, _ address: UInt64) throws(HDF5Error) {
      guard members.updateValue(Object(address: address), forKey: name) == nil else {
        throw .damaged("a group has two members of the same name")
      }
    }
    func addLink(_ message: HDF5Cursor) throws(HDF5Error) {
      var body = message
      let flags = try body.integer(1, after: 1)
      let kind = flags & 8 == 0 ? 0 : try body.integer(1)
      try body.skip((flags & 4 != 0 ? 8 : 0) + (flags & 16 != 0 ? 1 : 0))
      let name = try body.take(try body.integer(1 << (flags & 3)))
      guard name.count <= Self.mostNameBytes else { throw Self.longName }
      if kind == 0 { try add(text(name), body.number(8)) }
    }
    for message in try messages(of: group) {
      var body = HDF5Cursor(file, in: message.body)
      switch message.type {
      case 2:
        let flags = try body.integer(1, after: 1)
        try body.skip(flags & 1 != 0 ? 8 : 0)
        let (heap, index) = (try body.number(8), try body.number(8))
        guard heap != HDF5Messages.undefined else { continue }
        for link in try links(inHeap: heap, index: index) {
          try addLink(HDF5Cursor(file, in: link))
        }
      case 6: try addLink(body)
      case 0x11:
        let (tree, heap) = (try body.number(8), try body.number(8))
        var names = try HDF5Cursor(file, at: heap)
        try names.expect("HEAP")
        let size = try names.integer(8, after: 4)
        var place = try HDF5Cursor(file, at: try names.number(8, after: 8))
        let heapData = try place.take(size)
        for leaf in try leaves(of: tree, type: 0, keyBytes: 8) {
          var node = try HDF5Cursor(file, at: leaf.child)
          try node.expect("SNOD")
          for _ in 0..<(try node.integer(2, after: 2)) {
            let (name, address) = (try node.integer(8), try node.number(8))
            let isSoft = try node.integer(4) == 2
            try node.skip(20)
            guard !isSoft else { continue }
            guard name < heapData.count else { throw .damaged("a name lies outside of its heap") }
            let rest = file[(heapData.lowerBound + name)..<heapData.upperBound]
              .prefix(Self.mostNameBytes + 1)
            guard let end = rest.firstIndex(of: 0) else { throw Self.longName }
            try add(text(rest.startIndex..<end), address)
          }
        }
      default: break
      }
    }
    return members
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: file[range], as: UTF8.self) }

  // MARK: Trees

  /// An entry of a leaf of a tree.
  struct Leaf {
    var key: Range<Int>
    var child: UInt64
  }

  /// Returns all entries of the leaves of a B-tree of version 1.
  func leaves(of root: UInt64, type: Int, keyBytes: Int) throws(HDF5Error) -> [Leaf] {
    var (leaves, nodes, seen) = ([Leaf](), [root], Set<UInt64>())
    while let address = nodes.popLast() {
      guard seen.insert(address).inserted else { throw .damaged("a tree contains itself") }
      var node = try HDF5Cursor(file, at: address)
      try node.expect("TREE")
      guard try node.integer(1) == type else { throw .damaged("a tree is of another kind") }
      let (level, count) = (try node.integer(1), try node.integer(2))
      // Siblings.
      try node.skip(16)
      for _ in 0..<count {
        let key = try node.take(keyBytes)
        let child = try node.number(8)
        if level == 0 { leaves.append(Leaf(key: key, child: child)) } else { nodes.append(child) }
      }
    }
    return leaves
  }
}

/// Reads numbers one after another from a part of a file, and never beyond it.
struct HDF5Cursor {
  private let file: [UInt8]
  private(set) var position: Int
  private let end: Int
  /// Number of bytes left.
  var left: Int { end - position }

  /// Reads from an address to the end of the file.
  init(_ file: [UInt8], at address: UInt64) throws(HDF5Error) {
    guard address < UInt64(file.count) else { throw .damaged("an address lies beyond its end") }
    (self.file, position, end) = (file, Int(address), file.count)
  }

  /// Reads a range of the file.
  init(_ file: [UInt8], in range: Range<Int>) {
    (self.file, position, end) = (file, range.lowerBound, range.upperBound)
  }

  /// Returns the range of the next bytes.
  mutating func take(_ count: Int) throws(HDF5Error) -> Range<Int> {
    guard count <= left else { throw .damaged("it ends too early") }
    defer { position += count }
    return position..<position + count
  }

  /// Skips bytes.
  mutating func skip(_ count: Int) throws(HDF5Error) { _ = try take(count) }

  /// Reads a number of up to eight bytes, behind some that are skipped.
  mutating func number(_ count: Int, after skipped: Int = 0) throws(HDF5Error) -> UInt64 {
    try skip(skipped)
    return try take(count).reversed().reduce(0) { $0 << 8 | UInt64(file[$1]) }
  }

  /// Reads a number that can be the size or index of something in memory.
  mutating func integer(_ count: Int, after skipped: Int = 0) throws(HDF5Error) -> Int {
    let number = try number(count, after: skipped)
    guard number < 1 << 48 else { throw .damaged("it has a number that can't be right") }
    return Int(number)
  }

  /// Skips a signature.
  mutating func expect(_ signature: String) throws(HDF5Error) {
    let range = try take(signature.utf8.count)
    guard file[range].elementsEqual(signature.utf8) else {
      throw .damaged("it has no \(signature) where one should be")
    }
  }
}
