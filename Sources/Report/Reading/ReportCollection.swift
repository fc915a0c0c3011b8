public import Experiments
public import Storage

/// Gathers what a report shows from folders, and the problems with what can't be shown.
public struct ReportCollection {
  /// Groups of runs.
  package private(set) var groups: [ReportedGroup] = []
  /// Stress tests.
  package private(set) var stressTests: [ReportedStress] = []
  /// Recorded episodes.
  package private(set) var films: [EpisodeFilm] = []
  /// One error for each run, stress test or recording that can't be shown.
  public private(set) var problems: [FileError] = []
  /// Films by the paths of their recordings, nil for those without pictures, so that another
  /// collection of the same runs need not make them again.
  package private(set) var knownFilms: [String: EpisodeFilm?]
  private let registry: Registry
  private let mostEpisodes: Int
  private var recordingCount = 0

  /// Most letters of all films together, so that a page can be sent and opens at once.
  private static let mostFilmLetters = 3_500_000

  /// Creates an empty collection.
  ///
  /// - Parameters:
  ///   - registry: Registry of environments and agents.
  ///   - mostEpisodes: Greatest number of films.
  public init(registry: Registry, mostEpisodes: Int) {
    self.init(registry: registry, mostEpisodes: mostEpisodes, knownFilms: [:])
  }

  /// Creates an empty collection that uses the films of another one.
  package init(registry: Registry, mostEpisodes: Int, knownFilms: [String: EpisodeFilm?]) {
    (self.registry, self.mostEpisodes) = (registry, mostEpisodes)
    self.knownFilms = knownFilms
  }

  /// Number of runs in all groups.
  public var runCount: Int { groups.reduce(0) { $0 + $1.runs.count } }

  /// Whether there is nothing to show.
  public var isEmpty: Bool { groups.isEmpty && stressTests.isEmpty }

  /// The page of all that was read.
  public func page(version: String) -> ReportPage {
    var page = ReportPage(groups: groups, version: version)
    (page.stressTests, page.films, page.recordingCount) = (stressTests, films, recordingCount)
    page.remarks = problems.map(\.description)
    return page
  }

  /// Reads folders of runs, groups and stress tests.
  public mutating func read(_ folders: [String]) {
    for folder in folders { read(folder) }
    readFilms()
  }

  private mutating func read(_ path: String) {
    if ReportedStress.isStressTest(path) { return readStressTest(path) }
    do {
      let group = try RunGroup([path], registry: registry)
      problems += group.problems
      let name = name(of: path)
      for environment in group.environments {
        let runs = group.runs(in: environment).compactMap { read($0) }
        guard !runs.isEmpty else { continue }
        groups.append(
          ReportedGroup(
            name: group.environments.count > 1 ? "\(name), \(environment)" : name, runs: runs))
      }
    } catch {
      problems.append(error)
    }
    for name in FileSystem.contents("\(path)/stress").sorted()
    where ReportedStress.isStressTest("\(path)/stress/\(name)") {
      readStressTest("\(path)/stress/\(name)")
    }
  }

  private mutating func read(_ results: RunResults) -> ReportedRun? {
    do {
      return try ReportedRun(results)
    } catch {
      problems.append(error)
      return nil
    }
  }

  private mutating func readStressTest(_ path: String) {
    do {
      stressTests.append(try ReportedStress.read(path))
    } catch {
      problems.append(error)
    }
  }

  /// Returns the name of a group: that of its folder, with as many parents as it takes to differ from
  /// others.
  private func name(of path: String) -> String {
    let parts = path.split(separator: "/").map(String.init)
    let taken = Set(groups.map(\.name))
    for count in 1...max(1, parts.count) {
      let name = parts.suffix(count).joined(separator: "/")
      if !taken.contains(name) { return name }
    }
    return "\(path) (\(groups.count + 1))"
  }

  /// Reads the last recording of every run, then the ones before, until there are enough.
  private mutating func readFilms() {
    var waiting = groups.flatMap { group in
      group.runs.map { (group: group.name, run: $0, files: $0.recordings) }
    }
    recordingCount = waiting.reduce(0) { $0 + $1.files.count }
    var letters = 0
    while waiting.contains(where: { !$0.files.isEmpty }) {
      for index in waiting.indices {
        guard films.count < mostEpisodes, letters < Self.mostFilmLetters else { return }
        guard let file = waiting[index].files.popLast() else { continue }
        let place =
          waiting[index].group
          + (waiting[index].run.name == waiting[index].group ? "" : "/\(waiting[index].run.name)")
        do {
          let name = "\(place), \(FileSystem.split(file).name)"
          guard let film = try film(of: file, name: name) else { continue }
          letters += film.base64.utf8.count
          guard letters <= Self.mostFilmLetters || films.isEmpty else { return }
          films.append(film)
        } catch {
          problems.append(error)
        }
      }
    }
  }

  private mutating func film(
    of file: String, name: String
  ) throws(FileError) -> EpisodeFilm? {
    if let known = knownFilms[file] { return known }
    let film = try EpisodeFilm.make(file, name: name, registry: registry)
    knownFilms.updateValue(film, forKey: file)
    return film
  }
}
