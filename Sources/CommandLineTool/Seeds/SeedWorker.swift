import Foundation

/// A process that trains one of several seeds, by the same program as this one.
final class SeedWorker {
  /// Seed of the run.
  let seed: UInt64
  private let process = Process()
  private let input = Pipe()
  private var output: PipeLines
  private var errors: PipeLines

  /// Starts the process.
  ///
  /// - Parameters:
  ///   - seed: Seed of the run.
  ///   - arguments: Arguments of the verb `train`.
  /// - Throws: An error of the system if there can be no further process.
  init(seed: UInt64, arguments: [String]) throws {
    self.seed = seed
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: Self.program)
    process.arguments = ["train", "--worker"] + arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    self.output = PipeLines(output.fileHandleForReading)
    self.errors = PipeLines(errors.fileHandleForReading)
  }

  /// Path of this program, also if another build has taken its place since.
  private static var program: String {
    let link = "/proc/self/exe"
    let path = URL(filePath: link).resolvingSymlinksInPath().path
    return FileManager.default.isExecutableFile(atPath: path) ? path : link
  }

  /// Descriptors that can be read when something has happened.
  var descriptors: [Int32] { [output, errors].filter { !$0.isAtEnd }.map(\.descriptor) }

  /// Whether the process has closed its streams.
  var isAtEnd: Bool { output.isAtEnd && errors.isAtEnd }

  /// Reads what can be read at a descriptor.
  ///
  /// - Returns: Complete lines of standard output and of standard error.
  func read(_ descriptor: Int32) -> (output: [String], errors: [String]) {
    descriptor == output.descriptor ? (output.read(), []) : ([], errors.read())
  }

  /// Asks the process to write a checkpoint and end.
  func stop() {
    var byte = WorkerLink.stop
    // A process that has ended reads nothing more.
    _ = write(input.fileHandleForWriting.fileDescriptor, &byte, 1)
  }

  /// Waits until the process has ended.
  ///
  /// - Returns: Its exit code, or 128 and the number of the signal that has ended it.
  func wait() -> Int32 {
    process.waitUntilExit()
    let status = process.terminationStatus
    return process.terminationReason == .exit ? status : 128 + status
  }
}

/// The lines that come through a pipe.
private struct PipeLines {
  private let handle: FileHandle
  private var rest: [UInt8] = []
  private(set) var isAtEnd = false

  init(_ handle: FileHandle) { self.handle = handle }

  var descriptor: Int32 { handle.fileDescriptor }

  /// Reads once and returns the lines that are complete then; at the end also the rest.
  mutating func read() -> [String] {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let count = Foundation.read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return [] }
    isAtEnd = count <= 0
    rest += buffer.prefix(max(count, 0))
    var lines = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
    rest = isAtEnd ? [] : Array(lines.removeLast())
    return lines.filter { !$0.isEmpty }.map { String(decoding: $0, as: UTF8.self) }
  }
}
