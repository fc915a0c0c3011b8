package import Foundation
internal import Storage

/// NumPy arrays in a file that `numpy.load` reads: an uncompressed ZIP archive of `.npy` files.
///
/// It holds no dates, so equal arrays have equal bytes.
///
/// - Source: NumPy's `lib.format`, version 1.0; PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16.
package struct NumPyArchive {
  /// The numbers of an array, in row-major order.
  package enum Values: Sendable {
    /// 64-bit integers, `<i8`.
    case integers([Int64])
    /// Double precision, `<f8`.
    case doubles([Double])
  }

  /// Contents of the file.
  package let data: Data

  /// Creates an archive of arrays, below 4 GiB in all, whose names are short and in ASCII.
  package init(_ arrays: [(name: String, values: Values, shape: [Int])]) {
    var (file, directory) = (Data(), Data())
    for (name, values, shape) in arrays {
      let contents = Self.array(values, shape: shape)
      let fields = Self.fields(name: "\(name).npy", contents: contents)
      let offset = UInt32(file.count)
      file.append(littleEndian: UInt32(0x0403_4B50))
      file.append(fields + Data("\(name).npy".utf8) + contents)
      directory.append(littleEndian: UInt32(0x0201_4B50))
      directory.append(littleEndian: Self.version)
      directory.append(fields)
      // No comment, first disk, no attributes.
      directory.append(Data(count: 10))
      directory.append(littleEndian: offset)
      directory.append(Data("\(name).npy".utf8))
    }
    let (start, size, count) = (file.count, directory.count, UInt16(arrays.count))
    file.append(directory)
    file.append(littleEndian: UInt32(0x0605_4B50))
    file.append(Data(count: 4))
    file.append(littleEndian: count)
    file.append(littleEndian: count)
    file.append(littleEndian: UInt32(size))
    file.append(littleEndian: UInt32(start))
    file.append(Data(count: 2))
    data = file
  }

  /// Version 2.0 of the ZIP format.
  private static let version: UInt16 = 20
  /// 1 January 1980, the earliest date of the ZIP format.
  private static let date: UInt16 = 0x21

  /// Returns the fields that an entry and its line in the directory share.
  private static func fields(name: String, contents: Data) -> Data {
    var fields = Data()
    fields.append(littleEndian: version)
    // No flags, stored without compression, midnight.
    fields.append(Data(count: 6))
    fields.append(littleEndian: date)
    fields.append(littleEndian: Zlib.checksum(contents.bytes))
    fields.append(littleEndian: UInt32(contents.count))
    fields.append(littleEndian: UInt32(contents.count))
    fields.append(littleEndian: UInt16(name.utf8.count))
    fields.append(Data(count: 2))
    return fields
  }

  /// Returns an `.npy` file; its header is padded to a multiple of 64 bytes.
  private static func array(_ values: Values, shape: [Int]) -> Data {
    let words: [UInt64]
    let type: String
    switch values {
    case .integers(let numbers):
      (words, type) = (numbers.map { UInt64(bitPattern: $0) }, "<i8")
    case .doubles(let numbers): (words, type) = (numbers.map(\.bitPattern), "<f8")
    }
    precondition(shape.reduce(1, *) == words.count, "\(shape) for \(words.count) numbers")
    // A tuple as Python writes it.
    let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
    let length = (10 + header.utf8.count + 1 + 63) / 64 * 64
    header += String(repeating: " ", count: length - 11 - header.utf8.count) + "\n"
    var file = Data([0x93] + Array("NUMPY".utf8) + [1, 0])
    file.append(littleEndian: UInt16(header.utf8.count))
    file.append(Data(header.utf8))
    for word in words { file.append(littleEndian: word) }
    return file
  }
}
