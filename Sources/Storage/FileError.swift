/// An error in reading or writing a file or folder.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// The file or folder does not exist.
  case missing(path: String)
  /// The contents are not as expected: truncated, changed, of another format or another version.
  case damaged(path: String, reason: String)
  /// The contents are intact and not what is asked for, such as a run of other settings in a group.
  case unsuitable(path: String, reason: String)
  /// The system can't read the file.
  case unreadable(path: String, reason: String)
  /// The system can't write the file, for example without permission or with a full disk.
  case unwritable(path: String, reason: String)

  /// The error as one sentence.
  public var description: String {
    switch self {
    case .missing(let path): "\(path) does not exist"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .unsuitable(let path, let reason): "\(path) can't be used here: \(reason)"
    case .unreadable(let path, let reason): "\(path) can't be read: \(reason)"
    case .unwritable(let path, let reason): "\(path) can't be written: \(reason)"
    }
  }
}
