internal import Foundation

/// Writes a file of HDF5: groups, arrays and numbers as attributes, without compression.
///
/// Only what is written here can be written: contiguous arrays, and groups whose links are all in
/// their header.  Arrays go to the file at once; the file is complete after ``finish(root:)``.
package final class HDF5Writer {
  /// A group or array in the file.
  package struct Object: Sendable {
    fileprivate let address: UInt64
  }

  /// An attribute of a group.
  package enum Attribute: Sendable {
    /// A signed number.
    case integer(Int64)
    /// A number from 0 up.
    case unsigned(UInt64)
  }

  private let path: String
  private let handle: FileHandle
  private var end: UInt64 = 0
  /// Size of the file so far, in bytes.
  package var size: Int { Int(end) }

  /// Creates a file, replacing one of the same name.
  ///
  /// - Throws: `FileError.unwritable(path:reason:)`.
  package init(path: String) throws(FileError) {
    self.path = path
    handle = try FileSystem.openNew(path)
    _ = try append(HDF5Messages.superblock(end: 0, root: HDF5Messages.undefined))
  }

  /// Adds an array.
  package func add(_ array: HDF5Array) throws(FileError) -> Object {
    let place = try append(array.bytes)
    return Object(
      address: try append(HDF5Messages.objectHeader(HDF5Messages.array(array, at: place))))
  }

  /// Adds a group.
  ///
  /// - Parameters:
  ///   - members: Names of the group's members in order, each at most 255 bytes long.
  ///   - attributes: Its attributes.
  /// - Throws: `FileError.unwritable(path:reason:)`.
  /// - Returns: The group.
  package func addGroup(
    _ members: [(name: String, object: Object)],
    attributes: [(name: String, value: Attribute)] = []
  ) throws(FileError) -> Object {
    let messages =
      HDF5Messages.group(members.map { (name: $0.name, address: $0.object.address) })
      + attributes.map { name, value in
        switch value {
        case .integer(let number):
          HDF5Messages.attribute(name, .integer, UInt64(bitPattern: number))
        case .unsigned(let number): HDF5Messages.attribute(name, .unsignedInteger, number)
        }
      }
    return Object(address: try append(HDF5Messages.objectHeader(messages)))
  }

  /// Names the root group and waits until everything is on disk.
  package func finish(root: Object) throws(FileError) {
    do {
      try handle.seek(toOffset: 0)
      try handle.write(contentsOf: HDF5Messages.superblock(end: end, root: root.address))
      try handle.synchronize()
      try handle.close()
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
  }

  /// Writes data at the next multiple of eight.
  ///
  /// - Returns: Its address.
  private func append(_ data: Data) throws(FileError) -> UInt64 {
    let address = end
    let padding = (8 - data.count % 8) % 8
    do {
      try handle.write(contentsOf: data + Data(count: padding))
    } catch {
      throw .unwritable(path: path, reason: FileSystem.reason(error))
    }
    end += UInt64(data.count + padding)
    return address
  }
}
