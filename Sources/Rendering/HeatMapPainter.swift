internal import Foundation
internal import RLCore

/// Draws a heat map into a picture.
struct HeatMapPainter {
  private let map: HeatMap
  private let picture: Picture
  private let canvas: Canvas
  /// Pixels of a point, the unit of the layout: about 1 in a picture of the standard size.
  private let point: Double
  private let columns: Int
  private let rows: Int

  private enum Palette {
    static let ground = Scene.Color(0xFFFFFF)
    static let text = Scene.Color(0x1F2937)
    static let label = Scene.Color(0x4B5563)
    static let frame = Scene.Color(0x6B7280)
    static let mark = Scene.Color(0xE11D48)
    static let halo = Scene.Color(0xFFFFFF)
  }

  private enum Layout {
    static let title = 13.0
    static let text = 9.0
    static let margin = 22.0
    static let scaleWidth = 20.0
    static let gap = 10.0
    static let tick = 5.0
    /// Steps of the scale's colours.
    static let scaleSteps = 128
  }

  /// The map's area in pixels.
  private struct Area {
    var left: Double
    var top: Double
    var width: Double
    var height: Double
    var right: Double { left + width }
    var bottom: Double { top + height }
  }

  init(_ map: HeatMap, _ picture: Picture) {
    (self.map, self.picture) = (map, picture)
    canvas = Canvas(picture)
    let standard = HeatMap.standardSize
    let (across, down) = (
      Double(picture.width) / Double(standard.width),
      Double(picture.height) / Double(standard.height)
    )
    // Flat pictures have room for larger letters than their height alone suggests.
    point = max(min(across, down), min(0.7, 0.8 * max(across, down)))
    (columns, rows) = (map.columns.values.count, map.rows.values.count)
  }

  func paint() {
    canvas.paint(bottom: Palette.ground, top: Palette.ground)
    let area = area
    drawTitle(area)
    drawCells(area)
    drawMark(area)
    drawColumnTicks(area)
    if rows > 1 { drawRowTicks(area) }
    drawScale(area)
    canvas.finish()
  }

  private var area: Area {
    let size = Layout.text * point
    let rowTexts = rows > 1 ? map.rows.values.map { width($0, size) }.max() ?? 0 : 0
    let scaleTexts = scaleTicks.map { width($0.text, size) }.max() ?? 0
    let rowLabel = rows > 1 ? size + 16 * point : 0
    let left = (Layout.margin + Layout.tick + 4) * point + rowTexts + rowLabel
    let right =
      (Layout.margin + Layout.scaleWidth + Layout.gap * 2 + Layout.tick + 4) * point + scaleTexts
    let top = (Layout.margin + Layout.title + Layout.text + 26) * point
    let bottom = (Layout.margin + 2 * Layout.text + 26) * point
    return Area(
      left: left.rounded(), top: top.rounded(),
      width: max(8, (Double(picture.width) - left - right).rounded()),
      height: max(8, (Double(picture.height) - top - bottom).rounded()))
  }

  private func drawTitle(_ area: Area) {
    let left = Layout.margin * point
    let line = (Layout.margin + Layout.title) * point
    let room = Double(picture.width) - 2 * left
    draw(map.title, left, line, Layout.title * point, Palette.text, .leading, isBold: true, room)
    draw(
      map.subtitle, left, line + (Layout.text + 9) * point, Layout.text * point, Palette.label,
      .leading, isBold: false, room)
  }

  // MARK: Cells

  /// Returns the edges of a cell in whole pixels, so that neighbours touch without a seam.
  private func cell(_ index: Int, _ area: Area) -> Area {
    let (row, column) = index.quotientAndRemainder(dividingBy: columns)
    func edge(_ place: Int, _ count: Int, _ length: Double) -> Double {
      (Double(place) * length / Double(count)).rounded()
    }
    let left = edge(column, columns, area.width)
    let bottom = edge(row, rows, area.height)
    let (right, top) = (
      edge(column + 1, columns, area.width), edge(row + 1, rows, area.height)
    )
    return Area(
      left: area.left + left, top: area.bottom - top, width: right - left, height: top - bottom)
  }

  private func drawCells(_ area: Area) {
    let size = min(Layout.text, 9) * point
    let texts = map.cells.map { Self.number($0, digits: 3) }
    let cell = (width: area.width / Double(columns), height: area.height / Double(rows))
    let widest = texts.map { width($0, size) }.max() ?? 0
    let hasTexts = widest + 6 * point < cell.width && size * 2.2 < cell.height
    for (i, number) in map.cells.enumerated() {
      let box = self.cell(i, area)
      let color = map.color(number)
      canvas.addRectangle(x: box.left, y: box.top, width: box.width, height: box.height)
      canvas.fill(color)
      guard hasTexts else { continue }
      let light = 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue
      draw(
        texts[i], box.left + box.width / 2, box.top + (box.height + size) / 2, size,
        light > 0.5 ? Palette.text : Palette.ground, .center)
    }
    canvas.addRectangle(
      x: area.left - 0.5, y: area.top - 0.5, width: area.width + 1, height: area.height + 1)
    canvas.stroke(Palette.frame, width: 1)
  }

  private func drawMark(_ area: Area) {
    guard let marked = map.marked else { return }
    let box = cell(marked, area)
    for (color, width) in [(Palette.halo, 4.5 * point), (Palette.mark, 2.5 * point)] {
      canvas.addRectangle(x: box.left, y: box.top, width: box.width, height: box.height)
      canvas.stroke(color, width: max(1, width))
    }
  }

  // MARK: Axes

  /// Returns every how many values one is named, so that names of a length in pixels fit, the last
  /// value among them if possible.
  private func step(_ count: Int, length: Double, name: Double) -> Int {
    let most = max(1, Int(length / max(1, name)))
    let least = max(1, (count + most - 1) / most)
    return (least..<max(least + 1, min(count, 2 * least + 1))).first { (count - 1) % $0 == 0 }
      ?? least
  }

  private func drawColumnTicks(_ area: Area) {
    let size = Layout.text * point
    let widest = map.columns.values.map { width($0, size) }.max() ?? 0
    let step = step(columns, length: area.width, name: widest + 10 * point)
    for column in stride(from: 0, to: columns, by: step) {
      let x = area.left + (Double(column) + 0.5) * area.width / Double(columns)
      drawTick((x, area.bottom + 1), (x, area.bottom + Layout.tick * point))
      draw(
        map.columns.values[column], x, area.bottom + (Layout.tick + 5) * point + size, size,
        Palette.label, .center)
    }
    draw(
      map.columns.label, area.left + area.width / 2, Double(picture.height) - Layout.margin * point,
      size, Palette.text, .center, isBold: true, area.width)
  }

  private func drawRowTicks(_ area: Area) {
    let size = Layout.text * point
    let step = step(rows, length: area.height, name: 2 * size)
    for row in stride(from: 0, to: rows, by: step) {
      let y = area.bottom - (Double(row) + 0.5) * area.height / Double(rows)
      drawTick((area.left - 1, y), (area.left - Layout.tick * point, y))
      draw(
        map.rows.values[row], area.left - (Layout.tick + 4) * point, y + size / 2, size,
        Palette.label, .trailing)
    }
    canvas.drawUpwards(
      map.rows.label, at: (Layout.margin * point + size, area.top + area.height / 2), height: size,
      color: Palette.text)
  }

  private func drawTick(_ start: Canvas.Pixel, _ end: Canvas.Pixel) {
    canvas.addLines([start, end], isClosed: false)
    canvas.stroke(Palette.frame, width: 1)
  }

  // MARK: Scale

  private func drawScale(_ area: Area) {
    let size = Layout.text * point
    let left = (area.right + 2 * Layout.gap * point).rounded()
    let width = (Layout.scaleWidth * point).rounded()
    for i in 0..<Layout.scaleSteps {
      let share = Double(i) / Double(Layout.scaleSteps - 1)
      let bottom = (area.bottom - Double(i) * area.height / Double(Layout.scaleSteps)).rounded()
      let top = (area.bottom - Double(i + 1) * area.height / Double(Layout.scaleSteps)).rounded()
      canvas.addRectangle(x: left, y: top, width: width, height: bottom - top)
      canvas.fill(HeatMap.color(share: share))
    }
    canvas.addRectangle(
      x: left - 0.5, y: area.top - 0.5, width: width + 1, height: area.height + 1)
    canvas.stroke(Palette.frame, width: 1)
    for tick in scaleTicks {
      let y = area.bottom - tick.share * area.height
      drawTick((left + width + 1, y), (left + width + Layout.tick * point, y))
      draw(
        tick.text, left + width + (Layout.tick + 4) * point, y + size / 2, size, Palette.label,
        .leading)
    }
    draw(
      map.label, Double(picture.width) - Layout.margin * point,
      Double(picture.height) - Layout.margin * point, size, Palette.text, .trailing)
  }

  /// Round numbers within the range of the scale.
  private var scaleTicks: [(share: Double, text: String)] {
    let range = map.range
    let span = range.upperBound - range.lowerBound
    let rough = span / 6
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
    let digits = max(0, Int(-floor(log10(step)) + 0.001))
    let first = Int((range.lowerBound / step).rounded(.up))
    let last = Int((range.upperBound / step).rounded(.down))
    guard first <= last else { return [] }
    return (first...last).map { i in
      let value = Double(i) * step
      return ((value - range.lowerBound) / span, decimal(value, digits: min(digits, 9)))
    }
  }

  // MARK: Text

  /// Returns a number with some significant digits.
  static func number(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return "-" }
    guard value != 0 else { return "0" }
    let places = digits - 1 - Int(floor(log10(abs(value))))
    return decimal(value, digits: min(max(places, 0), 9))
  }

  private func width(_ text: String, _ height: Double) -> Double {
    canvas.width(of: text, height: height)
  }

  private func draw(
    _ text: String, _ x: Double, _ line: Double, _ height: Double, _ color: Scene.Color,
    _ alignment: Scene.Alignment, isBold: Bool = false, _ room: Double = .infinity
  ) {
    var (shown, rest) = (text, text[...])
    while canvas.width(of: shown, height: height, isBold: isBold) > room, !rest.isEmpty {
      rest = rest.dropLast()
      shown = rest + ".."
    }
    canvas.draw(
      shown, at: (x, line), height: height, color: color, alignment: alignment, isBold: isBold)
  }
}
