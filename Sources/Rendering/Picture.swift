/// A picture in memory: rows of 32-bit pixels from top to bottom.
///
/// A pixel is a native word 0x**RRGGBB whose highest byte is unused; on x86 and ARM its bytes in
/// memory are blue, green, red, unused.  This is Cairo's RGB24, SDL's XRGB8888 and FFmpeg's `bgr0`.
public final class Picture: Equatable {
  /// Range of allowed widths and heights, in pixels.
  public static let sizes = 64...4096
  /// Default size of pictures, in pixels.
  public static let standardSize = (width: 600, height: 400)

  /// Width, in pixels.
  public let width: Int
  /// Height, in pixels.
  public let height: Int
  /// Number of bytes from one row to the next; rows are contiguous.
  public let stride: Int
  /// Pixels, [height × width], in memory owned by the picture.
  public let pixels: UnsafeMutablePointer<UInt32>

  /// Creates a black picture.
  ///
  /// - Throws: ``RenderingError/sizeOutOfRange(width:height:)`` beyond ``sizes``.
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

  /// Colour of one pixel as 0xRRGGBB, with coordinates from the upper left corner.
  public subscript(x: Int, y: Int) -> UInt32 {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y))")
    return pixels[y * width + x] & 0xFF_FFFF
  }

  /// Parses a size such as "600x400".
  ///
  /// - Parameter text: Width and height in pixels, within ``sizes``.
  /// - Throws: ``RenderingError`` if the text is not a size or the size is not within ``sizes``.
  /// - Returns: The width and height.
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

  /// Returns whether two pictures have the same size and colours.
  public static func == (first: Picture, second: Picture) -> Bool {
    guard first.width == second.width, first.height == second.height else { return false }
    return (0..<first.width * first.height).allSatisfy {
      (first.pixels[$0] ^ second.pixels[$0]) & 0xFF_FFFF == 0
    }
  }
}
