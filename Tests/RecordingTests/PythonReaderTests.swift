import Environments
import Foundation
import Recording
import TestSupport
import Testing

/// The format's description suffices for another program.
@Suite struct PythonReaderTests {
  private static let script = GoldenTests.folder.deletingLastPathComponent()
    .appending(path: "read_recording.py").path

  static let hasPython = Python.has("zlib")

  @Test func theScriptIsShort() throws {
    let text = try String(contentsOfFile: Self.script, encoding: .utf8)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count <= 41)
  }

  @Test(
    .enabled(if: PythonReaderTests.hasPython, "python3 is not installed"),
    arguments: ["walker", "quadcopter", "cartpole-v1"])
  func itReadsTheSameNumbers(identifier: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("episode.rlrec")
    let contents =
      try identifier == "walker"
      ? VerificationTests.walker.get() : record(identifier, isDisturbed: identifier == "quadcopter")
    try contents.write(to: URL(filePath: path))
    let reader = try RecordingReader(path: path)
    let result = try Python.run([Self.script, path, "--csv"])
    #expect(result.status == 0)
    let lines = result.output.split(whereSeparator: \.isNewline)
    let header = reader.header
    let names = lines[0].split(separator: ",").map(String.init)
    #expect(
      names.suffix(header.observationComponents.count) == header.observationComponents.map(\.name))
    #expect(lines.count == reader.stepCount + 1)
    for (number, line) in lines.dropFirst().enumerated() {
      let step = try reader.step(number + 1)
      let fields = line.split(separator: ",").map(String.init)
      #expect(fields[0] == "\(number + 1)" && fields[1] == "\(step.hash)")
      #expect(fields[2] == "\((step.terminated ? 1 : 0) + (step.truncated ? 2 : 0))")
      let numbers = fields.dropFirst(3).compactMap { Double($0) }
      let expected = step.action + step.disturbance + [step.reward] + step.observation
      #expect(numbers == expected.map(Double.init))
    }
    let summary = try Python.run([Self.script, path]).output
    #expect(
      summary.contains("seed,\(header.seed)") && summary.contains("steps,\(reader.stepCount)"))
  }

  @Test(.enabled(if: PythonReaderTests.hasPython, "python3 is not installed"))
  func itRefusesDamage() throws {
    let folder = try TemporaryFolder()
    var contents = try DamageTests.small.get()
    contents[contents.count / 2] ^= 1
    try contents.write(to: URL(filePath: folder.file("damaged.rlrec")))
    #expect(try Python.run([Self.script, folder.file("damaged.rlrec")]).status != 0)
  }
}
