import CEvent
import Experiments
import Foundation
import Report
import Storage

/// Serves the page about runs to browsers on this machine, up to date with the runs' files.
struct ReportServer {
  /// A reason why nothing can be served.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Address that only this machine reaches.
  private static let host = "127.0.0.1"

  let port: UInt16
  let source: ReportSource

  /// Serves the page, with libevent, until a closure says that it is enough.
  ///
  /// - Parameters:
  ///   - isDone: Asked several times a second.
  ///   - didStart: Called once with the page's address.
  /// - Throws: ``Failure`` if the port can't be used.
  func run(until isDone: () -> Bool, didStart: (String) -> Void) throws {
    let server = cevent_start(
      Self.host, port,
      { source, request, reply in
        guard let source, let request else { return }
        let served = Unmanaged<ReportSource>.fromOpaque(source).takeUnretainedValue()
        ReportServer.answer(request.pointee, from: served) { status, page, contents in
          contents.withUnsafeBytes { bytes in
            cevent_answer(
              reply, status, page?.tag, page == nil ? nil : "text/html; charset=utf-8",
              bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
          }
        }
      }, Unmanaged.passUnretained(source).toOpaque())
    guard let server else {
      let reason = String(cString: strerror(errno)).lowercased()
      throw Failure(description: "port \(port) of \(Self.host) can't be used: \(reason)")
    }
    defer { cevent_stop(server) }
    didStart("http://\(Self.host):\(cevent_port(server))/")
    while !isDone() { cevent_serve(server, 50) }
  }

  /// Answers one request with a status, a page to name and what to send of it.
  private static func answer(
    _ request: cevent_request, from source: ReportSource,
    _ send: (_ status: Int32, _ page: ReportSource.Page?, _ contents: Data) -> Void
  ) {
    // A page of another site may have its own name lead here, and must not read the runs.
    let host = request.host.map { String(cString: $0) } ?? ""
    let name = host.split(separator: ":").first.map(String.init) ?? ""
    guard [Self.host, "localhost"].contains(name) else { return send(403, nil, Data()) }
    guard request.path.map({ String(cString: $0) }) == "/" else { return send(404, nil, Data()) }
    let page = source.page()
    let isKnown = request.known_tag.map { String(cString: $0) } == page.tag
    send(isKnown ? 304 : 200, page, isKnown ? Data() : page.html)
  }
}

/// Makes the page about runs again when their files have changed.
final class ReportSource {
  typealias Page = (html: Data, tag: String)

  private let folders: [String]
  private let mostEpisodes: Int
  private let version: String
  private let registry: Registry
  private var films: [String: EpisodeFilm?] = [:]
  private var last: (stamp: [String], html: Data, tag: String)?

  init(_ folders: [String], mostEpisodes: Int, version: String, registry: Registry) {
    (self.folders, self.mostEpisodes) = (folders, mostEpisodes)
    (self.version, self.registry) = (version, registry)
  }

  /// The page and a name that changes with it.
  func page() -> Page {
    let stamp = folders.flatMap { RunGroup.runFolders($0) }.flatMap(Self.stamp)
    if let last, last.stamp == stamp { return (last.html, last.tag) }
    var collection = ReportCollection(
      registry: registry, mostEpisodes: mostEpisodes, knownFilms: films)
    collection.read(folders)
    films = collection.knownFilms
    var page = collection.page(version: version)
    page.refreshes = true
    let html = page.html()
    let tag = "\"\(String(CRC32C.checksum(html), radix: 16))-\(html.count)\""
    last = (stamp, html, tag)
    return (html, tag)
  }

  /// Returns what changes when a run's logs do.
  private static func stamp(_ folder: String) -> [String] {
    let run = RunFolder(path: folder)
    let files = [
      run.metricsFile, run.timingFile, run.evaluationsFile, run.driftFile, run.manifestFile,
      run.recordingsFolder,
    ]
    return files.map { file in
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      let (size, date) = (attributes?[.size], attributes?[.modificationDate])
      return "\(file) \(size as Any) \(date as Any)"
    }
  }
}
