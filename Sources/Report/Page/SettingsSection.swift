internal import Charts
internal import Experiments
internal import Foundation

/// Settings and manifests of the groups, with what differs first.
struct SettingsSection {
  private let groups: [ReportedGroup]

  init(_ groups: [ReportedGroup]) { self.groups = groups }

  var view: SectionView? {
    guard !groups.isEmpty else { return nil }
    let settings = rows { run in
      run.results.run.configuration.flattened.filter { $0.name != "seed" }
    }
    let origins = rows(Self.facts)
    let differing = (settings + origins).filter(\.isMarked)
    let names = groups.map(\.name)
    var tables: [TableView] = []
    if groups.count > 1 || !differing.isEmpty {
      tables.append(
        TableView(
          caption: differing.isEmpty
            ? "All settings are the same." : "What differs between runs", corner: "setting",
          columns: names, rows: differing, isNumeric: false))
    }
    tables.append(
      TableView(
        caption: "All settings", corner: "setting", columns: names, rows: settings,
        folded: "All \(settings.count) settings", isNumeric: false))
    tables.append(
      TableView(
        caption: "Machine, sources and sessions", corner: "origin", columns: names, rows: origins,
        folded: "Machine, sources and sessions", isNumeric: false))
    return SectionView(
      id: "settings", title: "Settings",
      lead: groups.count > 1 || !differing.isEmpty ? "≠ marks what differs between runs." : "",
      tables: tables)
  }

  /// Returns a row for each name, marked if groups or the runs of a group differ.
  private func rows(_ facts: (ReportedRun) -> [(name: String, value: String)]) -> [TableView.Row] {
    var names: [String] = []
    let values = groups.map { group in
      group.runs.map { run in
        let facts = facts(run)
        for (name, _) in facts where !names.contains(name) { names.append(name) }
        return Dictionary(
          facts.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      }
    }
    return names.map { name in
      let texts = values.map { runs in
        var seen = Set<String>()
        return runs.map { $0[name] ?? "–" }.filter { seen.insert($0).inserted }
      }
      let differs = texts.contains { $0.count > 1 } || Set(texts).count > 1
      return TableView.Row(
        name: name,
        cells: texts.map { TableView.Cell(text: Self.join($0), isNumber: false) },
        isMarked: differs)
    }
  }

  private static func join(_ values: [String]) -> String {
    values.count <= 3
      ? values.joined(separator: " | ") : "\(values.count) values, \(values[0]) and others"
  }

  /// What a manifest says about the origin of a run, except for what differs in every run.
  private static func facts(_ run: ReportedRun) -> [(name: String, value: String)] {
    guard let manifest = run.results.manifest else { return [] }
    let machine = manifest.machine
    let session = manifest.sessions.last
    let commit = manifest.sources.map { "\($0.commit)\($0.isDirty ? ", modified" : "")" }
    return [
      ("commit", commit ?? "unknown"),
      ("packages", RunManifest.text(manifest.packages)),
      ("processor", "\(machine.processor), \(machine.cores) cores"),
      ("operating system", machine.operatingSystem),
      ("toolchain", machine.toolchain),
      ("kernels", "\(machine.kernels), OpenBLAS \(machine.openBLASCore), Box2D \(machine.box2D)"),
      ("threads", session.map { "\($0.threads)" } ?? "–"),
      ("sessions", "\(manifest.sessions.count)"),
      ("state", run.results.state.rawValue),
    ]
  }
}
