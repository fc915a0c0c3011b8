import Foundation
import TestSupport
import Testing

/// The page as it is served.
@Suite struct ReportServerTests {
  /// Asks for a path under a host's name; returns the status, the tag and the beginning of the page.
  private static func ask(_ port: String, host: String, path: String = "/") throws -> [String] {
    let script = """
      import http.client, sys
      connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
      connection.request('GET', sys.argv[3], headers={'Host': sys.argv[2]})
      answer = connection.getresponse()
      print(answer.status, answer.getheader('ETag'), answer.read(15).decode(), sep='\\n')
      """
    let result = try Python.run(["-c", script, port, host, path])
    return result.output.split(separator: "\n").map(String.init)
  }

  @Test(.enabled(if: Python.has("http.client"), "needs python3"))
  func itServesTheLatestPageToThisMachineOnly() throws {
    let folder = try TemporaryFolder()
    try ShortReport.train(in: folder, seeds: 1...1)
    let process = try Tool.start(["report", "runs", "--serve", "--port", "0"], in: folder)
    defer { process.terminate() }
    var address: Substring?
    while process.isRunning, address == nil {
      address = try folder.text("stdout").firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)\//)?.1
      usleep(10_000)
    }
    let port = String(try #require(address))
    let first = try Self.ask(port, host: "127.0.0.1:\(port)")
    #expect(first.first == "200" && first.last == "<!DOCTYPE html>")
    #expect(try Self.ask(port, host: "localhost") == first)
    #expect(try Self.ask(port, host: "example.com").first == "403")
    #expect(try Self.ask(port, host: "localhost", path: "/etc/passwd").first == "404")
    try FileManager.default.copyItem(
      atPath: folder.file("runs/seed-1"), toPath: folder.file("runs/seed-2"))
    let second = try Self.ask(port, host: "localhost")
    #expect(second.first == "200" && second[1] != first[1])
    // The port is taken now.
    let elsewhere = try TemporaryFolder()
    let rival = try Tool.run(
      "report", folder.file("runs"), "--serve", "--port", port, in: elsewhere)
    #expect(rival.status == 69)
    #expect(rival.remarks.contains("port \(port) of 127.0.0.1 can't be used"))
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
