import Foundation
import TestSupport
import Testing

/// Behaviour without a display, and the libraries that are loaded if none is needed.
@Suite struct HeadlessTests {
  private let headless = ["-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", "-u", "SDL_VIDEODRIVER"]

  private func record(_ folder: TemporaryFolder, prefix: [String]) throws -> Tool.Result {
    try Tool.run(
      "record", "cartpole-linear", "--steps", "5", "--out", "episodes", "--frames", "pictures",
      in: folder, prefix: prefix)
  }

  @Test func recordNeedsNoDisplayAndNeverLoadsSDL() throws {
    let folder = try TemporaryFolder()
    let result = try record(folder, prefix: headless + ["LD_DEBUG=libs"])
    #expect(result.status == 0)
    // The linker speaks of what it loads, and SDL is not among it.
    #expect(result.errors.contains("libcairo"))
    #expect(!result.errors.contains("libSDL2"))

    let window = try Tool.run(
      "replay", "--window", "episodes/cartpole-linear-seed0.rlrec", in: folder,
      prefix: headless + ["LD_DEBUG=libs", "DISPLAY=:no-such-display"])
    #expect(window.status == 69)
    #expect(window.errors.contains("libSDL2"))
  }

  @Test(arguments: [[], ["DISPLAY=:no-such-display"]]) func aWindowNeedsADisplay(
    variables: [String]
  ) throws {
    let folder = try TemporaryFolder()
    #expect(try record(folder, prefix: headless).status == 0)
    for arguments in [
      ["replay", "--window", "episodes/cartpole-linear-seed0.rlrec"], ["play", "--env", "walker"],
    ] {
      let process = try Tool.start(arguments, in: folder, prefix: headless + variables)
      process.waitUntilExit()
      let errors = try folder.text("stderr")
      #expect(process.terminationStatus == 69)
      #expect(errors.hasPrefix("rlsuite: no display: "))
      #expect(errors.split(separator: "\n").count == 1, "\(errors)")
    }
  }

  @Test func aDamagedLibraryIsReportedInOneSentence() throws {
    let folder = try TemporaryFolder()
    try Data("no library".utf8).write(to: URL(filePath: folder.file("libSDL2-2.0.so.0")))
    let result = try Tool.run(
      "play", "--env", "walker", in: folder,
      prefix: headless + ["DISPLAY=:0", "LD_LIBRARY_PATH=\(folder.path)"])
    #expect(result.status == 69)
    #expect(result.errors.contains("install libsdl2-2.0-0"))
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test(
    arguments: [
      ["--speed", "20"], ["--size", "9x9"], ["--episodes", "0"],
      ["--set", "parameters.gravity=lots"],
    ]) func playRefusesBadArguments(arguments: [String]) throws
  {
    let folder = try TemporaryFolder()
    let process = try Tool.start(
      ["play", "--env", "pendulum-v1"] + arguments, in: folder, prefix: headless)
    process.waitUntilExit()
    #expect(process.terminationStatus == 64)
  }
}
