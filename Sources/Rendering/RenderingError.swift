public import Storage

/// An error in creating a picture or in writing a file of pictures.
public enum RenderingError: Error, Equatable, CustomStringConvertible {
  /// The width or height lies outside ``Picture/sizes``.
  case sizeOutOfRange(width: Int, height: Int)
  /// The text is not a size such as "600x400".
  case sizeUnreadable(String)
  /// The file name's ending does not name a film format.
  case unknownEnding(path: String, allowed: [String])
  /// The program that encodes films is not installed.
  case encoderMissing(path: String)
  /// A file or folder could not be read or written.
  case file(FileError)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .sizeOutOfRange(let width, let height):
      "a picture of \(width)x\(height) is impossible: width and height must lie in "
        + "\(Picture.sizes.lowerBound)...\(Picture.sizes.upperBound)"
    case .sizeUnreadable(let text):
      "'\(text)' is not a size; write width and height in pixels, for example 600x400"
    case .unknownEnding(let path, let allowed):
      "\(path) is not a known kind of video: its name must end in "
        + "\(allowed.joined(separator: ", "))"
    case .encoderMissing(let path):
      "\(path) can't be encoded because the program ffmpeg is not installed: "
        + "'apt install ffmpeg', or write a .gif or numbered frames instead"
    case .file(let error): error.description
    }
  }
}
