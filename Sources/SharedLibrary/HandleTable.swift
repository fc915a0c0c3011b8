internal import Foundation
internal import Synchronization

/// The objects behind handles; handles are never used twice.
final class HandleTable: Sendable {
  static let shared = HandleTable()

  private struct State {
    var next: UInt64 = 1
    var sessions: [UInt64: any Session] = [:]
  }

  private let state = Mutex(State())

  /// Adds an object.
  ///
  /// - Returns: Its handle, which is never 0.
  func add(_ session: any Session) -> UInt64 {
    state.withLock { state in
      defer { state.next += 1 }
      state.sessions[state.next] = session
      return state.next
    }
  }

  /// Forgets an object; calls that use it now come to their ends.
  func remove(_ handle: UInt64) throws {
    let session = state.withLock { $0.sessions.removeValue(forKey: handle) }
    guard session != nil else { throw Self.unknown(handle) }
  }

  /// Runs a body with an object, after all other calls with it.
  func with<S: Session>(_ type: S.Type, _ handle: UInt64, _ body: (S) throws -> Void) throws {
    guard let session = state.withLock({ $0.sessions[handle] }) else { throw Self.unknown(handle) }
    guard let session = session as? S else {
      throw Boundary.Misuse("the handle \(handle) is not of a \(S.name)")
    }
    session.lock.lock()
    defer { session.lock.unlock() }
    try body(session)
  }

  private static func unknown(_ handle: UInt64) -> Boundary.Misuse {
    Boundary.Misuse("there is nothing with the handle \(handle)")
  }
}
