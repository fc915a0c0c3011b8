import Environments
import Foundation
import RLCore
import Recording
import Rendering
import TestSupport
import Testing
import RLSuiteTool
import Experiments

/// Episodes that a person drives, without a window.
@Suite struct PlayGameTests {
  private let registered: RegisteredEnvironment
  private let environment: any BatchedEnvironment
  private let folder: TemporaryFolder

  init() throws {
    registered = try #require(EnvironmentRegistry.find("cartpole-v1"))
    environment = registered.construct(1)
    folder = try TemporaryFolder()
  }

  private var none: [Float] { environment.disturbanceComponents.map { _ in 0 } }

  private func recorder() throws -> FileRecorder {
    let header = RecordingHeader(
      specification: registered.specification, parameters: registered.parameters,
      disturbances: environment.disturbanceComponents, agent: "manual", mode: .manual,
      policy: nil, build: .current)
    var attempt = 0
    return FileRecorder(header: header) { [folder] _ in
      defer { attempt += 1 }
      return folder.file("\(attempt).rlrec")
    }
  }

  private func verified(_ name: String) throws -> RecordingReader {
    let recording = try RecordingReader(path: folder.file(name))
    #expect(try Replay(recording, environment: registered.construct(1)).verify() == nil)
    return recording
  }

  @Test func everyAttemptWithAStepIsAWholeRecording() throws {
    let game = PlayGame(environment, seed: 40, recorder: try recorder())
    for _ in 0..<3 { try game.step(action: [1], push: none) }
    game.restart()
    #expect(game.overlay.step == 0)
    while game.result == nil { try game.step(action: [0], push: none) }
    #expect(folder.contents == ["0.rlrec", "1.rlrec"])
    game.next()
    try game.step(action: [1], push: none)
    game.next()
    try game.finish()
    #expect(folder.contents == ["0.rlrec", "1.rlrec", "2.rlrec"])

    let (cut, whole, next) = try (verified("0.rlrec"), verified("1.rlrec"), verified("2.rlrec"))
    #expect(cut.stepCount == 3 && !cut.isTerminated && !cut.isTruncated)
    #expect(whole.isTerminated)
    #expect([cut, whole, next].map(\.header.seed) == [40, 40, 41])
  }

  @Test func theLastStateStaysToBeSeen() throws {
    let game = PlayGame(environment, seed: 40)
    while game.result == nil { try game.step(action: [0], push: none) }
    let result = try #require(game.result)
    #expect(result.length == game.overlay.step && result.end == .task(.fell))
    #expect(result.episodeReturn == game.overlay.episodeReturn && result.episodeReturn > 0)
    #expect(game.overlay.remarks == [.init("fell", .bad)])
    let last = game.scene
    try game.step(action: [1], push: none)
    #expect(game.overlay.step == result.length && game.scene == last)
    game.restart()
    #expect(game.scene != last)
  }

  @Test func pushesAreRecorded() throws {
    let walker = try #require(EnvironmentRegistry.find("walker"))
    let environment = walker.construct(1)
    let game = PlayGame(environment, seed: 1)
    try game.step(action: [0, 0, 0, 0], push: [4, -2])
    #expect(game.overlay.disturbances.map(\.value) == [4, -2])
    #expect(environment.snapshot(of: 0).disturbances == [4, -2])
  }
}
