import Experiments
import FlyingFox
import FlyingSocks
import Foundation
import Report
import Storage
import Synchronization

/// Serves the page about runs to browsers on this machine, up to date with the runs' files.
struct ReportServer {
  /// A reason why nothing can be served.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// What the server's tasks have to say.
  private final class State: Sendable {
    let address = Mutex<String?>(nil)
    let failure = Mutex<String?>(nil)
  }

  /// Address that only this machine reaches.
  private static let host = "127.0.0.1"

  let port: UInt16
  let source: ReportSource

  /// Serves the page until a closure says that it is enough.
  ///
  /// - Parameters:
  ///   - isDone: Asked several times a second.
  ///   - didStart: Called once with the page's address.
  /// - Throws: ``Failure`` if the port can't be used.
  func run(until isDone: () -> Bool, didStart: (String) -> Void) throws {
    let server: HTTPServer
    do {
      server = HTTPServer(
        address: try .inet(ip4: Self.host, port: port), logger: .disabled, handler: self)
    } catch {
      throw Failure(description: "\(Self.host) can't be used: \(error)")
    }
    let state = State()
    let task = Task.detached {
      do {
        try await server.run()
      } catch {
        state.failure.withLock { $0 = Self.reason(error) }
      }
    }
    defer { task.cancel() }
    Task.detached {
      try? await server.waitUntilListening()
      guard case .ip4(let host, let port) = await server.listeningAddress else { return }
      state.address.withLock { $0 = "http://\(host):\(port)/" }
    }
    while !isDone() {
      if let reason = state.failure.withLock({ $0 }) {
        throw Failure(description: "port \(port) of \(Self.host) can't be used: \(reason)")
      }
      if let started = state.address.withLock({ $0.take() }) { didStart(started) }
      usleep(20_000)
    }
  }

  private static func reason(_ error: any Error) -> String {
    if case SocketError.failed(_, _, let message) = error { return message.lowercased() }
    return "\(error)"
  }
}

extension ReportServer: HTTPHandler {
  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    // A page of another site may have its own name lead here, and must not read the runs.
    let name = (request.headers[.host] ?? "").split(separator: ":").first.map(String.init) ?? ""
    guard [Self.host, "localhost"].contains(name) else {
      return HTTPResponse(statusCode: .forbidden)
    }
    guard request.method == .GET || request.method == .HEAD else {
      return HTTPResponse(statusCode: .methodNotAllowed)
    }
    guard request.path == "/" else { return HTTPResponse(statusCode: .notFound) }
    let page = await source.page()
    var headers: HTTPHeaders = [.eTag: page.tag, .cacheControl: "no-cache"]
    guard request.headers[.ifNoneMatch] != page.tag else {
      return HTTPResponse(statusCode: .notModified, headers: headers)
    }
    headers[.contentType] = "text/html; charset=utf-8"
    return HTTPResponse(statusCode: .ok, headers: headers, body: page.html)
  }
}

/// Makes the page about runs again when their files have changed.
actor ReportSource {
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
  func page() -> (html: Data, tag: String) {
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
