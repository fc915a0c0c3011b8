internal import Foundation
public import Storage

/// A kind of picture file.
public enum PictureFormat: String, Sendable, Equatable, CaseIterable {
  /// Compressed without loss.
  case png
  /// Binary portable pixmap, "P6": a line of text, then the bytes of red, green and blue.
  case ppm
}

/// Writes pictures into numbered files of a folder.
///
/// They are called `frame-000000.png`, `frame-000001.png` and so on.  A file of that name is whole:
/// it is written under a hidden name and renamed.  Files of these names are replaced, and what else
/// the folder holds stays, the last pictures of a longer film too.
public final class FrameWriter {
  /// Where the files go.
  public let folder: String
  /// What they are.
  public let format: PictureFormat
  /// How many have been written.
  public private(set) var count = 0
  private let encoder = PictureEncoder()

  /// Makes the folder if it is not there.
  public init(folder: String, format: PictureFormat = .png) throws(FileError) {
    try FileSystem.makeFolder(folder)
    self.folder = folder
    self.format = format
  }

  /// Writes the next file.
  public func write(_ picture: Picture) throws(FileError) {
    let digits = String(count)
    let number = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    try encoder.write(picture, to: "\(folder)/frame-\(number).\(format.rawValue)", as: format)
    count += 1
  }
}

extension Picture {
  /// Writes one file, whole or not at all.
  public func write(to path: String, as format: PictureFormat = .png) throws(FileError) {
    try PictureEncoder().write(self, to: path, as: format)
  }
}

/// Turns pictures into files with memory that is used again.
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

  /// Does not wait for the disk, which would take longer than drawing.
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
