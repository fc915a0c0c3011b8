/// The parts that charts share: the plot's area, axes, labels and paths.
struct Frame {
  /// Width and height of the chart, in its own units.
  let width: Double
  let height: Double
  /// Area of the plot within the chart.
  let plot: (left: Double, top: Double, right: Double, bottom: Double)

  /// Height of texts, of which all distances are multiples.
  static let text = 12.0

  init(
    width: Double, height: Double, left: Double, top: Double = 10, right: Double, bottom: Double
  ) {
    (self.width, self.height) = (width, height)
    plot = (left, top, width - right, height - bottom)
  }

  /// Mean width of a letter, in units of the text's height; a little more than in common typefaces.
  private static let letter = 0.64

  /// Returns about how wide a text is.
  static func width(of text: String) -> Double { Double(text.count) * Frame.text * letter }

  /// Returns a text that is at most about this wide, with an ellipsis in place of its end.
  static func fit(_ text: String, into width: Double) -> String {
    let characters = max(2, Int(width / (Frame.text * letter)))
    return text.count <= characters ? text : text.prefix(characters - 1) + "…"
  }

  /// Wraps the parts of a chart into a picture with a name for those who can't see it.
  func picture(label: String, _ parts: [Markup]) -> Markup {
    Markup(
      "svg",
      [
        "viewBox": "0 0 \(Self.number(width)) \(Self.number(height))", "role": "img",
        "aria-label": label, "class": "chart",
      ], parts)
  }

  /// Draws a horizontal grid with the values of an axis at its left.
  func verticalAxis(_ scale: Scale) -> [Markup] {
    scale.ticks.flatMap { tick in
      let y = scale(tick)
      return [
        Self.line(plot.left, y, plot.right, y, "grid"),
        Self.text(scale.text(tick), plot.left - 6, y + 4, "tick", anchor: "end"),
      ]
    }
  }

  /// Draws a line at the bottom with the values of an axis below, and the axis's name below these.
  func horizontalAxis(_ scale: Scale, label: String?) -> [Markup] {
    var parts = [Self.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis")]
    var free = -Double.infinity
    for tick in scale.ticks {
      let (x, text) = (scale(tick), scale.text(tick))
      parts.append(Self.line(x, plot.bottom, x, plot.bottom + 4, "axis"))
      let half = Self.width(of: text) / 2
      guard x - half > free else { continue }
      free = x + half + 6
      parts.append(Self.text(text, x, plot.bottom + 17, "tick", anchor: "middle"))
    }
    if let label {
      parts.append(Self.text(label, plot.right, plot.bottom + 33, "tick", anchor: "end"))
    }
    return parts
  }

  // MARK: Elements

  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ classes: String
  ) -> Markup {
    Markup(
      "line",
      [
        "x1": number(x1), "y1": number(y1), "x2": number(x2), "y2": number(y2), "class": classes,
      ])
  }

  static func text(
    _ text: String, _ x: Double, _ y: Double, _ classes: String, anchor: String = "start",
    title: String? = nil
  ) -> Markup {
    let hint = title.map { [Markup("title", text: $0)] } ?? []
    return Markup(
      "text",
      ["x": number(x), "y": number(y), "text-anchor": anchor, "class": classes],
      [Markup(text: text)] + hint)
  }

  static func circle(
    _ x: Double, _ y: Double, _ radius: Double, _ classes: String, title: String? = nil
  ) -> Markup {
    Markup(
      "circle",
      ["cx": number(x), "cy": number(y), "r": number(radius), "class": classes],
      title.map { [Markup("title", text: $0)] } ?? [])
  }

  static func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ classes: String,
    fill: String? = nil, title: String? = nil
  ) -> Markup {
    let hint = title.map { [Markup("title", text: $0)] } ?? []
    let (x, y) = (number(x), number(y))
    let (width, height) = (number(max(width, 0)), number(max(height, 0)))
    guard let fill else {
      return Markup(
        "rect", ["x": x, "y": y, "width": width, "height": height, "class": classes], hint)
    }
    return Markup(
      "rect",
      ["x": x, "y": y, "width": width, "height": height, "class": classes, "fill": fill], hint)
  }

  static func polyline(_ points: [(x: Double, y: Double)], _ classes: String) -> Markup {
    Markup("polyline", ["points": list(points), "class": classes])
  }

  static func polygon(_ points: [(x: Double, y: Double)], _ classes: String) -> Markup {
    Markup("polygon", ["points": list(points), "class": classes])
  }

  private static func list(_ points: [(x: Double, y: Double)]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  /// Returns a coordinate with a tenth of a unit, which is less than can be seen.
  static func number(_ value: Double) -> String {
    let tenths = (value.clamped(to: -1e6...1e6) * 10).rounded()
    guard tenths.isFinite else { return "0" }
    let whole = Int(tenths)
    guard whole % 10 != 0 else { return "\(whole / 10)" }
    return "\(whole < 0 ? "-" : "")\(abs(whole) / 10).\(abs(whole) % 10)"
  }

  /// Moves labels apart that would lie on each other, as little as possible.
  ///
  /// - Parameters:
  ///   - places: Wanted coordinates.
  ///   - gap: Least distance between two labels.
  ///   - range: Where labels may stand, if there is room for all.
  /// - Returns: The coordinates, in the order of the wanted ones.
  static func spread(_ places: [Double], gap: Double, in range: ClosedRange<Double>) -> [Double] {
    var blocks: [(indices: [Int], center: Double)] = []
    for index in places.indices.sorted(by: { (places[$0], $0) < (places[$1], $1) }) {
      blocks.append(([index], places[index]))
      while let last = blocks.last {
        let half = gap * Double(last.indices.count - 1) / 2
        let center = max(
          range.lowerBound + half, min(range.upperBound - half, last.center))
        blocks[blocks.count - 1].center = center
        guard blocks.count > 1 else { break }
        let before = blocks[blocks.count - 2]
        let reach = gap * Double(before.indices.count + last.indices.count) / 2
        guard center - before.center < reach else { break }
        blocks.removeLast(2)
        let joined = before.indices + last.indices
        let wanted = joined.enumerated().map { places[$1] - Double($0) * gap }
        let first = wanted.reduce(0, +) / Double(joined.count)
        blocks.append((joined, first + gap * Double(joined.count - 1) / 2))
      }
    }
    var result = places
    for block in blocks {
      let first = block.center - gap * Double(block.indices.count - 1) / 2
      for (offset, index) in block.indices.enumerated() {
        result[index] = first + Double(offset) * gap
      }
    }
    return result
  }
}
