import Foundation
import Report
import TestSupport
import Testing

@Suite struct PageTests {
  /// Browsers run no script whose checksum the page's policy does not name.
  @Test func thePolicyNamesTheScript() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sha256sum"]
    let (input, output) = (Pipe(), Pipe())
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(ReportPage.script.utf8))
    try input.fileHandleForWriting.close()
    let digits = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self
    ).prefix(64)
    process.waitUntilExit()
    #expect(
      bytes(hexadecimal: String(digits)).base64EncodedString() == ReportPage.scriptChecksum,
      "write the new checksum to ReportPage.swift")
  }

  @Test func aPageOfNothingIsAPage() {
    let html = String(
      decoding: ReportPage(groups: [], version: "\"<1>").html(), as: UTF8.self)
    #expect(html.contains("<p>&quot;&lt;1&gt;</p>"))
    #expect(html.contains("<title>no runs</title>"))
  }
}
