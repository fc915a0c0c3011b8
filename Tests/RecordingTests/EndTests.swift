import Foundation
import RLCore
import Recording
import TestSupport
import Testing
import Storage

/// A recording keeps what its end means, and older ones that don't are read as ever.
@Suite struct EndTests {
  private func reader(_ recording: EditableRecording) throws -> RecordingReader {
    try RecordingReader(recording.contents, path: "test.rlrec")
  }

  @Test func theMeaningIsKept() throws {
    let contents = try DamageTests.small.get()
    let reader = try RecordingReader(contents, path: "test.rlrec")
    #expect(reader.header.end == .fell && reader.end == .task(.fell))
    let json = String(decoding: reader.header.json, as: UTF8.self)
    #expect(json.contains("\"end\":\"fell\""))
    let limit = try RecordingReader(record("pendulum-v1"), path: "test.rlrec")
    #expect(limit.header.end == nil && limit.end == .timeLimit)
  }

  /// A file is written from the start, before anybody knows its end.
  @Test func filesHaveTheBytesOfRecordingsInMemory() throws {
    let folder = try TemporaryFolder()
    let environment = try environment("cartpole-v1")
    let vector = environment.construct(1)
    let path = folder.file("episode.rlrec")
    let recorder = FileRecorder(header: makeHeader(environment)) { _ in path }
    vector.observe(environment: 0, with: recorder)
    vector.resetsEndedEpisodes = false
    vector.reset(environment: 0, seed: 2)
    play(vector, choose: randomActions(environment.specification.actionSpace, seed: 4))
    try recorder.finish()
    #expect(folder.contents == ["episode.rlrec"])
    #expect(try FileSystem.read(path) == DamageTests.small.get())
  }

  @Test func anotherMeaningIsADifference() throws {
    var recording = try EditableRecording(DamageTests.small.get())
    recording.header.end = .goalReached
    let found = try replay(recording.contents).verify()
    #expect(found?.field == "the end" && found?.recorded == "goal reached")
    #expect(found?.simulated == "fell")
  }

  @Test func recordingsOfEarlierBuildsAreRead() throws {
    var recording = try EditableRecording(DamageTests.small.get())
    recording.header.end = nil
    let old = try reader(recording)
    #expect(old.isTerminated && old.end == nil)
    let replay = try replay(recording.contents)
    #expect(try replay.verify() == nil)
    #expect(replay.end == .task(.fell))
  }

  @Test func anEndThatIsNotOneIsDamage() throws {
    var recording = try EditableRecording(record("pendulum-v1"))
    recording.header.end = .fell
    #expect(
      damage(recording.contents)
        == "its header says how the task ended, but its last step does not end it")
  }
}
