/// Estimates with their intervals, one per row.
public struct IntervalChart: Sendable {
  /// An estimate.
  public struct Row: Sendable {
    /// Name of the row.
    public var name: String
    /// Index of its colour.
    public var color: Int
    /// The estimate.
    public var value: Double
    /// Ends of its interval; nil without one.
    public var interval: ClosedRange<Double>?
    /// Words behind the row: the numbers.
    public var note: String

    /// Creates a row.
    public init(
      _ name: String, color: Int, value: Double, interval: ClosedRange<Double>?, note: String
    ) {
      (self.name, self.color, self.value) = (name, color, value)
      (self.interval, self.note) = (interval, note)
    }
  }

  /// Description for those who can't see the chart.
  public var label: String
  /// Estimates from top to bottom.
  public var rows: [Row]
  /// Name of the axis.
  public var axis: String
  /// What the axis measures.
  public var kind = Scale.Kind.number
  /// Values that the axis must include.
  public var including: [Double] = []
  /// A value to compare with, drawn as a line; nil for none.
  public var reference: Double?

  /// Creates a chart.
  public init(label: String, axis: String, _ rows: [Row]) {
    (self.label, self.axis, self.rows) = (label, axis, rows)
  }

  /// The chart as a picture.
  public var markup: Markup {
    let pitch = 34.0
    let frame = Frame(
      width: 420, height: Double(rows.count) * pitch + 52, left: 20, top: 8, right: 20, bottom: 40)
    let values = rows.flatMap { [$0.value, $0.interval?.lowerBound, $0.interval?.upperBound] }
    let scale = Scale(
      values.compactMap(\.self), to: (frame.plot.left, frame.plot.right), kind: kind,
      including: including + (reference.map { [$0] } ?? []), ticks: 5, margin: 0.06)
    var parts = scale.ticks.map {
      Frame.line(scale($0), frame.plot.top, scale($0), frame.plot.bottom, "grid")
    }
    parts += frame.horizontalAxis(scale, label: axis)
    if let reference {
      let x = scale(reference)
      parts.append(Frame.line(x, frame.plot.top, x, frame.plot.bottom, "reference"))
    }
    for (index, row) in rows.enumerated() {
      let (classes, y) = (
        ChartPalette.classes(row.color), frame.plot.top + Double(index) * pitch + 25
      )
      let room = frame.plot.right - frame.plot.left - Frame.width(of: row.note) - 12
      parts.append(
        Frame.text(
          Frame.fit(row.name, into: room), 2, y - 10, "name \(classes)",
          title: row.name))
      parts.append(Frame.text(row.note, frame.plot.right, y - 10, "value", anchor: "end"))
      guard row.value.isFinite else { continue }
      if let interval = row.interval {
        parts.append(
          Frame.line(scale(interval.lowerBound), y, scale(interval.upperBound), y, "bar \(classes)")
        )
      }
      parts.append(Frame.circle(scale(row.value), y, 4, "dot \(classes)", title: row.note))
    }
    return frame.picture(label: label, parts)
  }
}
