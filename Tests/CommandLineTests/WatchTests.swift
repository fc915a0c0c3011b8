import Experiments
import Foundation
import Storage
import TestSupport
import Testing

/// The verb `watch`, of runs whose files are known.
@Suite(.serialized) struct WatchTests {
  private func run(_ arguments: [String], _ folder: TemporaryFolder) throws -> Tool.Result {
    let process = try Tool.start(arguments, in: folder)
    process.waitUntilExit()
    return Tool.Result(
      status: process.terminationStatus, output: try folder.text("stdout"),
      errors: try folder.text("stderr"))
  }

  private func train(_ folder: TemporaryFolder, _ more: [String] = []) throws {
    let result = try run(
      [
        "train", "--env", "pendulum-v1", "--agent", "ppo", "--steps", "2000", "--set", "epochs=1",
        "--eval-episodes", "1", "--out", "run", "--quiet",
      ] + more, folder)
    try #require(result.status == 0, "\(result.errors)")
  }

  @Test func curvesAreThoseOfTheFiles() throws {
    let folder = try TemporaryFolder()
    try train(folder)
    let steps = try #require(RunFolder(path: folder.file("run")).checkpointSteps.last)
    try FileSystem.write(
      Data("iteration,steps,episode-return,policy-loss,other\n".utf8)
        + Data((0..<8).map { "\($0),\(steps),\($0),\($0 == 3 ? "" : "1"),2\n" }.joined().utf8),
      to: folder.file("run/metrics.csv"))
    let result = try run(["watch", "run"], folder)
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(result.status == 0 && lines.count == 5, "\(result)")
    #expect(lines[0].hasPrefix("run ") && lines[1].hasPrefix("100 %, "), "\(result.output)")
    #expect(lines[1].contains(", finished, best -"), "\(result.output)")
    #expect(lines[2].hasPrefix("evaluation "))
    #expect(lines[3].contains("episode-return             ▁▂▃▄▅▆▇█"), "\(lines[3])")
    #expect(lines[3].contains(" 7 ") && lines[4].contains("▄▄▄ ▄▄▄▄"), "\(lines[4])")
    let chosen = try run(["watch", "run", "run", "--once", "-m", "other"], folder).output
    #expect(chosen.split(separator: "\n").count == 8 && chosen.contains("other "), "\(chosen)")
    let unknown = try run(["watch", "run", "-m", "othr"], folder)
    #expect(unknown.status == 64 && unknown.errors.contains("did you mean 'other'"))
    try FileSystem.write(
      Data("iteration,steps,x\n1,2\n".utf8), to: folder.file("run/metrics.csv"))
    let damaged = try run(["watch", "run"], folder)
    #expect(damaged.status == 65 && damaged.errors.contains("row 1 has 2 of 3 columns"))
    #expect(try run(["watch", "none"], folder).status == 66)
    #expect(try run(["watch", "run", "run", "--window"], folder).status == 64)
  }

  /// The window shows episodes while the run trains, and its policy changes.
  @Test(.enabled(if: Display.isAvailable, "needs Xvfb, xdotool and xwd"))
  func aWindowPlaysTheNewestPolicy() throws {
    let folder = try TemporaryFolder()
    try train(folder)
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    let display = try Display()
    let process = try Tool.start(
      ["watch", "run", "--window"], in: folder, prefix: display.prefix)
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    let window = try display.window(titled: "run - rlsuite watch")
    let first = try display.picture(of: window, width: 600, height: 400)
    try wait("another picture") {
      let next = try display.picture(of: window, width: 600, height: 400)
      return next != nil && next != first
    }
    try display.press("q")
    try wait("the program's end") { !process.isRunning }
    #expect(process.terminationStatus == 0)
    let after = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
    #expect(after.sorted() == before.sorted(), "nothing is recorded in the run")
  }
}
