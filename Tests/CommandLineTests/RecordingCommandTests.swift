import Foundation
import TestSupport
import Testing
import Storage

@Suite struct RecordingCommandTests {
  /// The very episodes that `evaluate` counts, verified, with one picture per state.
  @Test func recordedEpisodesAreThoseThatEvaluateCounts() throws {
    let folder = try TemporaryFolder()
    let recorded = try Tool.run(
      "record", "cartpole-linear", "--episodes", "2", "--seed", "7", "--out", "episodes",
      "--json", in: folder)
    #expect(recorded.status == 0, "\(recorded.errors)")
    let evaluated = try Tool.run(
      "evaluate", "cartpole-linear", "--episodes", "2", "--seed", "7", "--json", in: folder)
    let returns = evaluated.output.firstMatch(of: /"returns":\[([^\]]*)\]/)?.1
    let own = recorded.output.matches(of: /"return":([^,]*),/).map(\.1)
    #expect(own.joined(separator: ",") == returns ?? "")
    let replayed = try Tool.run(
      "replay", "episodes/cartpole-linear-seed7.rlrec", "episodes/cartpole-linear-seed8.rlrec",
      "--verify", in: folder)
    #expect(replayed.status == 0 && replayed.output.contains("bit for bit"), "\(replayed.errors)")
  }

  @Test func everyStateHasItsPicture() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "record", "quadcopter-cascade", "--steps", "12", "--frames", "pictures", "--format", "ppm",
      "--size", "96x64", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("pictures"))
    #expect(names.sorted().first == "frame-000000.ppm" && names.count == 13)
    let contents = try names.map { try FileSystem.read(folder.file("pictures/\($0)")) }
    #expect(contents.allSatisfy { $0.count == 13 + 3 * 96 * 64 } && Set(contents).count == 13)
  }

  /// States 0, 5 and 10, and the last one; the film's folder need not exist.
  @Test func theLastStateIsDrawnWhateverTheInterval() throws {
    let folder = try TemporaryFolder()
    let result = try Tool.run(
      "record", "quadcopter-cascade", "--steps", "12", "--frames", "pictures", "--video",
      "films/a.gif", "--picture-every", "5", "--out", "episodes", "--size", "96x64", in: folder)
    #expect(result.status == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("pictures"))
    #expect(names.count == 4)
    let film = try FileSystem.read(folder.file("films/a.gif"))
    // The delays in the graphics control extensions, in hundredths of a second.
    let delays = film.indices.dropLast(7).filter { film[$0..<$0 + 4] == Data([0x21, 0xF9, 4, 5]) }
      .map { Int(film[$0 + 4]) | Int(film[$0 + 5]) << 8 }
    #expect(delays == [10, 10, 4, 2])
    let short = try Tool.run(
      "record", "quadcopter-cascade", "--steps", "1", "--video", "films/b.gif", "--picture-every",
      "2000", "--out", "short", "--size", "96x64", in: folder)
    #expect(short.status == 0, "\(short.errors)")
    let brief = try FileSystem.read(folder.file("films/b.gif"))
    #expect(brief.firstRange(of: Data([0x21, 0xF9, 4, 5, 2, 0])) != nil)
  }

  /// Recordings made while training replay, and an interrupted run makes the same ones.
  @Test func trainingRecordsEveryThirdEpisode() throws {
    let folder = try TemporaryFolder()
    let arguments = ShortRun.cartPole.arguments + ["--record-every", "3", "--quiet"]
    try Tool.start(arguments + ["--out", "whole"], in: folder).waitUntilExit()
    let names = try recordings("whole", folder)
    #expect(names.count > 5 && names.prefix(2) == ["episode-000000.rlrec", "episode-000003.rlrec"])
    let replayed = try Tool.start(
      ["replay", "--verify"] + names.map { "whole/recordings/\($0)" }, in: folder)
    replayed.waitUntilExit()
    let errors = try folder.text("stderr")
    #expect(replayed.terminationStatus == 0, "\(errors)")

    let process = try Tool.start(arguments + ["--out", "killed"], in: folder)
    while process.isRunning, (try? recordings("killed", folder).count) ?? 0 < 4 { usleep(200) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try Tool.run("train", "--resume", "killed", "--quiet", in: folder).status == 0)
    #expect(try recordings("killed", folder) == names)
    for name in names {
      let (first, second) = ("whole/recordings/\(name)", "killed/recordings/\(name)")
      #expect(try FileSystem.read(folder.file(first)) == FileSystem.read(folder.file(second)))
    }
    // Somebody who watches changes nothing.
    try Tool.start(ShortRun.cartPole.arguments + ["--quiet", "--out", "alone"], in: folder)
      .waitUntilExit()
    var (watched, alone) = (
      try exactContents(of: "whole", in: folder), try exactContents(of: "alone", in: folder)
    )
    for file in ["config.yaml", "trainer.safetensors", "manifest.json"] {
      // These hold the setting itself, or a checksum of it.
      (watched[file], alone[file]) = (nil, nil)
    }
    watched = watched.filter { !$0.key.hasSuffix(".rlrec") }
    #expect(watched == alone)
  }

  private func recordings(_ run: String, _ folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.file("\(run)/recordings"))
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  @Test func recordingsAreInspectedUnderAnyName() throws {
    let folder = try TemporaryFolder()
    try Tool.run("record", "cartpole-linear", "--steps", "5", "--out", "episodes", in: folder)
    let named = folder.file("episodes/cartpole-linear-seed0.rlrec")
    try FileSystem.write(FileSystem.read(named), to: folder.file("other"))
    let result = try Tool.run("inspect", "other", in: folder)
    #expect(result.status == 0 && result.output.contains("left unfinished"), "\(result.errors)")
  }

  /// An interrupted film leaves nothing, not even under its hidden name.
  @Test func interruptedReplaysLeaveNoFilm() throws {
    let folder = try TemporaryFolder()
    try Tool.run("record", "cartpole-linear", "--out", "episodes", in: folder)
    let words = ["--video", "films/a.gif", "--size", "1920x1280"]
    try FileSystem.makeFolder(folder.file("films"))
    let process = try Tool.start(
      ["replay", "episodes/cartpole-linear-seed0.rlrec"] + words, in: folder)
    func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.file("films"))
    }
    while process.isRunning, try names().isEmpty { usleep(200) }
    // Before it listens a signal would end it at once.
    while process.isRunning, try size(folder, names()) < 10_000 { usleep(200) }
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try names().isEmpty)
  }

  private func size(_ folder: TemporaryFolder, _ names: [String]) throws -> Int {
    try names.map { try FileSystem.read(folder.file("films/\($0)")).count }.reduce(0, +)
  }

  @Test func recordingsAreNotReplacedUnasked() throws {
    let folder = try TemporaryFolder()
    let words = ["record", "cartpole-linear", "--steps", "5", "--out", "episodes"]
    func run(_ more: String...) throws -> Int32 {
      let process = try Tool.start(words + more, in: folder)
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(try run() == 0)
    #expect(try run() == 64)
    #expect(try folder.text("stderr").contains("--overwrite"))
    #expect(try run("--overwrite") == 0)
  }

  /// A difference is reported by its first step and field; only `--verify` makes it a failure.
  @Test func differencesAreNamed() throws {
    let folder = try TemporaryFolder()
    try Tool.run("record", "cartpole-linear", "--out", "episodes", in: folder)
    let path = folder.file("episodes/cartpole-linear-seed0.rlrec")
    var contents = try FileSystem.read(path)
    // The seed stands in the header as text; the chunk's checksum is mended.
    let range = try #require(contents.firstRange(of: Data("\"seed\":\"0\"".utf8)))
    contents[range.upperBound - 2] = UInt8(ascii: "1")
    let length = contents[16..<20].enumerated().reduce(0) { $0 | Int($1.1) << (8 * $1.0) }
    let checksum = crc32(contents[12..<20] + contents[24..<24 + length])
    for i in 0..<4 { contents[20 + i] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(i))) }
    // The end holds a checksum over all chunks, the header's too.
    try FileSystem.write(contents, to: path)
    #expect(try Tool.run("replay", path, in: folder).status == 65)
    try FileSystem.write(contents.dropLast(32), to: path)
    #expect(try Tool.run("replay", path, in: folder).status == 65)
    let told = try Tool.run("replay", path, "--partial", in: folder)
    #expect(told.status == 0 && told.output.contains("step 0"), "\(told.output) \(told.errors)")
    let failed = try Tool.run("replay", path, "--partial", "--verify", in: folder)
    #expect(failed.status == 1 && failed.output.contains("step 0"), "\(failed.errors)")
    let branched = try Tool.run("replay", path, "--partial", "--branch", "3", in: folder)
    #expect(
      branched.status == 65 && branched.errors.contains("state at step 3 can't be reached"),
      "\(branched.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.file("episodes")).count == 1)
  }

  /// A branch lies beside its recording, says whence it comes and is a recording like any other.
  @Test func branchesAreRecordings() throws {
    let folder = try TemporaryFolder()
    try Tool.run("record", "cartpole-linear", "--steps", "60", "--out", "episodes", in: folder)
    let file = "episodes/cartpole-linear-seed0.rlrec"
    let words = ["replay", file, "--branch", "40", "--with", "random", "--seed", "7"]
    func run(_ words: [String]) throws -> Tool.Result {
      let process = try Tool.start(words, in: folder)
      process.waitUntilExit()
      return .init(
        status: process.terminationStatus, output: try folder.text("stdout"),
        errors: try folder.text("stderr"))
    }
    let made = try run(words)
    let path = "episodes/cartpole-linear-seed0-step40-random-stream7.rlrec"
    #expect(
      made.status == 0 && made.output.hasPrefix("\(path): cartpole, random, seed 0")
        && made.output.contains("verified"), "\(made.output) \(made.errors)")
    let shown = try run(["inspect", path])
    let parent = try run(["inspect", file])
    let fingerprint = parent.output.firstMatch(of: /fingerprint +([0-9a-f]+)/)?.1 ?? "?"
    #expect(
      shown.output.contains("step 40 of recording \(fingerprint) by cartpole-linear"),
      "\(shown.output)")
    #expect(try run(["replay", path, "--verify"]).status == 0)
    for (words, status, message) in [
      (words, 64, "exists; choose another file"),
      (["replay", file, "--branch", "61"], 64, "0...60, and not at 61"),
      (["replay", file, "--with", "random"], 64, "--with needs --branch"),
      (["replay", file, "--branch", "1", "--with", "walker-heuristic"], 64, "can't control"),
      (["replay", file, "--branch", "1", "--with", "no/run"], 66, "no/run"),
      (["replay", "no.rlrec", "--branch", "1"], 66, "no.rlrec does not exist"),
      (["replay", file, path, "--branch", "1"], 64, "one recording at a time"),
    ] {
      let refused = try run(words)
      #expect(
        refused.status == status && refused.errors.contains(message),
        "\(words): \(refused.status) \(refused.errors)")
    }
    let film = ["--frames", "frames", "--picture-every", "1000", "--size", "96x64"]
    #expect(try run(words + ["--out", "other.rlrec"] + film).status == 0)
    #expect(FileSystem.exists(folder.file("other.rlrec")))
    #expect(FileSystem.exists(folder.file("frames/frame-000000.png")))
  }

  private func crc32(_ bytes: Data) -> UInt32 {
    ~bytes.reduce(UInt32.max) { value, byte in
      (0..<8).reduce(value ^ UInt32(byte)) { crc, _ in
        crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1
      }
    }
  }

  @Test func impossiblePicturesAreRefused() throws {
    let folder = try TemporaryFolder()
    let record = ["record", "cartpole-linear", "--frames", "pictures"]
    for (more, word) in [
      (["--size", "600"], "600x400"), (["--size", "9x9"], "64"), (["--format", "bmp"], "png"),
    ] {
      let process = try Tool.start(record + more, in: folder)
      process.waitUntilExit()
      #expect(process.terminationStatus == 64)
      #expect(try folder.text("stderr").contains(word))
    }
    #expect(!FileSystem.exists(folder.file("pictures")))
  }
}
