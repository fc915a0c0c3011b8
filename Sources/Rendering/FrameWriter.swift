public import Foundation
public import Storage

/// A file format for pictures.
public enum PictureFormat: String, Sendable, Equatable, CaseIterable {
  /// Portable network graphics, compressed without loss.
  case png
  /// Binary portable pixmap, "P6": a header line, then the bytes of red, green and blue.
  case ppm
}

/// Writes pictures to numbered files in a folder.
///
/// Files are named `frame-000000.png`, `frame-000001.png` and so on.  They are always complete,
/// since they are written under a hidden name and then renamed.  Existing files of these names are
/// replaced; all other files in the folder are left alone, including the last pictures of an
/// earlier, longer film.
public final class FrameWriter {
  /// Folder that receives the files.
  public let folder: String
  /// Format of the files.
  public let format: PictureFormat
  /// Number of files written so far.
  public private(set) var count = 0
  private let encoder = PictureEncoder()

  /// Creates a writer, and its folder if that does not exist.
  public init(folder: String, format: PictureFormat = .png) throws(FileError) {
    try FileSystem.makeFolder(folder)
    self.folder = folder
    self.format = format
  }

  /// Writes a picture to the next file.
  public func write(_ picture: Picture) throws(FileError) {
    let digits = String(count)
    let number = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    try encoder.write(picture, to: "\(folder)/frame-\(number).\(format.rawValue)", as: format)
    count += 1
  }
}

extension Picture {
  /// Writes the picture to one file, completely or not at all.
  public func write(to path: String, as format: PictureFormat = .png) throws(FileError) {
    try PictureEncoder().write(self, to: path, as: format)
  }

  /// The picture as the contents of a PNG file; nil if there is no memory for it.
  public var png: Data? {
    let encoder = PNGEncoder()
    return (try? encoder.encode(self)).map { Data($0) }
  }
}

/// Encodes pictures into reused memory and writes them to files.
private final class PictureEncoder {
  private let png = PNGEncoder()
  private var ppm: [UInt8] = []

  func write(_ picture: Picture, to path: String, as format: PictureFormat) throws(FileError) {
    switch format {
    case .png:
      let bytes: UnsafeRawBufferPointer
      do {
        bytes = try png.encode(picture)
      } catch {
        throw .unwritable(path: path, reason: error.reason)
      }
      try write(bytes, to: path)
    case .ppm:
      encodePPM(picture)
      let written = ppm.withUnsafeBytes { bytes in
        Result { () throws(FileError) in try write(bytes, to: path) }
      }
      try written.get()
    }
  }

  /// Writes bytes without waiting for the disk, which would take longer than drawing.
  private func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(FileError) {
    guard let start = bytes.baseAddress else { return }
    let data = Data(
      bytesNoCopy: UnsafeMutableRawPointer(mutating: start), count: bytes.count, deallocator: .none)
    try FileSystem.write(data, to: path, waitsForDisk: false)
  }

  private func encodePPM(_ picture: Picture) {
    ppm.removeAll(keepingCapacity: true)
    ppm.append(contentsOf: "P6\n\(picture.width) \(picture.height)\n255\n".utf8)
    let start = ppm.count
    let pixels = picture.width * picture.height
    ppm.append(contentsOf: repeatElement(0, count: 3 * pixels))
    ppm.withUnsafeMutableBytes { bytes in
      for i in 0..<pixels {
        let pixel = picture.pixels[i]
        bytes[start + 3 * i] = UInt8(truncatingIfNeeded: pixel >> 16)
        bytes[start + 3 * i + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
        bytes[start + 3 * i + 2] = UInt8(truncatingIfNeeded: pixel)
      }
    }
  }
}
