internal import Foundation

/// An object behind a handle, used by one thread at a time.
protocol Session: AnyObject, Sendable {
  /// What it is, for messages.
  static var name: String { get }
  /// Held by the call that uses it.
  var lock: NSLock { get }
}
