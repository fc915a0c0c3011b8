/// Numbers over two axes as coloured cells.
public struct HeatMapChart: Sendable {
  /// An axis.
  public struct Axis: Sendable {
    /// Name of the axis, with its unit.
    public var name: String
    /// Texts of its values.
    public var values: [String]

    /// Creates an axis.
    public init(_ name: String, _ values: [String]) { (self.name, self.values) = (name, values) }
  }

  /// Description for those who can't see the chart.
  public var label: String
  /// Axis from left to right.
  public var columns: Axis
  /// Axis from top to bottom.
  public var rows: Axis
  /// Numbers, row by row from the top, [rows × columns]; those that are not finite are hatched.
  public var cells: [Double]
  /// Name of the numbers.
  public var unit: String

  /// Creates a chart.
  public init(label: String, columns: Axis, rows: Axis, cells: [Double], unit: String) {
    precondition(
      cells.count == columns.values.count * rows.values.count,
      "\(cells.count) cells for \(rows.values.count) × \(columns.values.count) values")
    (self.label, self.columns, self.rows) = (label, columns, rows)
    (self.cells, self.unit) = (cells, unit)
  }

  private var range: (low: Double, high: Double) {
    let finite = cells.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    return low < high ? (low, high) : (low - 0.5, high + 0.5)
  }

  /// The chart as a picture.
  public var markup: Markup {
    let names = rows.values.map { Frame.fit($0, into: 100) }
    let left = (names.map { Frame.width(of: $0) }.max() ?? 0) + 12
    let width = max(420, left + Double(columns.values.count) * 9 + 10)
    let cell = (width - left - 4) / Double(max(columns.values.count, 1))
    let height = min(max(cell, 16), 34)
    let top = rows.name.isEmpty ? 6.0 : 22
    let frame = Frame(
      width: width, height: Double(rows.values.count) * height + top + 82, left: left, top: top,
      right: 4, bottom: 82)
    var parts: [Markup] = []
    if !rows.name.isEmpty { parts.append(Frame.text(rows.name, 2, 13, "tick")) }
    for (row, name) in names.enumerated() {
      let y = frame.plot.top + (Double(row) + 0.5) * height + 4
      parts.append(
        Frame.text(name, left - 8, y, "tick", anchor: "end", title: rows.values[row]))
    }
    for row in rows.values.indices {
      for column in columns.values.indices {
        parts += draw(row, column, (cell, height), frame)
      }
    }
    parts += columnLabels(cell, frame)
    parts += key(frame)
    return frame.picture(label: label, parts)
  }

  private func draw(
    _ row: Int, _ column: Int, _ size: (width: Double, height: Double), _ frame: Frame
  ) -> [Markup] {
    let value = cells[row * columns.values.count + column]
    let (x, y) = (
      frame.plot.left + Double(column) * size.width, frame.plot.top + Double(row) * size.height
    )
    let share = (value - range.low) / (range.high - range.low)
    let text = NumberText.short(value)
    let title =
      "\(columns.name) \(columns.values[column]), \(rows.name) \(rows.values[row]): \(text)"
    let gap = size.width > 12 ? 1.0 : 0.25
    var parts = [
      Frame.rectangle(
        x, y, size.width - gap, size.height - gap, "cell",
        fill: value.isFinite ? ChartPalette.hex(Viridis.hex(share: share)) : "#8888",
        title: title)
    ]
    if size.width > Frame.width(of: text) + 6, size.height > 15 {
      parts.append(
        Frame.text(
          text, x + (size.width - gap) / 2, y + size.height / 2 + 4,
          share < 0.55 ? "onDark" : "onLight", anchor: "middle"))
    }
    return parts
  }

  private func columnLabels(_ cell: Double, _ frame: Frame) -> [Markup] {
    var (parts, free) = ([Markup](), -Double.infinity)
    for (column, text) in columns.values.enumerated() {
      let (x, half) = (
        frame.plot.left + (Double(column) + 0.5) * cell, Frame.width(of: text) / 2
      )
      guard x - half > free else { continue }
      free = x + half + 6
      parts.append(Frame.text(text, x, frame.plot.bottom + 15, "tick", anchor: "middle"))
    }
    let name = Frame.text(
      columns.name, frame.plot.right, frame.plot.bottom + 31, "tick", anchor: "end")
    return parts + [name]
  }

  /// The scale of the colours.
  private func key(_ frame: Frame) -> [Markup] {
    let (left, y, width, steps) = (frame.plot.left, frame.plot.bottom + 44, 160.0, 32)
    let pieces = (0..<steps).map { step in
      Frame.rectangle(
        left + Double(step) * width / Double(steps), y, width / Double(steps) + 0.3, 8, "cell",
        fill: ChartPalette.hex(
          Viridis.hex(share: (Double(step) + 0.5) / Double(steps))))
    }
    return pieces + [
      Frame.text(NumberText.short(range.low), left, y + 22, "tick"),
      Frame.text(
        NumberText.short(range.high), left + width, y + 22, "tick", anchor: "end"),
      Frame.text(unit, left + width + 10, y + 8, "tick"),
    ]
  }
}
