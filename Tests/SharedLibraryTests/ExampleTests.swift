import Foundation
import TestSupport
import Testing

/// The library as a file, which a program in C links.
@Suite struct ExampleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Where the library and the tests are built.
  private var build: URL {
    (Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0]))
      .resolvingSymlinksInPath().deletingLastPathComponent()
  }

  private func run(_ program: String, _ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test func aProgramInCStepsWalkers() throws {
    let root = Fixture.url("").deletingLastPathComponent().deletingLastPathComponent()
    let program = folder.file("walk")
    let (compiled, _) = try run(
      "clang",
      [
        "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror",
        root.appending(path: "Examples/C/walk.c").path, "-I",
        root.appending(path: "Sources/CRLSuite/include").path, "-L", build.path,
        "-lrlsuite-shared", "-Wl,-rpath,\(build.path)", "-o", program,
      ])
    try #require(compiled == 0)
    let (status, output) = try run(program, [])
    #expect(status == 0)
    #expect(output == "3200 steps, reward -1529.350198, 13 falls, sky 143 193 227\n")
  }
}
