/// Shares of a whole as divided bars, one per row.
public struct ShareChart: Sendable {
  /// A divided whole.
  public struct Row: Sendable {
    /// Name of the row.
    public var name: String
    /// Shares in 0...1, one per part.
    public var shares: [Double]
    /// Words behind the bar.
    public var note: String

    /// Creates a row.
    public init(_ name: String, _ shares: [Double], note: String) {
      (self.name, self.shares, self.note) = (name, shares, note)
    }
  }

  /// Description for those who can't see the chart.
  public var label: String
  /// Names of the parts.
  public var parts: [String]
  /// Wholes from top to bottom.
  public var rows: [Row]

  /// Creates a chart.
  public init(label: String, parts: [String], _ rows: [Row]) {
    (self.label, self.parts, self.rows) = (label, parts, rows)
  }

  /// The chart as a picture.
  public var markup: Markup {
    let (pitch, head) = (42.0, 22.0)
    let frame = Frame(
      width: 420, height: Double(rows.count) * pitch + head + 4, left: 2, top: head, right: 2,
      bottom: 0)
    var parts: [Markup] = []
    var x = frame.plot.left
    for (index, part) in self.parts.enumerated() {
      parts.append(Frame.rectangle(x, 3, 10, 10, "part p\(index)"))
      parts.append(Frame.text(part, x + 15, 12, "tick"))
      x += Frame.width(of: part) + 36
    }
    for (index, row) in rows.enumerated() {
      let y = frame.plot.top + Double(index) * pitch
      let room = frame.plot.right - Frame.width(of: row.note) - 12
      parts.append(
        Frame.text(
          Frame.fit(row.name, into: room), frame.plot.left, y + 14, "strong", title: row.name))
      parts.append(Frame.text(row.note, frame.plot.right, y + 14, "value", anchor: "end"))
      parts += bar(row, frame, y + 20)
    }
    return frame.picture(label: label, parts)
  }

  private func bar(_ row: Row, _ frame: Frame, _ y: Double) -> [Markup] {
    let whole = frame.plot.right - frame.plot.left
    var (parts, x) = ([Markup](), frame.plot.left)
    for (index, share) in row.shares.enumerated() where share > 0 && share.isFinite {
      let width = min(share, 1) * whole
      let text = NumberText.percent(share)
      let name = index < self.parts.count ? self.parts[index] : ""
      parts.append(
        Frame.rectangle(
          x, y, max(width - 1, 0.5), 16, "part p\(index)", title: "\(name): \(text)"))
      if width > Frame.width(of: text) + 8 {
        parts.append(Frame.text(text, x + 5, y + 12, "inside q\(index)"))
      }
      x += width
    }
    return parts
  }
}
