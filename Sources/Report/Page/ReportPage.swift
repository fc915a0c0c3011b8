internal import Charts
public import Foundation
internal import Mustache
internal import Storage

/// A report on runs as one page of HTML, which needs no other file and no network.
///
/// Equal runs give equal bytes: the page holds no date of its own.
public struct ReportPage {
  /// Groups of runs.
  package var groups: [ReportedGroup]
  /// Finished stress tests.
  package var stressTests: [ReportedStress] = []
  /// Recorded episodes.
  package var films: [EpisodeFilm] = []
  /// Sentences about what could not be reported, and the like.
  package var remarks: [String] = []
  /// Number of recordings of the runs, with those that are not shown.
  package var recordingCount = 0
  /// Version of the suite, for the last line.
  package var version: String
  /// Whether the page looks for a newer version of itself, as it can if it is served.
  public var refreshes = false

  /// Creates a page.
  package init(groups: [ReportedGroup], version: String) {
    (self.groups, self.version) = (groups, version)
  }

  /// The page in UTF-8.
  public func html() -> Data {
    Data(Self.render(view).utf8)
  }

  // MARK: Parts

  private var view: PageView {
    PageView(
      title: title, lead: lead,
      styles: ChartPalette.styleSheet + Self.text(PackageResources.report_css),
      script: Self.script, policy: Self.contentPolicy(refreshes: refreshes), remarks: remarks,
      summary: SummaryTable(groups).view, sections: sections, version: version,
      refreshes: refreshes)
  }

  private var sections: [SectionView] {
    let comparison = ComparisonSection(groups)
    let parts: [SectionView?] = [
      LearningSection(groups).view, PlayerSection(films, of: recordingCount).view,
      DistributionSection(groups).view, comparison.view, TimeSection(groups).view,
      PlasticitySection(groups).view, DriftSection(groups).view,
      StressSection(stressTests).view, SettingsSection(groups).view,
    ]
    return parts.compactMap(\.self)
  }

  private var title: String {
    switch groups.count {
    case 0: stressTests.isEmpty ? "no runs" : "stress tests"
    case 1: groups[0].name
    case 2...3: groups.map(\.name).joined(separator: ", ")
    default: "\(groups.count) groups of runs"
    }
  }

  private var lead: String {
    let agents = Self.unique(groups.map(\.agent))
    let environments = Self.unique(groups.map(\.environment))
    let runs = groups.reduce(0) { $0 + $1.runs.count }
    guard runs > 0 else { return "" }
    let steps = groups.flatMap(\.runs).compactMap(\.steps).max() ?? 0
    return "\(agents.joined(separator: ", ")) on \(environments.joined(separator: ", ")) · "
      + "\(runs) run\(runs == 1 ? "" : "s"), up to \(NumberText.decimal(steps, places: 0)) steps"
  }

  private static func unique(_ words: [String]) -> [String] {
    var seen = Set<String>()
    return words.filter { seen.insert($0).inserted }
  }

  // MARK: Template

  /// What a browser may do with the page: run its script and nothing else, fetch nothing.
  private static func contentPolicy(refreshes: Bool) -> String {
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
      + "form-action 'none'; script-src 'sha256-\(scriptChecksum)'"
      + (refreshes ? "; connect-src 'self'" : "")
  }

  /// SHA-256 of `player.js` in base64, without which browsers don't run it; a test compares it.
  package static let scriptChecksum = "2qR+7ceigkIVyKnW1YBT5n64La2ub+rAzOdJo7VhBos="
  /// The page's script.
  package static var script: String { text(PackageResources.player_js) }

  /// Escapes texts in the template.
  private struct EscapedContent: MustacheContentType {
    func escapeText(_ text: String) -> String { Markup.escape(text) }
  }

  private static let templates: MustacheLibrary = {
    // The library's own escaping overlooks quotes with accents.
    MustacheContentTypes.register(EscapedContent(), named: "ESCAPED")
    var library = MustacheLibrary()
    do {
      try library.register(text(PackageResources.report_mustache), named: "report")
      try library.register(text(PackageResources.table_mustache), named: "table")
      try library.register(text(PackageResources.player_mustache), named: "player")
    } catch {
      preconditionFailure("a template of the page is none: \(error)")
    }
    return library
  }()

  private static func render(_ view: PageView) -> String {
    templates.render(view, withTemplate: "report") ?? ""
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
