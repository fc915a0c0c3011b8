public import Foundation

/// A folder that is gone with its owner.
public final class TemporaryFolder {
  /// Where it is.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "rlsuite-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something inside.
  public func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a device inside that is always full, as /dev/full is, and returns whether that worked:
  /// only root may.
  public func makeFullDevice(_ name: String) -> Bool {
    let device: dev_t = 1 << 8 | 7  // the major and minor number of /dev/full
    return unsafe mknod(file(name), S_IFCHR | 0o666, device) == 0
  }

  /// The names of what is inside, sorted.
  public var contents: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// The text of a file inside.
  public func text(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }
}

/// Bytes from hexadecimal digits.
public func bytes(hexadecimal: String) -> Data {
  var data = Data()
  var digits = hexadecimal[...]
  while let byte = UInt8(digits.prefix(2), radix: 16) {
    data.append(byte)
    digits = digits.dropFirst(2)
  }
  return data
}
