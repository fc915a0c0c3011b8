import Foundation
import TestSupport
import Testing

/// The workflow of the documentation does what its page says.
@Suite struct WorkflowTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/RLSuite/Documentation.docc/CheckingPolicies.md")

  /// The words of the commands under `run:` in the page's workflow, without the program.
  private static func commands() throws -> [[String]] {
    let text = try String(contentsOf: page, encoding: .utf8)
    let workflow = try #require(text.firstMatch(of: /```yaml\n((?s).*?)```/)?.1)
    // Lines that end with a backslash go on.
    let lines = workflow.replacing(/\\\n */, with: "").split(separator: "\n")
    return lines.compactMap { line in
      line.firstMatch(of: /^\s*(?:- )?(?:run: )?\.\/rlsuite (.*)$/).map {
        $0.1.split(separator: " ").map(String.init)
      }
    }
  }

  @Test func itsCommandsRun() throws {
    let folder = try TemporaryFolder()
    let commands = try Self.commands()
    #expect(commands.map { $0[0] } == ["train", "evaluate"])
    for words in commands {
      let process = try Tool.start(words, in: folder)
      process.waitUntilExit()
      let errors = try folder.text("stderr")
      #expect(process.terminationStatus == 0, "\(words): \(errors)")
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("results")).sorted()
        == ["failures", "report.xml", "summary.json"])
  }
}
