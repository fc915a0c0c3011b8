/// What it means that a task ended an episode.
///
/// Time limits are applied outside the environment and are not among the meanings.
@frozen public enum TaskEnd: String, Sendable, Hashable, CaseIterable, Codable {
  /// The goal was reached: a success.
  case goalReached = "goal reached"
  /// Something fell over, dropped or crashed: a failure.
  case fell
  /// Something hit what it must not touch: a failure.
  case collided
  /// Something left the space in which the task takes place: a failure.
  case outOfBounds = "out of bounds"
  /// The task was over, which is neither a success nor a failure.
  case completed

  /// Whether the end is a success or a failure; nil if it is neither.
  public var isSuccess: Bool? {
    switch self {
    case .goalReached: true
    case .fell, .collided, .outOfBounds: false
    case .completed: nil
    }
  }
}

/// The way in which an episode ended.
public enum EpisodeEnd: Sendable, Hashable, CustomStringConvertible {
  /// The task ended it.
  case task(TaskEnd)
  /// The time limit truncated it.
  case timeLimit
  /// It was left before its end.
  case leftUnfinished

  /// The end in a few words, such as "goal reached" or "time limit".
  public var description: String {
    switch self {
    case .task(let end): end.rawValue
    case .timeLimit: "time limit"
    case .leftUnfinished: "left unfinished"
    }
  }

  /// Whether the task ended the episode with a failure.
  public var isFailure: Bool {
    if case .task(let end) = self { end.isSuccess == false } else { false }
  }
}
