/// A file that can't be read or written.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// No such file or folder.
  case missing(path: String)
  /// There, but not what it should be: truncated, changed, foreign or of another version.
  case damaged(path: String, reason: String)
  /// The system refused to read.
  case unreadable(path: String, reason: String)
  /// The system refused to write: no permission, disk full.
  case unwritable(path: String, reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .missing(let path): "\(path) does not exist"
    case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
    case .unreadable(let path, let reason): "\(path) can't be read: \(reason)"
    case .unwritable(let path, let reason): "\(path) can't be written: \(reason)"
    }
  }
}
