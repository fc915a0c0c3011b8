import Experiments
import Foundation
import RLCore
import Rendering
import Robustness
import Training

extension StressReport {
  /// Number of cells in the list of the worst.
  private static let listed = 10
  /// Width of the table if standard output is no terminal, in characters.
  private static let plainWidth = 120

  /// The test, its cells and their summary for the terminal.
  func text(_ result: StressResult, of test: StressTest) -> String {
    let steps = steps.map { ", step \(grouped($0))" } ?? ""
    let conditions = [randomize.map { "randomize \($0)" }, perturb.map { "perturb \($0)" }]
    let extras = conditions.compactMap(\.self).map { ", \($0)" }.joined()
    let sizes = axes.map { "\($0.values.count)" }.joined(separator: " × ")
    let what =
      layout == ConditionGrid.Layout.samples.rawValue
      ? counted(cells.count, "sample") : "\(sizes) cell\(cells.count == 1 ? "" : "s")"
    let cellTable =
      switch (layout, axes.count) {
      case (ConditionGrid.Layout.grid.rawValue, 1): list(cells)
      case (ConditionGrid.Layout.grid.rawValue, 2): matrix
      default: "worst cells\n" + list(Array(cells.sorted(by: Self.isWorse).prefix(Self.listed)))
      }
    let files =
      test.grid.layout == .grid
      ? "cells.csv, summary.json, heat-map.png"
      : "cells.csv, summary.json"
    return """
      \(policy)\(steps), \(environment)\(extras): \(what), \(counted(episodes, "episode")) each

      \(cellTable)

      \(summary)

      \(folder): \(files)
      """
  }

  private static func isWorse(_ a: Cell, _ b: Cell) -> Bool {
    a.mean.isNaN ? !b.mean.isNaN : a.mean < b.mean
  }

  private var summary: String {
    let place = axes.map { "\($0.name) \(number(worst.values[$0.name] ?? .nan))" }
    var rows = [
      ["nominal", plain(nominal.mean), ""], ["mean of the cells", plain(mean), ""],
      ["worst cell", plain(worst.mean), "at \(place.joined(separator: ", "))"],
      ["mean of the worst tenth, CVaR", plain(conditionalValueAtRisk), ""],
      ["10 % quantile of the cells", plain(lowDecile), ""], ["median", plain(median), ""],
      ["90 % quantile", plain(highDecile), ""],
    ]
    let width = rows.map { $0[1].count }.max() ?? 0
    for i in rows.indices { rows[i][1] = padded(rows[i][1], width) }
    return trimmedTable(rows)
  }

  private func plain(_ value: Double) -> String { decimals(value, 2) }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private func trimmedTable(_ rows: [[String]]) -> String {
    table(rows).split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        String(
          line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)
        )
      }.joined(separator: "\n")
  }

  /// A row for each cell, numbers flush right.
  private func list(_ cells: [Cell]) -> String {
    let hasSuccess = nominal.successRate != nil
    let hasFailures = self.cells.contains { $0.failureRate > 0 }
    var rows = [
      axes.map(name) + ["mean return", "std", "10 %", "median", "90 %"]
        + (hasSuccess ? ["success"] : []) + (hasFailures ? ["failed"] : []) + ["length"]
    ]
    for cell in cells {
      var row = axes.map { number(cell.values[$0.name] ?? .nan) }
      row += [cell.mean, cell.standardDeviation, cell.lowDecile, cell.median, cell.highDecile]
        .map(plain)
      if let rate = cell.successRate { row.append(percent(rate)) }
      if hasFailures { row.append(percent(cell.failureRate)) }
      rows.append(row + [decimals(cell.meanLength, 1)])
    }
    return trimmedTable(flushRight(rows))
  }

  private func name(_ axis: Axis) -> String {
    axis.unit == "1" ? axis.name : "\(axis.name) [\(axis.unit)]"
  }

  private func percent(_ share: Double) -> String { "\(decimals(100 * share, 0)) %" }

  private func flushRight(_ rows: [[String]]) -> [[String]] {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in row.indices.map { padded(row[$0], widths[$0]) } }
  }

  /// The mean returns with the first axis across and the second upwards, as in the heat map; of wide
  /// grids only some columns.
  private var matrix: String {
    let (across, up) = (axes[0], axes[1])
    let heads = across.values.map { number($0) }
    let places = meansPlaces
    let texts = cells.map { decimals($0.mean, places) }
    let width = 2 + ((heads + texts).map(\.count).max() ?? 0)
    let left = up.values.map { number($0).count }.max() ?? 0
    let room = max(1, (terminalColumns - left) / width)
    let columns = Self.places(of: heads.count, atMost: room)
    let rows = Self.places(of: up.values.count, atMost: max(room, 30))
    var lines = [
      "mean return; \(name(across)) across, \(name(up)) upwards"
        + (columns.count < heads.count
          ? " (\(columns.count) of \(heads.count) columns; all are in cells.csv)" : "")
    ]
    for row in rows.reversed() {
      let cells = columns.map { padded(texts[$0 * up.values.count + row], width) }
      lines.append(padded(number(up.values[row]), left) + cells.joined())
    }
    lines.append(padded("", left) + columns.map { padded(heads[$0], width) }.joined())
    return lines.joined(separator: "\n")
  }

  /// Decimals of the mean returns in the matrix: three digits of the greatest.
  private var meansPlaces: Int {
    let greatest = cells.map { abs($0.mean) }.filter(\.isFinite).max() ?? 0
    return greatest >= 100 ? 0 : greatest >= 10 ? 1 : 2
  }

  private var terminalColumns: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 40 else {
      return Self.plainWidth
    }
    return Int(size.ws_col)
  }

  /// Returns evenly spaced places, the last one among them if possible.
  static func places(of count: Int, atMost most: Int) -> [Int] {
    let least = max(1, (count + most - 1) / most)
    let step = (least...max(least, min(count, 2 * least))).first { (count - 1) % $0 == 0 } ?? least
    return Array(stride(from: 0, to: count, by: step))
  }
}

extension HeatMap {
  /// Creates a map of the mean returns of a grid's cells; nil for random samples.
  ///
  /// With more than two axes, the cells are those of the first two with the worst of the others.
  init?(_ result: StressResult, of test: StressTest) {
    let axes = test.grid.axes
    guard test.grid.layout == .grid, let first = axes.first else { return nil }
    let second = axes.count > 1 ? axes[1] : nil
    func texts(_ axis: GridAxis) -> Axis {
      // Pictures have no raised digits.
      let unit = axis.unit.replacing("²", with: "^2").replacing("³", with: "^3")
      return Axis(
        unit == "1" ? axis.name : "\(axis.name) [\(unit)]",
        values: axis.values.map { number($0) })
    }
    let rows = second?.values.count ?? 1
    let rest = axes.dropFirst(2).reduce(1) { $0 * $1.values.count }
    let columns = first.values.count
    var (numbers, marked) = (Array(repeating: Double.infinity, count: rows * columns), 0)
    for (i, cell) in result.cells.enumerated() {
      let (column, row) = (i / (rows * rest), i / rest % rows)
      let place = row * columns + column
      numbers[place] = cell.mean.isNaN ? .nan : min(numbers[place], cell.mean)
      if i == result.worst { marked = place }
    }
    let others = axes.dropFirst(2).map(\.name).joined(separator: " and ")
    let name = test.policy.folder.map { URL(filePath: $0.path).lastPathComponent }
    self.init(
      title: "\(name ?? test.policy.agent ?? test.policy.path) on "
        + test.policy.environment.identifier,
      subtitle: "mean return of \(counted(test.episodes, "episode")) per cell"
        + (others.isEmpty ? "" : ", the worst over \(others)")
        + "; nominal \(decimals(result.nominal.mean, 1)), worst "
        + "\(decimals(result.worstMean, 1)) (framed)",
      columns: texts(first), rows: second.map(texts) ?? Axis("", values: [""]), cells: numbers,
      label: "mean return", marked: marked)
  }
}
