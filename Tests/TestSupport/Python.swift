internal import Foundation

/// Runs the machine's Python, for tests of files that other programs read.
public enum Python {
  /// Runs `python3` and returns its exit status and output.
  public static func run(
    _ arguments: [String], in folder: String? = nil
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// Returns whether `python3` is there and can import a module.
  public static func has(_ module: String) -> Bool {
    (try? run(["-c", "import \(module)"]).status) == 0
  }
}
