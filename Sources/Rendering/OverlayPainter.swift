internal import RLCore

/// Draws an overlay: a panel at the upper left and a tag at the upper right.
///
/// Lengths are in points: a picture is 400 points high, more if it is narrow.
final class OverlayPainter {
  private let canvas: Canvas
  /// Pixels per point.
  private let point: Double

  private enum Layout {
    static let margin = 10.0
    static let padding = 10.0
    static let width = 196.0
    static let lineHeight = 14.0
    static let rowHeight = 12.5
    static let nameWidth = 84.0
    static let barWidth = 56.0
    static let text = 7.0  // height of a capital letter
    static let smallText = 6.0
    /// Rows beyond this limit are summarised in one, so that the panel leaves the scene visible.
    static let rowLimit = 8
  }

  private enum Palette {
    static let text = Scene.Color(0xFFFFFF)
    static let label = Scene.Color(0xCBD5E1)
    static let track = Scene.Color(0xFFFFFF, opacity: 0.18)
    static let zero = Scene.Color(0xFFFFFF, opacity: 0.55)
    static let bar = Scene.Color(0x38BDF8)
    static let push = Scene.Color(0xFB923C)
    static let good = Scene.Color(0x15803D, opacity: 0.92)
    static let neutral = Scene.Color(0x64748B, opacity: 0.92)
    static let bad = Scene.Color(0xDC2626, opacity: 0.92)
  }

  init(_ canvas: Canvas) {
    self.canvas = canvas
    let (width, height) = (Double(canvas.picture.width), Double(canvas.picture.height))
    point = min(height / 400, width / (Layout.width + 2 * Layout.margin))
  }

  func draw(_ overlay: Overlay) {
    if let mode = overlay.mode {
      let right = Double(canvas.picture.width) / point - Layout.margin
      drawTag(mode, right: right, top: Layout.margin, .panel)
    }
    let rows = rows(of: overlay)
    let remarkHeight = overlay.remarks.isEmpty ? 0 : Layout.lineHeight + 4
    let rowsHeight = rows.isEmpty ? 0 : 6 + Double(rows.count) * Layout.rowHeight
    let lines: Double = overlay.actor == nil ? 3 : 4
    let height = 2 * Layout.padding + lines * Layout.lineHeight - 4 + remarkHeight + rowsHeight
    addRectangle(
      x: Layout.margin, y: Layout.margin, width: Layout.width, height: height, cornerRadius: 8)
    canvas.fill(.panel)

    var line = Layout.margin + Layout.padding + Layout.text
    let left = Layout.margin + Layout.padding
    let right = Layout.margin + Layout.width - Layout.padding
    let time = "\(decimal(overlay.time, digits: 2)) s"
    let timeWidth = width(of: time, height: Layout.text)
    draw(overlay.title, x: left, line: line, isBold: true, fitting: right - left - timeWidth - 8)
    draw(time, x: right, line: line, color: Palette.label, alignment: .trailing)
    if let actor = overlay.actor {
      line += Layout.lineHeight
      let seed = overlay.seed.map { "seed \($0)" } ?? ""
      let room = right - left - width(of: seed, height: Layout.text) - 8
      draw(actor, x: left, line: line, color: Palette.label, fitting: room)
      draw(seed, x: right, line: line, color: Palette.label, alignment: .trailing)
    }
    line += Layout.lineHeight
    let steps = overlay.steps.map { " / \($0)" } ?? ""
    drawPair("step", "\(overlay.step)\(steps)", left, right, line)
    line += Layout.lineHeight
    let middle = (left + right) / 2
    drawPair(
      "reward", overlay.reward.map { decimal($0, digits: 2) } ?? "-", left, middle - 6, line)
    drawPair("return", decimal(overlay.episodeReturn, digits: 1), middle + 6, right, line)
    line += 4
    var tag = left
    for remark in overlay.remarks {
      let color =
        switch remark.tone {
        case .good: Palette.good
        case .neutral: Palette.neutral
        case .bad: Palette.bad
        }
      tag = drawTag(remark.text, left: tag, top: line + 2, color) + 4
    }
    line += remarkHeight + 2
    for row in rows {
      line += Layout.rowHeight
      draw(row, left, right, line)
    }
  }

  // MARK: Rows

  private enum Row {
    case gauge(Overlay.Gauge, color: Scene.Color)
    case choice(String, isChosen: Bool)
    case rest(Int)
  }

  private func rows(of overlay: Overlay) -> [Row] {
    var rows: [Row] =
      switch overlay.action {
      case .gauges(let gauges): gauges.map { .gauge($0, color: Palette.bar) }
      case .choice(let index, let names):
        names.indices.map { .choice(names[$0], isChosen: $0 == index) }
      case nil: []
      }
    if overlay.disturbances.contains(where: { $0.value != 0 }) {
      rows += overlay.disturbances.map { .gauge($0, color: Palette.push) }
    }
    guard rows.count > Layout.rowLimit else { return rows }
    let rest = rows.count - Layout.rowLimit + 1
    return rows.dropLast(rest) + [.rest(rest)]
  }

  private func draw(_ row: Row, _ left: Double, _ right: Double, _ line: Double) {
    let small = Layout.smallText
    switch row {
    case .gauge(let gauge, let color):
      draw(
        gauge.name, x: left, line: line, height: small, color: Palette.label,
        fitting: Layout.nameWidth - 6)
      drawBar(gauge, color, x: left + Layout.nameWidth, line: line)
      draw(
        decimal(gauge.value, digits: 2), x: right, line: line, height: small,
        alignment: .trailing)
    case .choice(let name, let isChosen):
      addCircle(x: left + 4, y: line - small / 2, radius: 3.2)
      canvas.fill(isChosen ? Palette.bar : Palette.track)
      draw(
        name, x: left + 14, line: line, height: small,
        color: isChosen ? Palette.text : Palette.label, fitting: right - left - 14)
    case .rest(let count):
      draw("and \(count) more", x: left, line: line, height: small, color: Palette.label)
    }
  }

  private func drawBar(_ gauge: Overlay.Gauge, _ color: Scene.Color, x: Double, line: Double) {
    let (top, height) = (line - Layout.smallText - 0.5, Layout.smallText + 1)
    addRectangle(x: x, y: top, width: Layout.barWidth, height: height, cornerRadius: 2)
    canvas.fill(Palette.track)
    let zero = x + Layout.barWidth * gauge.share(of: 0)
    let end = x + Layout.barWidth * gauge.share(of: gauge.value)
    addRectangle(
      x: min(zero, end), y: top, width: abs(end - zero), height: height, cornerRadius: 2)
    canvas.fill(color)
    addRectangle(x: zero - 0.5, y: top - 1, width: 1, height: height + 2)
    canvas.fill(Palette.zero)
  }

  // MARK: Points to pixels

  private func drawPair(
    _ label: String, _ value: String, _ left: Double, _ right: Double, _ line: Double
  ) {
    draw(label, x: left, line: line, color: Palette.label)
    draw(value, x: right, line: line, alignment: .trailing)
  }

  /// Draws text on a coloured background and returns the position of its end.
  @discardableResult private func drawTag(
    _ text: String, left: Double? = nil, right: Double = 0, top: Double, _ color: Scene.Color
  ) -> Double {
    let width = width(of: text, height: Layout.smallText, isBold: true) + 12
    let left = left ?? right - width
    addRectangle(x: left, y: top, width: width, height: Layout.smallText + 8, cornerRadius: 5)
    canvas.fill(color)
    draw(
      text, x: left + 6, line: top + Layout.smallText + 4, height: Layout.smallText, isBold: true)
    return left + width
  }

  private func draw(
    _ text: String, x: Double, line: Double, height: Double = Layout.text,
    color: Scene.Color = Palette.text, alignment: Scene.Alignment = .leading, isBold: Bool = false,
    fitting room: Double = .infinity
  ) {
    var (shown, rest) = (text, text[...])
    while width(of: shown, height: height, isBold: isBold) > room, !rest.isEmpty {
      rest = rest.dropLast()
      shown = rest + ".."
    }
    canvas.draw(
      shown, at: (x * point, line * point), height: height * point, color: color,
      alignment: alignment, isBold: isBold)
  }

  private func width(of text: String, height: Double, isBold: Bool = false) -> Double {
    canvas.width(of: text, height: height * point, isBold: isBold) / point
  }

  private func addRectangle(
    x: Double, y: Double, width: Double, height: Double, cornerRadius: Double = 0
  ) {
    canvas.addRectangle(
      x: x * point, y: y * point, width: width * point, height: height * point,
      cornerRadius: cornerRadius * point)
  }

  private func addCircle(x: Double, y: Double, radius: Double) {
    canvas.addCircle((x * point, y * point), radius: radius * point)
  }
}

extension Scene.Color {
  /// Ground of panels, opaque enough to be read over any scene.
  static let panel = Scene.Color(0x0F172A, opacity: 0.9)
}

extension Overlay.Gauge {
  /// Returns the position of a number along the bar, in 0...1.
  fileprivate func share(of number: Double) -> Double {
    let width = bounds.upperBound - bounds.lowerBound
    guard width.isFinite, width > 0, !number.isNaN else { return 0.5 }
    return min(max((number - bounds.lowerBound) / width, 0), 1)
  }
}

/// Formats a number with a fixed number of decimals, independently of the locale.
package func decimal(_ number: Double, digits: Int) -> String {
  guard number.isFinite, abs(number) < 1e12 else { return "\(number)" }
  let factor = (0..<digits).reduce(1) { product, _ in product * 10 }
  let scaled = Int((abs(number) * Double(factor)).rounded())
  let decimals = String(scaled % factor)
  let sign = number < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  return "\(sign)\(scaled / factor)."
    + String(repeating: "0", count: digits - decimals.count) + decimals
}
