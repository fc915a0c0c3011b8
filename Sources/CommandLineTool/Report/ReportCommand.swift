import ArgumentParser
import Experiments
import Foundation
import Report
import Storage

/// The verb `report`: shows one or many runs as one page of HTML.
struct ReportRuns: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show runs as one page of HTML, with curves, statistics and episodes.",
    discussion: """
      A folder of runs, one per seed, is a group, whose curves have intervals over its seeds. Folders \
      of stress tests are shown too, and those in stress/ within a run's or group's folder. What \
      can't be read is named, the rest is shown, and the command exits with 65.

      The page needs no network and no other file; without JavaScript only the player of recorded \
      episodes is missing.
      """)

  @Argument(
    inputs: "Run folders, folders of runs that differ in their seeds, and folders of stress tests.",
    extensions: [])
  var folders: [String]
  @Option(path: [.long, .customShort("o")], help: "File to write.") var out: String?
  @Flag(
    help: "Serve the page on 127.0.0.1 instead, up to date while runs train, until Ctrl-C.")
  var serve = false
  @Option(help: "Port to serve on; 0 for any that is free.") var port: UInt16 = 8080
  @Option(help: "Greatest number of recorded episodes on the page.") var episodes = 12
  @Flag(help: "Write one JSON object per line to standard output.") var json = false

  func validate() throws {
    guard !folders.isEmpty else { throw ValidationError("name at least one folder of a run") }
    guard (0...1000).contains(episodes) else {
      throw ValidationError("--episodes must lie in 0...1000")
    }
    guard !serve || out == nil else {
      throw ValidationError("--serve writes no file; leave out --out or --serve")
    }
  }

  private struct Written: Encodable {
    var file: String
    var bytes: Int
    var groups: Int
    var runs: Int
    var episodes: Int
    var problems: [String]
  }

  private var version: String { "\(CommandLineTool.name) \(suiteVersion)" }

  func run() throws {
    if serve { try servePage() } else { try writePage() }
  }

  private func servePage() throws {
    for folder in folders where !FileSystem.exists(folder) { throw FileError.missing(path: folder) }
    let stop = StopSignal(notice: "\n\(CommandLineTool.name): stopping")
    let source = ReportSource(
      folders, mostEpisodes: episodes, version: version, registry: .ofTheTool)
    try ReportServer(port: port, source: source).run(until: { stop.isRaised }) {
      writeLine("\($0) shows \(counted(folders.count, "folder")); Ctrl-C ends it")
    }
  }

  private func writePage() throws {
    let file = out ?? "report.html"
    var collection = ReportCollection(registry: .ofTheTool, mostEpisodes: episodes)
    collection.read(folders)
    for problem in collection.problems { Failure.report(problem) }
    guard !collection.isEmpty else {
      let status = collection.problems.first.flatMap(Failure.status) ?? .damaged
      throw ExitCode(status.rawValue)
    }
    let html = collection.page(version: version).html()
    try FileSystem.makeFolder(ofFile: file)
    try FileSystem.write(html, to: file)
    let written = Written(
      file: file, bytes: html.count, groups: collection.groups.count,
      runs: collection.runCount, episodes: collection.films.count,
      problems: collection.problems.map(\.description))
    writeLine(
      json
        ? try jsonLine(written)
        : "\(file): \(counted(written.runs, "run")) in \(counted(written.groups, "group")), "
          + "\(counted(written.episodes, "episode")), \(grouped(written.bytes)) bytes")
    if !collection.problems.isEmpty { throw ExitCode(ExitStatus.damaged.rawValue) }
  }
}
