import Environments
import Foundation
import RLCore
import Recording
import TestSupport
import Testing
import Storage

/// The committed episodes re-simulate bit for bit: dynamics, rewards and observations are as ever.
@Suite struct GoldenTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Recordings/Golden")

  @Test func everyEnvironmentHasOne() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    #expect(names.sorted() == EnvironmentRegistry.all.map { "\($0.identifier).rlrec" }.sorted())
  }

  @Test(arguments: EnvironmentRegistry.all.map(\.identifier))
  func itReplays(identifier: String) throws {
    let path = Self.folder.appending(path: "\(identifier).rlrec").path
    let contents = try FileSystem.read(path)
    #expect(contents.count < 100 * 1024)
    let reader = try RecordingReader(contents, path: path)
    #expect(reader.header.environment == identifier)
    #expect(reader.stepCount >= 100 || reader.isTerminated || reader.isTruncated)
    let replay = try Replay(reader, environment: environment(identifier).construct(1))
    // Machines whose C library has other sines than the one it was made with may differ.
    #expect(try replay.verify() == nil, "made with \(reader.header.build)")
  }
}
