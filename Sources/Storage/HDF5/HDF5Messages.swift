package import Foundation

/// The parts of a file of HDF5 that describe its groups and arrays.
///
/// - Source: The HDF Group, *HDF5 File Format Specification*, version 3.0, sections II.A and IV.A.
package enum HDF5Messages {
  /// An address that stands for none.
  static let undefined = UInt64.max
  /// Signature of a file.
  static let signature = Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])

  /// A message of an object header.
  struct Message {
    var type: UInt8
    var body: Data
  }

  /// Superblock, version 2: the first 48 bytes of a file.
  static func superblock(end: UInt64, root: UInt64) -> Data {
    var data = signature
    data.append(contentsOf: [2, 8, 8, 0])
    for address in [0, undefined, end, root] { data.append(littleEndian: address) }
    return checked(data)
  }

  /// Object header, version 2, in one chunk; its links and attributes are all in it.
  static func objectHeader(_ messages: [Message]) -> Data {
    var body = Data()
    for message in messages {
      precondition(message.body.count <= 65535, "a message of \(message.body.count) bytes")
      body.append(message.type)
      body.append(littleEndian: UInt16(message.body.count))
      body.append(0)
      body.append(message.body)
    }
    // Version 2; the size of the chunk has four bytes.
    var data = Data("OHDR".utf8) + Data([2, 2])
    data.append(littleEndian: UInt32(body.count))
    return checked(data + body)
  }

  /// Link info and group info of a group whose links know their order, and the links themselves.
  static func group(_ members: [(name: String, address: UInt64)]) -> [Message] {
    var info = Data([0, 1])
    for word in [UInt64(members.count), undefined, undefined] { info.append(littleEndian: word) }
    let links = members.enumerated().map { index, member in
      // A hard link with its place in the order and a name of UTF-8, the length of which has a byte.
      var link = Data([1, 0x14])
      link.append(littleEndian: UInt64(index))
      let name = Data(member.name.utf8)
      precondition((1...255).contains(name.count), "a name of \(name.count) bytes")
      link.append(contentsOf: [1, UInt8(name.count)])
      link.append(name)
      link.append(littleEndian: member.address)
      return Message(type: 6, body: link)
    }
    return [Message(type: 2, body: info), Message(type: 10, body: Data([0, 0]))] + links
  }

  /// Dataspace, type, fill value and place of an array.
  static func array(_ array: HDF5Array, at address: UInt64) -> [Message] {
    var layout = Data([3, 1])
    layout.append(littleEndian: array.bytes.isEmpty ? undefined : address)
    layout.append(littleEndian: UInt64(array.bytes.count))
    return [
      Message(type: 1, body: dataspace(array.shape)), Message(type: 3, body: array.type.message),
      // Space is allocated late, and no fill value is given.
      Message(type: 5, body: Data([3, 0x0A])), Message(type: 8, body: layout),
    ]
  }

  /// An attribute that is one number, version 3.
  static func attribute(_ name: String, _ type: HDF5Type, _ word: UInt64) -> Message {
    let (nameBytes, typeBytes, space) = (
      Data(name.utf8) + Data([0]), type.message, dataspace([])
    )
    var body = Data([3, 0])
    for count in [nameBytes.count, typeBytes.count, space.count] {
      body.append(littleEndian: UInt16(count))
    }
    body.append(1)
    body.append(nameBytes + typeBytes + space)
    body.append(littleEndian: word)
    return Message(type: 12, body: body)
  }

  /// Dataspace, version 2; a scalar if it has no dimensions.
  private static func dataspace(_ shape: [Int]) -> Data {
    var data = Data([2, UInt8(shape.count), 0, shape.isEmpty ? 0 : 1])
    for count in shape { data.append(littleEndian: UInt64(count)) }
    return data
  }

  /// Returns data with its checksum behind it.
  private static func checked(_ data: Data) -> Data {
    var data = data
    data.append(littleEndian: checksum(data))
    return data
  }

  /// Returns the checksum of metadata: lookup3 of Bob Jenkins, `hashlittle` with the initial value 0.
  ///
  /// - Source: B. Jenkins, "lookup3.c", 2006, public domain.
  package static func checksum(_ data: Data) -> UInt32 {
    func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
      value << count | value >> (32 - count)
    }
    let bytes = Array(data)
    func word(_ first: Int) -> UInt32 {
      (0..<4).reduce(0) { word, k in
        first + k < bytes.count ? word | UInt32(bytes[first + k]) << (8 * UInt32(k)) : word
      }
    }
    var a = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
    var (b, c, first) = (a, a, 0)
    while bytes.count - first > 12 {
      a &+= word(first)
      b &+= word(first + 4)
      c &+= word(first + 8)
      a = (a &- c) ^ rotate(c, 4)
      c &+= b
      b = (b &- a) ^ rotate(a, 6)
      a &+= c
      c = (c &- b) ^ rotate(b, 8)
      b &+= a
      a = (a &- c) ^ rotate(c, 16)
      c &+= b
      b = (b &- a) ^ rotate(a, 19)
      a &+= c
      c = (c &- b) ^ rotate(b, 4)
      b &+= a
      first += 12
    }
    guard first < bytes.count else { return c }
    a &+= word(first)
    b &+= word(first + 4)
    c &+= word(first + 8)
    c = (c ^ b) &- rotate(b, 14)
    a = (a ^ c) &- rotate(c, 11)
    b = (b ^ a) &- rotate(a, 25)
    c = (c ^ b) &- rotate(b, 16)
    a = (a ^ c) &- rotate(c, 4)
    b = (b ^ a) &- rotate(a, 14)
    return (c ^ b) &- rotate(b, 24)
  }
}
