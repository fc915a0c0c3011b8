import Foundation
import Storage
import TestSupport
import Testing

/// Short runs for reports.
enum ShortReport {
  /// Trains cart-poles in `runs/seed-1` and so on, with two evaluations and a recorded episode each.
  static func train(in folder: TemporaryFolder, seeds: ClosedRange<Int>) throws {
    for seed in seeds {
      let result = try Tool.run(
        "train", "--env", "cartpole-v1", "--agent", "ppo", "--seed", "\(seed)", "--steps", "4096",
        "--eval-every", "2048", "--eval-episodes", "3", "--record-every", "10", "--probes",
        "dormant-units", "--threads", "1", "--out", "runs/seed-\(seed)", "-q", in: folder)
      try #require(result.status == 0, "\(result.errors)")
    }
  }
}

extension TemporaryFolder {
  /// Paths of a run's recordings.
  func recordings(of run: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file("\(run)/recordings")).sorted()
      .map { file("\(run)/recordings/\($0)") }
  }
}

/// What the verb writes and says.
@Suite struct ReportCommandTests {
  @Test func badRunsAreNamedAndTheOthersShown() throws {
    let folder = try TemporaryFolder()
    try ShortReport.train(in: folder, seeds: 1...2)
    let runs = folder.file("runs")
    for name in ["seed-3", "seed-4", "seed-5"] {
      try FileManager.default.copyItem(
        atPath: "\(runs)/seed-1", toPath: "\(runs)/\(name)")
      let settings = try folder.text("runs/seed-1/config.yaml")
      try Data(settings.replacing("seed: 1", with: "seed: \(name.dropFirst(5))").utf8).write(
        to: URL(filePath: "\(runs)/\(name)/config.yaml"))
    }
    let metrics = try Data(contentsOf: URL(filePath: "\(runs)/seed-3/metrics.csv"))
    try metrics.dropLast(9).write(to: URL(filePath: "\(runs)/seed-3/metrics.csv"))
    try Data("environment: cartpole-v1\nagent: newer\n".utf8).write(
      to: URL(filePath: "\(runs)/seed-4/config.yaml"))
    let recordings = try folder.recordings(of: "runs/seed-5")
    let recording = try #require(recordings.last)
    try FileSystem.write(Data(FileSystem.read(recording).dropLast(5)), to: recording)
    try FileManager.default.createDirectory(
      atPath: folder.file("empty"), withIntermediateDirectories: true)
    let result = try Tool.run("report", "runs", "empty", "--out", "page.html", in: folder)
    #expect(result.status == 65)
    let lines = result.remarks.split(separator: "\n")
    for words in [
      "seed-3/metrics.csv is damaged: its last row", "seed-4/config.yaml is damaged",
      "empty can't be used here: it is neither", "\(FileSystem.split(recording).name) is damaged",
    ] {
      #expect(lines.count { $0.contains(words) } == 1, "\(words) in \(lines)")
    }
    let page = try folder.text("page.html")
    let isNamed = page.contains("seed-3/metrics.csv is damaged")
    #expect(isNamed)
    // Two recordings of seeds 1 and 2 each, and one of seed 5.
    #expect(result.output.hasPrefix("page.html: 3 runs in 1 group, 5 episodes, "))
  }

  @Test func nothingToShowIsNoPage() throws {
    let folder = try TemporaryFolder()
    #expect(try Tool.run("report", "missing", "--out", "page.html", in: folder).status == 66)
    #expect(try Tool.run("report", in: folder).status == 64)
    #expect(!folder.contents.contains("page.html"))
  }

  @Test func equalRunsGiveEqualPages() throws {
    let folder = try TemporaryFolder()
    try ShortReport.train(in: folder, seeds: 1...1)
    let pages = try (0..<2).map { number in
      let result = try Tool.run("report", "runs/seed-1", "--out", "\(number).html", in: folder)
      #expect(result.status == 0, "\(result.errors)")
      return try folder.text("\(number).html")
    }
    let (areEqual, isWhole) = (pages[0] == pages[1], pages[0].hasSuffix("</html>\n"))
    #expect(areEqual)
    #expect(isWhole)
  }
}
