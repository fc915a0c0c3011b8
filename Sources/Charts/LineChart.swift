/// Curves over a common axis, with intervals around them, labelled at their ends.
public struct LineChart: Sendable {
  /// A point of a curve.
  public struct Point: Sendable, Equatable {
    /// Position along the horizontal axis.
    public var x: Double
    /// Value; the curve has a gap where it is not finite.
    public var y: Double
    /// Ends of the interval; nil without one.
    public var interval: ClosedRange<Double>?
    /// Words that are shown when the point is pointed at; nil for none.
    public var note: String?

    /// Creates a point.
    public init(
      x: Double, y: Double, interval: ClosedRange<Double>? = nil, note: String? = nil
    ) {
      (self.x, self.y, self.interval, self.note) = (x, y, interval, note)
    }
  }

  /// A curve with its interval and the thinner curves that it sums up.
  public struct Series: Sendable {
    /// Name of the curve, shown at its end; empty for none.
    public var name: String
    /// Index of its colour.
    public var color: Int
    /// Points, in order of x.
    public var points: [Point]
    /// Curves that it sums up, drawn thinly.
    public var strands: [[Point]]
    /// Whether the curve is a staircase, whose value holds until the next point.
    public var isStaircase: Bool

    /// Creates a curve.
    public init(
      _ name: String, color: Int, _ points: [Point], strands: [[Point]] = [],
      isStaircase: Bool = false
    ) {
      (self.name, self.color, self.points) = (name, color, points)
      (self.strands, self.isStaircase) = (strands, isStaircase)
    }
  }

  /// Size of the chart, in units of which a text's height is 12.
  public enum Size: Sendable {
    /// A chart of its own.
    case regular
    /// One of many small ones.
    case small
  }

  /// Description for those who can't see the chart.
  public var label: String
  /// Curves, of which later ones are drawn over earlier ones.
  public var series: [Series]
  /// Name of the horizontal axis.
  public var horizontal: String?
  /// What the horizontal axis measures.
  public var horizontalKind = Scale.Kind.number
  /// What the vertical axis measures.
  public var verticalKind = Scale.Kind.number
  /// Values that the vertical axis must include.
  public var including: [Double] = []
  /// A value to compare with, drawn as a line across the chart, and its name.
  public var reference: (value: Double, name: String)?
  /// Size of the chart.
  public var size = Size.regular

  /// Creates a chart.
  public init(label: String, horizontal: String?, _ series: [Series]) {
    (self.label, self.horizontal, self.series) = (label, horizontal, series)
  }

  /// The chart as a picture.
  public var markup: Markup {
    let isSmall = size == .small
    // On phones, the texts of small charts are larger.
    let stretch = isSmall ? 1.2 : 1
    let labels = series.map { Frame.fit($0.name, into: isSmall ? 70 : 110) }
    // Without names, the last tick's text needs half its width.
    let right = max((labels.map { Frame.width(of: $0) }.max() ?? 0) * stretch + 10, 22)
    let bottom = horizontal == nil ? 22.0 : 38
    let (width, height) = isSmall ? (260.0, 140.0) : (420, 270)
    let points = series.flatMap { $0.points + $0.strands.joined() }
    let values = points.flatMap { [$0.y, $0.interval?.lowerBound, $0.interval?.upperBound] }
    let vertical = Scale(
      values.compactMap(\.self) + (reference.map { [$0.value] } ?? []), to: (height - bottom, 12),
      kind: verticalKind,
      including: including, ticks: isSmall ? 2 : 5, margin: 0.04)
    let left = (vertical.ticks.map { Frame.width(of: vertical.text($0)) }.max() ?? 0) * stretch + 8
    let frame = Frame(
      width: width, height: height, left: left, top: 12, right: right, bottom: bottom)
    let across = Scale(
      points.map(\.x), to: (frame.plot.left, frame.plot.right), kind: horizontalKind,
      including: horizontalKind == .number ? [] : [0], ticks: isSmall ? 2 : 4)
    var parts = frame.verticalAxis(vertical)
    parts += frame.horizontalAxis(across, label: horizontal)
    if let reference { parts += draw(reference, frame, vertical) }
    for curve in series { parts += bands(curve, across, vertical) }
    for curve in series { parts += lines(curve, across, vertical, isSmall: isSmall) }
    parts += endLabels(labels, frame, across, vertical)
    return frame.picture(label: label, parts)
  }

  private func draw(
    _ reference: (value: Double, name: String), _ frame: Frame, _ vertical: Scale
  ) -> [Markup] {
    let y = vertical(reference.value)
    return [
      Frame.line(frame.plot.left, y, frame.plot.right, y, "reference"),
      Frame.text(reference.name, frame.plot.left + 4, y - 4, "tick"),
    ]
  }

  private func bands(_ curve: Series, _ across: Scale, _ vertical: Scale) -> [Markup] {
    pieces(of: curve.points) { $0.interval != nil && $0.y.isFinite }.compactMap { piece in
      guard piece.count > 1 else { return nil }
      let upper = corners(piece, curve, across) { vertical($0.interval?.upperBound ?? $0.y) }
      let lower = corners(piece, curve, across) { vertical($0.interval?.lowerBound ?? $0.y) }
      return Frame.polygon(
        upper + lower.reversed(), "band \(ChartPalette.classes(curve.color))")
    }
  }

  private func lines(
    _ curve: Series, _ across: Scale, _ vertical: Scale, isSmall: Bool
  ) -> [Markup] {
    let classes = ChartPalette.classes(curve.color)
    func draw(_ points: [Point], _ kind: String) -> [Markup] {
      pieces(of: points) { $0.y.isFinite }.map { piece in
        guard piece.count > 1 else {
          return Frame.circle(across(piece[0].x), vertical(piece[0].y), 2.5, "dot \(classes)")
        }
        return Frame.polyline(
          corners(piece, curve, across) { vertical($0.y) }, "\(kind) \(classes)")
      }
    }
    // Where points are few, they are shown: the line between them is only a guide.
    let isSparse = !isSmall && !curve.isStaircase && curve.points.count <= 60
    let marks = curve.points.filter { $0.y.isFinite && (isSparse || $0.note != nil) }.map {
      Frame.circle(
        across($0.x), vertical($0.y), curve.points.count > 25 ? 1.8 : 2.5, "dot \(classes)",
        title: $0.note)
    }
    return curve.strands.flatMap { draw($0, "strand") } + draw(curve.points, "curve") + marks
  }

  /// Returns the corners of a curve's piece; between the points of a staircase there is one more.
  private func corners(
    _ piece: [Point], _ curve: Series, _ across: Scale, _ height: (Point) -> Double
  ) -> [(x: Double, y: Double)] {
    var corners: [(x: Double, y: Double)] = []
    for point in piece {
      if curve.isStaircase, let last = corners.last { corners.append((across(point.x), last.y)) }
      corners.append((across(point.x), height(point)))
    }
    return corners
  }

  /// Splits points into runs of consecutive ones that can be drawn.
  private func pieces(of points: [Point], where canBeDrawn: (Point) -> Bool) -> [[Point]] {
    points.split { !canBeDrawn($0) || !$0.x.isFinite }.map(Array.init)
  }

  private func endLabels(
    _ labels: [String], _ frame: Frame, _ across: Scale, _ vertical: Scale
  ) -> [Markup] {
    let ends = series.indices.compactMap { index -> (index: Int, point: Point)? in
      guard !labels[index].isEmpty,
        let last = series[index].points.last(where: { $0.y.isFinite && $0.x.isFinite })
      else { return nil }
      return (index, last)
    }
    let heights = Frame.spread(
      ends.map { vertical($0.point.y) + 4 }, gap: Frame.text + 2,
      in: (frame.plot.top + 4)...max(frame.plot.top + 4, frame.plot.bottom))
    return zip(ends, heights).map { end, y in
      Frame.text(
        labels[end.index], frame.plot.right + 8, y,
        "name \(ChartPalette.classes(series[end.index].color))", title: series[end.index].name)
    }
  }
}
