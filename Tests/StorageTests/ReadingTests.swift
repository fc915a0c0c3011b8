import Foundation
import Storage
import TestSupport
import Testing

@Suite struct ReadingTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func linesEndInEitherWay() {
    #expect("a\r\nb\n\nc\r\n".lines == ["a", "b", "c"])
    #expect("a\r\n\r\nb".allLines == ["a", "", "b"])
    #expect("a\rb".lines == ["a\rb"])
    #expect("e\u{301}\r\n\u{301}x\n".lines == ["e\u{301}", "\u{301}x"])
  }

  @Test func byteOrderMarksAreNoText() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Data([0xEF, 0xBB, 0xBF] + Array("a: 1".utf8)), to: folder.file("a"))
    #expect(try FileSystem.readText(folder.file("a")) == "a: 1")
    // "a" in UTF-16, and an e with an acute accent in Latin-1.
    for bytes: [UInt8] in [[0xFF, 0xFE, 0x61, 0x00], [0xE9]] {
      try FileSystem.write(Data(bytes), to: folder.file("a"))
      #expect(message { _ = try FileSystem.readText(folder.file("a")) }.contains("UTF-8"))
    }
  }

  @Test func pipesAreReadToTheirEnd() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    let contents = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0) })
    let writer = Process()
    writer.executableURL = URL(filePath: "/bin/sh")
    try FileSystem.write(contents, to: folder.file("contents"))
    writer.arguments = ["-c", "cat contents > pipe"]
    writer.currentDirectoryURL = URL(filePath: folder.path)
    try writer.run()
    #expect(try FileSystem.read(path) == contents)
    writer.waitUntilExit()
    // Files of the system that say they are empty.
    #expect(try FileSystem.readText("/proc/self/status").hasPrefix("Name:"))
  }

  @Test func sizesAreLimited() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("file")
    try FileSystem.write(Data(count: 1000), to: path)
    #expect(try FileSystem.read(path, atMost: 1000).count == 1000)
    #expect(message { _ = try FileSystem.read(path, atMost: 999) }.contains("at most 999"))
    // Devices without an end.
    #expect(message { _ = try FileSystem.read("/dev/zero", atMost: 1 << 20) }.contains("at most"))
  }

  /// Foundation's sentences are "NSCocoaErrorDomain error 256".
  @Test func errorsAreSentences() throws {
    let folder = try TemporaryFolder()
    #expect(message { _ = try FileSystem.read(folder.path) }.hasSuffix("it is a folder"))
    #expect(message { _ = try FileSystem.read(folder.file("x")) }.hasSuffix("does not exist"))
    #expect(message { _ = try FileSystem.read("/dev/null/x") }.hasSuffix("does not exist"))
    #expect(message { _ = try FileSystem.read("/proc/self/mem") }.contains("can't be read: input"))
    for code in [4, 256, 257, 260, 512, 513, 640, 642, 4711] {
      let reason = FileSystem.reason(NSError(domain: NSCocoaErrorDomain, code: code))
      #expect(!reason.contains("Cocoa") && !reason.contains("rror"), "\(reason)")
    }
  }

  @Test func textIsMadeFitForTerminals() {
    #expect("a\u{1B}[2J\nb".printable == "a\\u{1b}[2J\\u{a}b")
    #expect("\u{202E}x".printable == "\\u{202e}x")
    #expect(
      String(repeating: "ä", count: 201).printable == String(repeating: "ä", count: 200) + "…")
    #expect("µ, °, 🤖".printable == "µ, °, 🤖")
  }
}
