/// Distributions as rows of dots, with the middle half and the median marked.
public struct DotChart: Sendable {
  /// A distribution.
  public struct Row: Sendable {
    /// Name of the row.
    public var name: String
    /// Index of its colour.
    public var color: Int
    /// Numbers of the distribution; those that are not finite are not drawn.
    public var values: [Double]
    /// Quantiles at 25, 50 and 75 per cent, which are marked.
    public var quartiles: (low: Double, middle: Double, high: Double)

    /// Creates a row.
    public init(
      _ name: String, color: Int, _ values: [Double],
      quartiles: (low: Double, middle: Double, high: Double)
    ) {
      (self.name, self.color, self.values) = (name, color, values)
      self.quartiles = quartiles
    }
  }

  /// Description for those who can't see the chart.
  public var label: String
  /// Distributions from top to bottom.
  public var rows: [Row]
  /// Name of the axis.
  public var axis: String

  /// Creates a chart.
  public init(label: String, axis: String, _ rows: [Row]) {
    (self.label, self.axis, self.rows) = (label, axis, rows)
  }

  /// The chart as a picture.
  public var markup: Markup {
    let pitch = 30.0
    let names = rows.map { Frame.fit($0.name, into: 110) }
    let left = (names.map { Frame.width(of: $0) }.max() ?? 0) + 14
    let frame = Frame(
      width: 420, height: Double(rows.count) * pitch + 50, left: left, top: 8, right: 20,
      bottom: 40)
    let scale = Scale(
      rows.flatMap(\.values), to: (frame.plot.left + 8, frame.plot.right - 6), ticks: 4,
      margin: 0.03)
    var parts = scale.ticks.map {
      Frame.line(scale($0), frame.plot.top, scale($0), frame.plot.bottom, "grid")
    }
    parts += frame.horizontalAxis(scale, label: axis)
    for (index, row) in rows.enumerated() {
      let y = frame.plot.top + (Double(index) + 0.5) * pitch
      let classes = ChartPalette.classes(row.color)
      parts.append(
        Frame.text(
          names[index], frame.plot.left - 8, y + 4, "name \(classes)", anchor: "end",
          title: row.name))
      parts += draw(row, classes, y, scale)
    }
    return frame.picture(label: label, parts)
  }

  private func draw(_ row: Row, _ classes: String, _ y: Double, _ scale: Scale) -> [Markup] {
    let dots = row.values.filter(\.isFinite).sorted().enumerated().map { index, value in
      // Evenly scattered heights, the same in every picture.
      let height = (Double(index) * 0.618_033_988_7).truncatingRemainder(dividingBy: 1) - 0.5
      return Frame.circle(scale(value), y + height * 14, 2, "faint \(classes)")
    }
    let (low, middle, high) = row.quartiles
    guard !dots.isEmpty, low.isFinite, middle.isFinite, high.isFinite else { return dots }
    let x = scale(middle)
    return [Frame.line(scale(low), y, scale(high), y, "half \(classes)")] + dots
      + [Frame.line(x, y - 9, x, y + 9, "median")]
  }
}
