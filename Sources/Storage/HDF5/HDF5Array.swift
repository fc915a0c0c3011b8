internal import Foundation

/// Numbers in row-major order, as a file of HDF5 holds them.
package struct HDF5Array: Sendable {
  let type: HDF5Type
  let shape: [Int]
  let bytes: Data

  /// Single-precision numbers, `<f4`.
  package init(floats: [Float], shape: [Int]) {
    self.init(.float, shape, floats.lazy.map(\.bitPattern))
  }

  /// Double-precision numbers, `<f8`.
  package init(doubles: [Double]) {
    self.init(.double, [doubles.count], doubles.lazy.map(\.bitPattern))
  }

  /// 64-bit integers, `<i8`.
  package init(integers: [Int64]) { self.init(.integer, [integers.count], integers) }

  /// Flags, as NumPy's `bool` is stored.
  package init(flags: [Bool]) {
    self.init(.flag, [flags.count], flags.lazy.map { UInt8($0 ? 1 : 0) })
  }

  private init(
    _ type: HDF5Type, _ shape: [Int], _ words: some Collection<some FixedWidthInteger>
  ) {
    precondition(shape.reduce(1, *) == words.count, "\(words.count) numbers of shape \(shape)")
    var bytes = Data(capacity: words.count * 8)
    for word in words { bytes.append(littleEndian: word) }
    (self.type, self.shape, self.bytes) = (type, shape, bytes)
  }
}

/// A type of numbers.
enum HDF5Type: Sendable {
  case float
  case double
  case integer
  case unsignedInteger
  case flag

  /// The datatype message, version 1.
  var message: Data {
    switch self {
    case .float:
      Self.message(
        0x11, [0x20, 31, 0], size: 4, [0, 0, 32, 0, 23, 8, 0, 23] + [127, 0, 0, 0])
    case .double:
      Self.message(
        0x11, [0x20, 63, 0], size: 8, [0, 0, 64, 0, 52, 11, 0, 52] + [0xFF, 0x03, 0, 0])
    case .integer: Self.message(0x10, [8, 0, 0], size: 8, [0, 0, 64, 0])
    case .unsignedInteger: Self.message(0x10, [0, 0, 0], size: 8, [0, 0, 64, 0])
    // An enumeration of two bytes; names are padded to eight.
    case .flag:
      Self.message(0x18, [2, 0, 0], size: 1, [])
        + Self.message(0x10, [8, 0, 0], size: 1, [0, 0, 8, 0])
        + Data("FALSE\0\0\0TRUE\0\0\0\0".utf8) + Data([0, 1])
    }
  }

  private static func message(
    _ classAndVersion: UInt8, _ bits: [UInt8], size: UInt32, _ properties: [UInt8]
  ) -> Data {
    var data = Data([classAndVersion] + bits)
    data.append(littleEndian: size)
    return data + Data(properties)
  }
}
