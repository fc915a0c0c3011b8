public import Storage

/// A picture that can't be made, or a file of pictures that can't be written.
public enum RenderingError: Error, Equatable, CustomStringConvertible {
  /// A width or height outside ``Picture/sizes``.
  case sizeOutOfRange(width: Int, height: Int)
  /// Not a size, as "600x400" is one.
  case sizeUnreadable(String)
  /// No film format has this file name's ending.
  case unknownEnding(path: String, allowed: [String])
  /// The program that encodes films is not installed.
  case encoderMissing(path: String)
  /// A file or folder could not be read or written.
  case file(FileError)

  /// One sentence.
  public var description: String {
    switch self {
    case .sizeOutOfRange(let width, let height):
      "a picture of \(width)x\(height) is impossible: width and height must lie in "
        + "\(Picture.sizes.lowerBound)...\(Picture.sizes.upperBound)"
    case .sizeUnreadable(let text):
      "'\(text)' is no size; write width and height in pixels, for example 600x400"
    case .unknownEnding(let path, let allowed):
      "\(path) names no kind of video: its name must end in \(allowed.joined(separator: ", "))"
    case .encoderMissing(let path):
      "\(path) can't be encoded because the program ffmpeg is not installed: "
        + "'apt install ffmpeg', or write a .gif or numbered frames instead"
    case .file(let error): error.description
    }
  }
}
