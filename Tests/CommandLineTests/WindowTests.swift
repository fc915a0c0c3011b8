import Environments
import Foundation
import RLCore
import Recording
import Rendering
import TestSupport
import Testing

/// The real program in real windows, on a display of its own.
@Suite(.serialized, .enabled(if: Display.isAvailable, "needs Xvfb, xdotool and xwd"))
struct WindowTests {
  /// Draws states of a recording without any window.
  private final class Headless {
    private let replay: Replay
    private var scene: Scene?

    init(_ path: String) throws {
      let recording = try RecordingReader(path: path)
      let environment = try #require(EnvironmentRegistry.find(recording.header.environment))
      replay = try Replay(recording, environment: environment.construct(1))
      replay.onState = { [unowned self] in scene = $0.environment.scene(of: 0) }
      replay.rewind()
    }

    var steps: Int { replay.recording.stepCount }

    func picture(of step: Int, width: Int = 600, height: Int = 400) throws -> Picture {
      if step != replay.step { try replay.seek(to: step) }
      return try SceneRenderer(width: width, height: height).draw(try #require(scene))
    }
  }

  /// A graphics card may round a colour on its way through a texture; a software renderer, as here,
  /// does not.
  private static let tolerance: UInt32 = 1

  private func record(_ controller: String, _ folder: TemporaryFolder) throws -> String {
    let result = try Tool.run("record", controller, "--seed", "3", "--out", "episodes", in: folder)
    try #require(result.status == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("episodes"))
    return folder.file("episodes/\(try #require(names.first))")
  }

  /// Leaves nothing behind where a test gave up.
  private func end(_ process: Process) {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  private func waitForEnd(_ process: Process) throws -> Int32 {
    try wait("the program's end") { !process.isRunning }
    return process.terminationStatus
  }

  @Test func aReplayShowsTheHeadlessFrameOfEveryStep() throws {
    let folder = try TemporaryFolder()
    let file = try record("pendulum-energy", folder)
    let headless = try Headless(file)
    let display = try Display()
    let process = try Tool.start(
      ["replay", file, "--window", "--paused", "--step", "20", "--speed", "0.1"], in: folder,
      prefix: display.prefix)
    defer { end(process) }
    let window = try display.window(titled: "rlsuite replay")

    func shows(_ step: Int, width: Int = 600, height: Int = 400) throws -> Bool {
      let picture = try headless.picture(of: step, width: width, height: height)
      let photograph = try display.picture(of: window, width: width, height: height)
      return (photograph?.greatestDifference(from: picture) ?? 255) <= Self.tolerance
    }
    // The figures hide a part of the scene until i is pressed.
    #expect(try !shows(20))
    try display.press("i")
    try wait("step 20") { try shows(20) }
    try display.press("Right")
    try wait("step 21") { try shows(21) }
    try display.press("Left", "Left")
    try wait("step 19") { try shows(19) }
    try display.press("Home")
    try wait("step 0") { try shows(0) }

    // After a change of size the picture is redrawn, not scaled.
    try display.run("xdotool", "windowsize", window, "450", "330")
    try wait("step 0 in another size") { try shows(0, width: 450, height: 330) }
    try display.run("xdotool", "windowsize", window, "600", "400")
    try wait("step 0 in its old size") { try shows(0) }

    // A tenth of real time: two steps a second, 200 in all.
    try display.press("space")
    try wait("time to run") { try !shows(0) }
    try display.press("space")
    var still: Int?
    try wait("time to stand still") {
      let first = try display.picture(of: window, width: 600, height: 400)
      // Two steps' worth; longer on a slow machine, which only makes the test stricter.
      usleep(1_000_000)
      guard try first == display.picture(of: window, width: 600, height: 400) else { return false }
      still = try (1..<headless.steps).first { try shows($0) }
      return still != nil
    }
    #expect(still ?? 0 > 0)

    try display.press("Escape")
    #expect(try waitForEnd(process) == 0)
    #expect(try folder.text("stdout").contains("bit for bit"))
  }

  @Test func aHeldKeyDrivesAndTheRecordingVerifies() throws {
    let folder = try TemporaryFolder()
    let display = try Display()
    let process = try Tool.start(
      ["play", "--env", "cartpole-v1", "--seed", "5", "--record", "mine.rlrec", "--episodes", "1"],
      in: folder, prefix: display.prefix)
    defer { end(process) }
    _ = try display.window(titled: "rlsuite play")
    #expect(process.isRunning)
    try display.run("xdotool", "keydown", "Right")
    try wait("the pole to fall") {
      FileManager.default.fileExists(atPath: folder.file("mine.rlrec"))
    }
    try display.run("xdotool", "keyup", "Right")
    try wait("the result") { try folder.text("stdout").contains("episode 1: return") }
    try display.press("Return")
    #expect(try waitForEnd(process) == 0)

    let recording = try RecordingReader(path: folder.file("mine.rlrec"))
    #expect(recording.header.agent == "manual" && recording.header.mode == .manual)
    #expect(recording.header.seed == 5 && recording.isTerminated)
    let actions = try (1...recording.stepCount).map { try recording.step($0).action }
    #expect(actions.count > 5 && actions.allSatisfy { $0 == [1] })
    #expect(try Tool.run("replay", "--verify", "mine.rlrec", in: folder).status == 0)
  }

  /// By the person or by a signal: what was driven so far is a whole recording.
  @Test(arguments: [false, true]) func anEpisodeCutShortIsAWholeRecording(bySignal: Bool) throws {
    let folder = try TemporaryFolder()
    let display = try Display()
    // A hundred seconds long, so that no machine is too slow to cut it.
    let process = try Tool.start(
      ["play", "--env", "pendulum-v1", "--record", "mine", "--speed", "0.1"], in: folder,
      prefix: display.prefix)
    defer { end(process) }
    _ = try display.window(titled: "rlsuite play")
    // A push starts the episode, as every control does.
    try display.run("xdotool", "keydown", "shift", "keydown", "Left")
    let path = folder.file("mine/episode-000000.rlrec")
    try wait("the first step") { FileManager.default.fileExists(atPath: "\(path).partial") }
    if bySignal { process.interrupt() } else { try display.press("Escape") }
    #expect(try waitForEnd(process) == (bySignal ? 130 : 0))

    let recording = try RecordingReader(path: path)
    #expect(!recording.isTerminated && !recording.isTruncated && recording.stepCount > 0)
    // Shift and an arrow push instead of steering.
    let first = try recording.step(1)
    #expect(first.action == [0] && first.disturbance[0] < 0)
    #expect(try Tool.run("replay", "--verify", path, in: folder).status == 0)
  }
}
