internal import CPNG
internal import Foundation
internal import Storage

extension Picture {
  /// Reads a PNG file; opacity is ignored.
  ///
  /// Nothing is allocated before the size has been checked against ``sizes``.
  public static func readPNG(_ path: String) throws(RenderingError) -> Picture {
    let data: Data
    do { data = try FileSystem.read(path) } catch { throw .file(error) }
    do {
      return try PNG.decode(Array(data))
    } catch {
      throw .file(.damaged(path: path, reason: error.reason))
    }
  }
}

/// An error reported by libpng.
struct PNGError: Error {
  let reason: String
}

enum PNG {
  /// Decodes the bytes of a whole PNG file.
  static func decode(_ bytes: [UInt8]) throws(PNGError) -> Picture {
    var (width, height) = (UInt32(0), UInt32(0))
    try check { cpng_size(bytes, bytes.count, &width, &height, $0) }
    guard let picture = try? Picture(width: Int(width), height: Int(height)) else {
      throw PNGError(reason: "its size of \(width)x\(height) is not supported")
    }
    try check { message in
      let rows = UnsafeMutableRawPointer(picture.pixels).assumingMemoryBound(to: UInt8.self)
      return cpng_decode(bytes, bytes.count, width, height, rows, picture.stride, message)
    }
    return picture
  }

  /// Calls libpng with a buffer for an error message, and throws the message on failure.
  static func check(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(PNGError) {
    let capacity = Int(cpng_message_capacity)
    let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) {
      message -> String? in
      message.initialize(repeating: 0)
      guard let start = message.baseAddress, body(start) != 0 else { return nil }
      return String(cString: start)
    }
    if let result { throw PNGError(reason: result) }
  }
}

/// Encodes pictures as PNG files, one after another, into the same memory.
final class PNGEncoder {
  private var buffer = cpng_buffer()

  deinit { cpng_free(&buffer) }

  /// Returns the bytes of a PNG file, which are valid until the next call.
  func encode(_ picture: Picture) throws(PNGError) -> UnsafeRawBufferPointer {
    let rows = UnsafePointer(
      UnsafeMutableRawPointer(picture.pixels).assumingMemoryBound(to: UInt8.self))
    try PNG.check { message in
      cpng_encode(
        &buffer, rows, UInt32(picture.width), UInt32(picture.height), picture.stride, message)
    }
    return UnsafeRawBufferPointer(start: buffer.bytes, count: buffer.count)
  }
}
