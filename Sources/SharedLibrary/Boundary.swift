internal import CRLSuite
internal import Experiments
internal import Foundation
internal import RLCore
internal import Rendering
internal import Storage
internal import Training

/// Turns Swift's errors into the statuses of the C interface.
enum Boundary {
  /// A mistake in the arguments of a call, as one sentence.
  struct Misuse: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// Longest text that is accepted, in bytes.
  static let longestText = 1 << 20

  /// Runs the body of a C function; a failure becomes a status and the thread's last error.
  static func run(_ body: () throws -> Void) -> Int32 {
    do {
      try body()
      return Int32(RLSUITE_OK)
    } catch {
      LastError.set("\(sentence(error))")
      return status(of: error)
    }
  }

  private static func sentence(_ error: any Error) -> String {
    switch error {
    case ParameterError.unknown(let name, let known):
      ConfigurationError.unknown("parameter", name, allowed: known).description
    default: "\(error)"
    }
  }

  private static func status(of error: any Error) -> Int32 {
    let status =
      switch error {
      case is Misuse, is ConfigurationError, is ParameterError, is RenderingError: RLSUITE_USAGE
      case is ArchiveError, is SnapshotError: RLSUITE_DAMAGED
      case let error as FileError:
        switch error {
        case .missing: RLSUITE_MISSING
        case .damaged, .unsuitable: RLSUITE_DAMAGED
        case .unreadable, .unwritable: RLSUITE_INPUT_OUTPUT
        }
      case is ThreadError: RLSUITE_UNAVAILABLE
      default: RLSUITE_INTERNAL
      }
    return Int32(status)
  }

  // MARK: Arguments

  /// Returns a C string's text.
  static func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(Misuse) -> String {
    guard let pointer else { throw Misuse("\(name) is NULL") }
    let count = strnlen(pointer, longestText + 1)
    guard count <= longestText else {
      throw Misuse("\(name) has more than \(longestText) bytes")
    }
    let bytes = UnsafeRawBufferPointer(start: pointer, count: count)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns a pointer that must not be NULL.
  static func required<Pointer>(_ pointer: Pointer?, _ name: String) throws(Misuse) -> Pointer {
    guard let pointer else { throw Misuse("\(name) is NULL") }
    return pointer
  }

  /// Checks the number of a buffer's elements.
  static func check(_ count: Int64, is expected: Int, _ name: String) throws(Misuse) {
    guard count == Int64(expected) else {
      throw Misuse("\(name) has \(count) elements instead of \(expected)")
    }
  }

  /// Returns a buffer of exactly so many elements.
  static func buffer<Element>(
    _ pointer: UnsafePointer<Element>?, _ count: Int64, of expected: Int, _ name: String
  ) throws(Misuse) -> UnsafePointer<Element> {
    try check(count, is: expected, name)
    return try required(pointer, name)
  }

  /// Returns a buffer of exactly so many elements, for writing.
  static func buffer<Element>(
    _ pointer: UnsafeMutablePointer<Element>?, _ count: Int64, of expected: Int, _ name: String
  ) throws(Misuse) -> UnsafeMutablePointer<Element> {
    try check(count, is: expected, name)
    return try required(pointer, name)
  }

  // MARK: Results

  /// Writes bytes, and a final NUL if they are a text, to a buffer that is large enough; reports their
  /// number either way.
  static func write(
    _ bytes: some Collection<UInt8>, isText: Bool, to buffer: UnsafeMutableRawPointer?,
    _ capacity: Int64, _ length: UnsafeMutablePointer<Int64>?
  ) throws(Misuse) {
    guard capacity >= 0 else { throw Misuse("the capacity is \(capacity)") }
    guard capacity == 0 || buffer != nil else {
      throw Misuse("the buffer is NULL and its capacity \(capacity)")
    }
    length?.pointee = Int64(bytes.count)
    guard let buffer, capacity >= Int64(bytes.count + (isText ? 1 : 0)) else { return }
    UnsafeMutableRawBufferPointer(start: buffer, count: bytes.count).copyBytes(from: bytes)
    if isText { buffer.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self) }
  }

  /// Writes a text to a buffer.
  static func write(
    _ text: String, to buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
    _ length: UnsafeMutablePointer<Int64>?
  ) throws(Misuse) {
    try write(text.utf8, isText: true, to: buffer, capacity, length)
  }
}

/// The last failure of each thread.
enum LastError {
  private static let key = "rlsuite.last-error"

  /// Sentence of the calling thread's last failure; empty if there was none.
  static var text: String { Thread.current.threadDictionary[key] as? String ?? "" }

  static func set(_ text: String) { Thread.current.threadDictionary[key] = text }
}
