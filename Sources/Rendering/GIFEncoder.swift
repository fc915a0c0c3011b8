internal import CGIF
internal import Foundation
internal import Storage

/// Writes an animated GIF that repeats endlessly.
///
/// Each picture stores only the rectangle that changed, with unchanged pixels transparent.
final class GIFEncoder: FilmEncoder {
  private let film: Film
  private var file: UnsafeMutablePointer<GifFileType>?
  private var palette: GIFPalette?
  /// Whether ``palette`` is the global one in the file's header.
  private var isGlobal = true
  private var indices: [UInt8]
  /// Pixels that a viewer currently shows, [height × width], as 0xRRGGBB; larger before the first
  /// picture.
  private var shown: [UInt32]
  private var count = 0
  /// Time at which the last picture ends, in seconds.
  private var end = 0.0
  /// Total delay of the pictures written so far, in hundredths of a second.
  private var hundredths = 0

  /// Shortest delay in hundredths of a second: viewers replace shorter ones by a tenth of a second.
  private static let shortestDelay = 2

  /// Creates an encoder that owns an open file.
  init(_ film: Film, file descriptor: Int32) throws(FileError) {
    self.film = film
    indices = Array(repeating: 0, count: film.width * film.height)
    shown = Array(repeating: .max, count: film.width * film.height)
    var code: Int32 = 0
    file = EGifOpenFileHandle(descriptor, &code)
    guard file != nil else {
      close(descriptor)
      throw .unwritable(path: film.path, reason: "giflib error \(code)")
    }
  }

  func write(_ picture: Picture, lasting duration: Double, isNeeded: Bool) throws(FileError) {
    defer { count += 1 }
    end += duration
    // The sum of many durations is a little off; half a hundredth must be rounded as it was meant.
    let due = Int((end * 100 + 1e-6).rounded()) - hundredths
    // Rounding errors are carried over to the next picture; too short pictures are left out.
    guard count == 0 || isNeeded || due >= Self.shortestDelay else { return }
    let delay = min(max(due, Self.shortestDelay), Int(UInt16.max))
    hundredths += delay
    let palette = try choosePalette(for: picture)
    guard let changed = update(to: palette) else {
      indices[0] = GIFPalette.transparent
      return try write((x: 0, y: 0, width: 1, height: 1), palette, delay: delay)
    }
    try write(changed, palette, delay: delay)
  }

  /// Fills ``indices`` and returns their palette, a new one if the last no longer fits.
  private func choosePalette(for picture: Picture) throws(FileError) -> GIFPalette {
    if let palette, palette.index(picture, into: &indices) { return palette }
    let new = GIFPalette(picture)
    _ = new.index(picture, into: &indices)
    isGlobal = palette == nil
    palette = new
    if isGlobal { try writeHead(new) }
    return new
  }

  /// Makes unchanged pixels transparent and returns the rectangle of the others, nil if empty.
  private func update(
    to palette: GIFPalette
  ) -> (x: Int, y: Int, width: Int, height: Int)? {
    var (left, right, top, bottom) = (film.width, -1, film.height, -1)
    for y in 0..<film.height {
      for x in 0..<film.width {
        let i = y * film.width + x
        let color = palette.colors[Int(indices[i])]
        guard color != shown[i] else {
          indices[i] = GIFPalette.transparent
          continue
        }
        shown[i] = color
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), y)
      }
    }
    return right < 0 ? nil : (left, top, right - left + 1, bottom - top + 1)
  }

  // MARK: Bytes

  private func writeHead(_ palette: GIFPalette) throws(FileError) {
    EGifSetGifVersion(file, true)
    try withMap(palette) {
      EGifPutScreenDesc(file, Int32(film.width), Int32(film.height), 8, 0, $0)
    }
    // Netscape's extension: repeat endlessly.
    try check(EGifPutExtensionLeader(file, APPLICATION_EXT_FUNC_CODE))
    try check(EGifPutExtensionBlock(file, 11, Array("NETSCAPE2.0".utf8)))
    try check(EGifPutExtensionBlock(file, 3, [1, 0, 0] as [UInt8]))
    try check(EGifPutExtensionTrailer(file))
  }

  private func write(
    _ area: (x: Int, y: Int, width: Int, height: Int), _ palette: GIFPalette, delay: Int
  ) throws(FileError) {
    // Keep the last picture; one index is transparent.
    let control: [UInt8] = [
      1 << 2 | 1, UInt8(truncatingIfNeeded: delay), UInt8(truncatingIfNeeded: delay >> 8),
      GIFPalette.transparent,
    ]
    try check(EGifPutExtension(file, GRAPHICS_EXT_FUNC_CODE, Int32(control.count), control))
    let describe = { (map: UnsafeMutablePointer<ColorMapObject>?) in
      EGifPutImageDesc(
        self.file, Int32(area.x), Int32(area.y), Int32(area.width), Int32(area.height), false, map)
    }
    if isGlobal { try check(describe(nil)) } else { try withMap(palette, describe) }
    for y in area.y..<area.y + area.height {
      let start = y * film.width + area.x
      let status = indices.withUnsafeMutableBufferPointer { row in
        row.baseAddress.map { EGifPutLine(file, $0 + start, Int32(area.width)) } ?? GIF_ERROR
      }
      try check(status)
    }
  }

  private func withMap(
    _ palette: GIFPalette, _ body: (UnsafeMutablePointer<ColorMapObject>?) -> Int32
  ) throws(FileError) {
    let colors = palette.colors.map {
      GifColorType(
        Red: UInt8($0 >> 16 & 255), Green: UInt8($0 >> 8 & 255), Blue: UInt8($0 & 255))
    }
    let map = GifMakeMapObject(Int32(colors.count), colors)
    defer { GifFreeMapObject(map) }
    try check(body(map))
  }

  private func check(_ status: Int32) throws(FileError) {
    if status != GIF_OK { throw FileSystem.lastError(film.path) }
  }

  func finish() throws(FileError) {
    let file = self.file
    self.file = nil
    try check(EGifCloseFile(file, nil))
  }

  func cancel() {
    if file != nil { EGifCloseFile(file, nil) }
    file = nil
  }
}
