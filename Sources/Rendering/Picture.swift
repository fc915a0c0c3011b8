/// A picture in memory: rows of 32-bit pixels from top to bottom.
///
/// A pixel is a native word 0x**RRGGBB whose highest byte means nothing: blue, green, red, unused
/// in memory on x86 and ARM, which is Cairo's RGB24, SDL's XRGB8888 and FFmpeg's `bgr0`.
public final class Picture: Equatable {
  /// What width and height may be, in pixels.
  public static let sizes = 64...4096
  /// The size of pictures unless somebody asks for another.
  public static let standardSize = (width: 600, height: 400)

  /// Pixels in a row.
  public let width: Int
  /// Number of rows.
  public let height: Int
  /// Bytes from one row to the next; there are none between rows.
  public let stride: Int
  /// [height × width], the picture's own memory.
  public let pixels: UnsafeMutablePointer<UInt32>

  /// Makes a black picture.
  public init(width: Int, height: Int) throws(RenderingError) {
    guard Self.sizes.contains(width), Self.sizes.contains(height) else {
      throw .sizeOutOfRange(width: width, height: height)
    }
    self.width = width
    self.height = height
    stride = width * MemoryLayout<UInt32>.stride
    pixels = .allocate(capacity: width * height)
    pixels.initialize(repeating: 0, count: width * height)
  }

  deinit { pixels.deallocate() }

  /// The colour of one pixel as 0xRRGGBB, counted from the upper left corner.
  public subscript(x: Int, y: Int) -> UInt32 {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y))")
    return pixels[y * width + x] & 0xFF_FFFF
  }

  /// Reads a size as it is written on the command line, "600x400", within ``sizes``.
  public static func size(from text: String) throws(RenderingError) -> (width: Int, height: Int) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else {
      throw .sizeUnreadable(text)
    }
    guard sizes.contains(width), sizes.contains(height) else {
      throw .sizeOutOfRange(width: width, height: height)
    }
    return (width, height)
  }

  /// Compares sizes and colours.
  public static func == (first: Picture, second: Picture) -> Bool {
    guard first.width == second.width, first.height == second.height else { return false }
    return (0..<first.width * first.height).allSatisfy {
      (first.pixels[$0] ^ second.pixels[$0]) & 0xFF_FFFF == 0
    }
  }
}
