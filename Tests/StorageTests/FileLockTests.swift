import Foundation
import Storage
import TestSupport
import Testing

@Suite struct FileLockTests {
  private func take(_ folder: TemporaryFolder) throws -> FileLock {
    try FileLock(folder.file("lock.json"), protecting: folder.path)
  }

  private func refusal(_ folder: TemporaryFolder) -> String {
    do {
      _ = try take(folder)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private func leave(_ owner: FileLock.Owner, in folder: TemporaryFolder) throws {
    try FileSystem.write(JSON.encode(owner), to: folder.file("lock.json"))
  }

  /// File systems with locks, and without.
  private static let systems: [Int32] = [0, ENOLCK, EOPNOTSUPP]

  @Test(arguments: systems) func theSecondIsToldTheOwner(error: Int32) throws {
    try FileLock.$lockError.withValue(error) {
      let folder = try TemporaryFolder()
      let lock = try take(folder)
      let message = refusal(folder)
      #expect(message.contains("process \(getpid()) on \(ProcessInfo.processInfo.hostName)"))
      #expect(message.contains("has been using it since 20"), "\(message)")
      #expect(message.contains("remove \(folder.file("lock.json"))") == (error != 0))
      try lock.check()
      lock.release()
      #expect(folder.contents.isEmpty)
      try take(folder).release()
    }
  }

  /// Its number may have gone to another process, which the time of the start reveals.
  @Test(arguments: systems) func aDeadOwnersLockIsTakenOver(error: Int32) throws {
    try FileLock.$lockError.withValue(error) {
      let folder = try TemporaryFolder()
      let (own, boot) = (FileLock.Owner.current, "another boot")
      var (dead, reused, before) = (own, own, own)
      dead.process = 1 << 30
      reused.started = (own.started ?? 0) + 1
      before.boot = boot
      for owner in [dead, reused, before] {
        try leave(owner, in: folder)
        let lock = try take(folder)
        var taken = try JSONDecoder().decode(
          FileLock.Owner.self, from: Data(folder.text("lock.json").utf8))
        // The time at which it was taken may be in the next second.
        taken.since = own.since
        #expect(taken == own)
        lock.release()
      }
    }
  }

  @Test func withoutLocksAProcessElsewhereIsRespected() throws {
    let folder = try TemporaryFolder()
    var owner = FileLock.Owner.current
    owner.host = "elsewhere"
    try FileLock.$lockError.withValue(ENOSYS) {
      try leave(owner, in: folder)
      #expect(refusal(folder).contains("on elsewhere has been using it"))
      try FileSystem.write(Data(), to: folder.file("lock.json"))
      #expect(refusal(folder).contains("another process is using it"), "it has not yet signed")
    }
  }

  @Test(arguments: systems) func filesOfOthersAreLeftAlone(error: Int32) throws {
    try FileLock.$lockError.withValue(error) {
      let folder = try TemporaryFolder()
      try FileSystem.write(Data("mine".utf8), to: folder.file("lock.json"))
      #expect(refusal(folder).contains("no lock of this program"))
      #expect(try folder.text("lock.json") == "mine")
      try FileSystem.rename(folder.file("lock.json"), to: folder.file("other"))
      try FileSystem.link(folder.file("lock.json"), to: "other")
      #expect(refusal(folder).contains("it is a link"))
      #expect(try folder.text("other") == "mine")
    }
  }

  @Test func aFolderThatWasReplacedIsNoticed() throws {
    let folder = try TemporaryFolder()
    let lock = try take(folder)
    var owner = FileLock.Owner.current
    owner.process += 1
    try leave(owner, in: folder)
    #expect(throws: FileError.self) { try lock.check() }
    lock.release()
    #expect(folder.contents == ["lock.json"], "another's file is not removed")
  }
}

@Suite struct LinkTests {
  @Test(arguments: [0, EPERM, ENOTSUP, ENOSYS]) func linksAreReplaced(error: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("latest")
    func link(_ destination: String) throws {
      try FileSystem.$linkError.withValue(error) {
        try FileSystem.link(path, to: destination)
      }
    }
    try link("100")
    try link("200")
    #expect(FileSystem.linkDestination(path) == "200")
    #expect(FileSystem.kind(path) == (error == 0 ? .link : .file))
    #expect(folder.contents == ["latest"])
    // A run that moves to a file system with links.
    try FileSystem.link(path, to: "300")
    #expect(FileSystem.kind(path) == .link && FileSystem.linkDestination(path) == "300")
  }

  @Test func otherErrorsAreThrown() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) {
      try FileSystem.$linkError.withValue(ENOSPC) {
        try FileSystem.link(folder.file("latest"), to: "100")
      }
    }
    #expect(error?.description.contains("no space left") == true)
    #expect(folder.contents.isEmpty)
  }

  @Test(arguments: ["", "\n", "1\n2", String(repeating: "1", count: 5000)])
  func otherFilesStandForNoLink(text: String) throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Data(text.utf8), to: folder.file("latest"))
    #expect(FileSystem.linkDestination(folder.file("latest")) == nil)
  }

  @Test func removingAFolderSparesWhatItsLinksPointTo() throws {
    let folder = try TemporaryFolder()
    try FileSystem.makeFolder(folder.file("precious"))
    try FileSystem.write(Data("x".utf8), to: folder.file("precious/file"))
    try FileSystem.makeFolder(folder.file("old/inner"))
    try FileSystem.link(folder.file("old/inner/link"), to: "../../precious")
    try FileSystem.link(folder.file("link"), to: "precious")
    try FileSystem.remove(folder.file("old"))
    try FileSystem.removeFolder(folder.file("link"))
    #expect(folder.contents == ["precious"])
    #expect(try folder.text("precious/file") == "x")
  }

  @Test func nothingIsWrittenThroughALink() throws {
    let folder = try TemporaryFolder()
    try FileSystem.write(Data("x".utf8), to: folder.file("precious"))
    try FileSystem.link(folder.file("log.csv"), to: "precious")
    #expect(throws: FileSystem.followedLink(folder.file("log.csv"))) {
      _ = try LogFile(folder.file("log.csv"))
    }
    #expect(throws: FileSystem.followedLink(folder.file("log.csv"))) {
      _ = try FileSystem.openNew(folder.file("log.csv"))
    }
    #expect(try folder.text("precious") == "x")
  }

  @Test(arguments: [
    (".100.tmp", true), (".100.7.tmp", true), (".best.7.tmp", true), ("100.7.tmp", false),
    (".100", false), (".ssh", false), (".tmp", false), ("..tmp", false), (".bashrc.7.tmp", false),
    (".100.x.tmp", false), (".100..tmp", false), (".100.7.tmp~", false), (".1 0.7.tmp", false),
    (".100.٣.tmp", false),
  ])
  func temporaryNames(name: String, isTemporary: Bool) {
    let found = FileSystem.isTemporaryName(name) { $0 == "best" || Int($0) != nil }
    #expect(found == isTemporary)
  }
}

@Suite struct RemovedLogTests {
  @Test func aFileThatWasRemovedIsNoticed() throws {
    let folder = try TemporaryFolder()
    let log = try LogFile(folder.file("log.csv"))
    try log.synchronize()
    try FileSystem.remove(folder.file("log.csv"))
    try log.append(line: "1")
    #expect(
      throws: FileError.unwritable(path: folder.file("log.csv"), reason: "it has been removed")
    ) { try log.synchronize() }
  }
}
