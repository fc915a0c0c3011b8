import Environments
import Foundation
import LinearAlgebra
import RLCore
import Recording
import TestSupport
import Testing
import Storage

/// Files appear when they are whole, and in training the same ones whatever interrupts it.
@Suite struct RecorderTests {
  /// Lets random actions act for some steps.
  private func step(
    _ vector: any BatchedEnvironment, _ count: Int, _ choose: Chooser
  ) {
    let actions = Matrix(rows: vector.count, columns: vector.specification.actionWidth)
    for k in 0..<count {
      for i in 0..<vector.count {
        let values = choose(k, vector.batch.observations.row(i))
        for j in values.indices { actions[i, j] = values[j] }
      }
      vector.step(actions: actions, in: 0..<vector.count)
    }
  }

  @Test func everyThirdEpisodeIsRecorded() throws {
    let environment = try environment("cartpole-v1")
    let vector = environment.construct(2)
    let recorder = EpisodeRecorder(header: makeHeader(environment), every: 3)
    vector.observe(environment: 1, with: recorder)
    vector.reset(seeds: .training(runSeed: 5))
    step(vector, 400, randomActions(environment.specification.actionSpace, seed: 1))
    let finished = recorder.takeFinished()
    #expect(finished.count >= 3)
    for (k, recording) in finished.enumerated() {
      #expect(recording.name == "episode-00000\(3 * k).rlrec" || 3 * k > 9)
      let replay = try replay(recording.contents)
      #expect(replay.recording.header.episode == 3 * k)
      let seed = EpisodeSeeds.training(runSeed: 5).seed(environment: 1, episode: 3 * k)
      #expect(replay.recording.header.seed == seed)
      #expect(try replay.verify() == nil)
    }
    #expect(recorder.takeFinished().isEmpty)
    #expect(EpisodeRecorder.name(episode: 12) == "episode-000012.rlrec")
    #expect(EpisodeRecorder.name(episode: 1_234_567) == "episode-1234567.rlrec")
  }

  @Test func anInterruptionChangesNoByte() throws {
    let environment = try environment("quadcopter")
    func make() -> (any BatchedEnvironment, EpisodeRecorder) {
      let vector = environment.construct(1)
      vector.takesDisturbances = true
      vector.disturbances?.fill(0.001)
      let recorder = EpisodeRecorder(header: makeHeader(environment, isDisturbed: true))
      vector.observe(environment: 0, with: recorder)
      vector.reset(seeds: .training(runSeed: 1))
      return (vector, recorder)
    }
    let (whole, first) = make()
    var choose = randomActions(environment.specification.actionSpace, seed: 1, scale: 0.1)
    step(whole, 300, choose)
    let (interrupted, second) = make()
    choose = randomActions(environment.specification.actionSpace, seed: 1, scale: 0.1)
    var parts: [EpisodeRecorder.Finished] = []
    step(interrupted, 130, choose)
    parts += second.takeFinished()
    let snapshot = interrupted.snapshot(of: 0)
    #expect(!snapshot.actions.isEmpty && !snapshot.disturbances.isEmpty)
    let (resumed, third) = make()
    try resumed.restore(snapshot, to: 0)
    resumed.disturbances?.fill(0.001)
    step(resumed, 170, choose)
    parts += third.takeFinished()
    let expected = first.takeFinished()
    #expect(!expected.isEmpty && parts == expected)
  }

  @Test func aFileGetsItsNameWhenItIsWhole() throws {
    let folder = try TemporaryFolder()
    let environment = try environment("pendulum-v1")
    let vector = environment.construct(1)
    let path = folder.file("episode.rlrec")
    let recorder = FileRecorder(header: makeHeader(environment)) { start in
      start.seed == 4 ? path : nil
    }
    vector.observe(environment: 0, with: recorder)
    vector.reset(environment: 0, seed: 3)
    #expect(folder.contents.isEmpty)
    vector.reset(environment: 0, seed: 4)
    let choose = randomActions(environment.specification.actionSpace, seed: 1)
    play(vector, limit: 20, choose: choose)
    #expect(folder.contents == ["episode.rlrec.partial"])
    play(vector, choose: choose)
    #expect(folder.contents == ["episode.rlrec"] && recorder.finished == [path])
    try recorder.check()
    let reader = try RecordingReader(path: path)
    #expect(reader.stepCount == 200 && reader.isTruncated)
    #expect(try Replay(reader, environment: environment.construct(1)).verify() == nil)
    // What a process that is killed leaves behind.
    let walker = try RecordingWriter(path: folder.file("killed.rlrec"), header: reader.header)
    _ = walker
    let partial = try RecordingReader(
      path: folder.file("killed.rlrec.partial"), accepting: .toLastWholeChunk)
    #expect(partial.stepCount == 0 && partial.missingEnd != nil)
  }

  @Test func aPersonMayStopBeforeTheEnd() throws {
    let folder = try TemporaryFolder()
    let environment = try environment("pendulum-v1")
    let vector = environment.construct(1)
    let path = folder.file("episode.rlrec")
    let recorder = FileRecorder(header: makeHeader(environment)) { _ in path }
    vector.observe(environment: 0, with: recorder)
    vector.reset(environment: 0, seed: 3)
    play(vector, limit: 30, choose: { _, _ in [0.5] })
    try recorder.finish()
    try recorder.finish()
    let reader = try RecordingReader(path: path)
    #expect(reader.stepCount == 30 && !reader.isTruncated && reader.missingEnd == nil)
    let replay = try Replay(reader, environment: environment.construct(1))
    #expect(try replay.verify() == nil && !replay.hasEnded && replay.isAtEnd)
    #expect(try !replay.next() && replay.step == 30)
  }

  /// A link to a device that is always full would not be followed.
  @Test(.enabled(if: getuid() == 0, "only root may make a device"))
  func aFullDiskIsReported() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("episode.rlrec")
    try #require(folder.makeFullDevice("episode.rlrec" + RecordingWriter.partialSuffix))
    let environment = try environment("pendulum-v1")
    let vector = environment.construct(1)
    let recorder = FileRecorder(header: makeHeader(environment)) { _ in path }
    vector.observe(environment: 0, with: recorder)
    vector.reset(environment: 0, seed: 3)
    play(vector, limit: 5, choose: { _, _ in [0.5] })
    let full = FileError.unwritable(path: path, reason: "no space left on device")
    #expect(throws: full) { try recorder.check() }
    #expect(throws: Never.self) { try recorder.check() }
    #expect(
      throws: FileError.unwritable(
        path: folder.file("none/a.rlrec.partial"), reason: "no such file or directory")
    ) {
      _ = try RecordingWriter(path: folder.file("none/a.rlrec"), header: makeHeader(environment))
    }
  }
}
