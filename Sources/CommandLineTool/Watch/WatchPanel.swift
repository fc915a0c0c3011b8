import Experiments
import Foundation
import Storage
import Training

/// What `watch` shows of one run: how far it is, and curves of its evaluations and metrics.
struct WatchPanel {
  /// A curve with its name.
  struct Curve: Equatable {
    var name: String
    var values: [Double]
  }

  /// Name of the run.
  let name: String
  /// How far the run is, in words.
  let progress: String
  /// Curves from top to bottom.
  let curves: [Curve]

  /// Makes the panel of a run from its files.
  ///
  /// - Parameters:
  ///   - run: The run.
  ///   - patterns: Names of metrics to show, or beginnings of names that end with `*`; nil for the
  ///     return of training, losses, entropy, divergence and probes.
  /// - Throws: `FileError` if a file is damaged, `ConfigurationError` if the run has no such metric.
  init(_ run: RunResults, metrics patterns: [String]?) throws {
    let configuration = run.run.configuration
    name = run.folder.path
    let hasMetrics = FileSystem.exists(run.folder.metricsFile)
    let metrics = hasMetrics ? try run.metrics() : nil
    let timing = FileSystem.exists(run.folder.timingFile) ? try run.timing() : nil
    let steps = Int(metrics?.numbers("steps")?.last ?? 0)
    let planned = configuration.stepsTaken
    var parts = ["\(decimals(100 * Double(steps) / Double(max(planned, 1)), 0)) %"]
    parts.append("\(grouped(steps)) of \(grouped(planned)) steps")
    if let speed = timing?.numbers("steps-per-second")?.last, speed > 0 {
      parts.append("\(grouped(Int(speed))) steps/s")
      if run.isRunning {
        let elapsed = timing?.numbers("seconds")?.last ?? 0
        let first = run.manifest?.sessions.last?.firstStep ?? 0
        // Evaluations and checkpoints take time too.
        let pace = Double(steps - first) / max(elapsed, 1e-9)
        parts.append("\(duration(Double(planned - steps) / max(pace, 1e-9))) left")
      }
    }
    if run.state != .running { parts.append(run.state.rawValue) }
    if let best = run.best { parts.append("best \(decimals(best.mean, 1))") }
    progress = parts.joined(separator: ", ")
    curves =
      [Curve(name: "evaluation", values: run.evaluations.map(\.mean))]
      + (try Self.chosen(metrics?.names ?? [], patterns).map { name in
        Curve(name: name, values: metrics?.numbers(name) ?? [])
      })
  }

  /// Returns the names of the metrics to show.
  static func chosen(_ names: [String], _ patterns: [String]?) throws -> [String] {
    let metrics = names.filter { !["iteration", "steps"].contains($0) }
    guard let patterns else {
      return metrics.filter { name in
        let usual = ["episode-return", "entropy", "approximate-kl"]
        return usual.contains(name) || name.hasSuffix("-loss") || name.hasPrefix("probes/")
      }
    }
    guard !metrics.isEmpty else { return [] }
    var chosen: [String] = []
    for pattern in patterns {
      let found =
        pattern.hasSuffix("*")
        ? metrics.filter { $0.hasPrefix(pattern.dropLast()) } : metrics.filter { $0 == pattern }
      guard !found.isEmpty else {
        throw ConfigurationError.unknown("metric", pattern, allowed: metrics)
      }
      chosen += found.filter { !chosen.contains($0) }
    }
    return chosen
  }

  /// Returns the lines of the panel.
  ///
  /// - Parameters:
  ///   - width: Width of each line, in characters.
  ///   - height: Greatest number of lines; the last curves are left out.
  /// - Returns: The lines, all of this width.
  func lines(width: Int, height: Int) -> [String] {
    let names = min(28, max(10, width / 3))
    func fitted(_ text: String, _ width: Int) -> String {
      let cut = text.count > width ? "…" + text.suffix(width - 1) : text
      return cut + String(repeating: " ", count: width - cut.count)
    }
    let heading = [name, progress].map { fitted($0.printable, width) }
    let rows = curves.map { curve in
      let value = curve.values.last(where: \.isFinite).map { Self.short($0) } ?? "-"
      let spark = Sparkline.text(curve.values, width: max(1, width - names - 12))
      return fitted(
        "\(fitted(curve.name.printable, names)) \(fitted(spark, width - names - 12)) \(value)",
        width)
    }
    return Array((heading + rows).prefix(max(2, height)))
  }

  /// Returns a number of any size in few characters.
  static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  /// Returns panels side by side, as many as fit, one row of panels below the other.
  static func lines(_ panels: [WatchPanel], width: Int, height: Int) -> [String] {
    guard !panels.isEmpty else { return [] }
    let columns = max(1, min(panels.count, (width + 2) / 62))
    let panelWidth = (width - 2 * (columns - 1)) / columns
    let rows = (panels.count + columns - 1) / columns
    let panelHeight = max(2, height / rows - 1)
    var lines: [String] = []
    for first in stride(from: 0, to: panels.count, by: columns) {
      let blocks = panels[first..<min(first + columns, panels.count)].map {
        $0.lines(width: panelWidth, height: panelHeight)
      }
      for line in 0..<(blocks.map(\.count).max() ?? 0) {
        let cells = blocks.map {
          line < $0.count ? $0[line] : String(repeating: " ", count: panelWidth)
        }
        lines.append(cells.joined(separator: "  "))
      }
      lines.append("")
    }
    lines.removeLast()
    return Array(lines.prefix(max(2, height)))
  }
}
