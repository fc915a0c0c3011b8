internal import RLCore

/// Draws control panels on top of a scene renderer's picture.
public final class ControlPanelPainter {
  private let canvas: Canvas
  private let layout: TimelineLayout

  private enum Palette {
    static let text = Scene.Color(0xFFFFFF)
    static let label = Scene.Color(0xCBD5E1)
    static let key = Scene.Color(0x7DD3FC)
    static let track = Scene.Color(0xFFFFFF, opacity: 0.22)
    static let past = Scene.Color(0x38BDF8)
  }

  private enum Text {
    static let height = 7.0  // of a capital letter
    static let small = 6.0
    static let large = 10.0
    static let line = 15.0
  }

  /// Creates a painter for a renderer's picture, to be used after each of its frames.
  public init(over renderer: SceneRenderer) {
    canvas = Canvas(renderer.picture)
    layout = TimelineLayout(width: renderer.picture.width, height: renderer.picture.height)
  }

  /// Draws a panel.
  public func draw(_ panel: ControlPanel) {
    if let timeline = panel.timeline { draw(timeline) }
    if !panel.help.isEmpty || panel.headline != nil { drawBoard(panel) }
    canvas.finish()
  }

  // MARK: Timeline

  private func draw(_ timeline: ControlPanel.Timeline) {
    addRectangle(
      x: layout.left, y: layout.top, width: layout.right - layout.left,
      height: layout.bottom - layout.top, cornerRadius: 8)
    canvas.fill(.panel)
    drawSign(isPlaying: timeline.isPlaying)

    let share = timeline.steps > 0 ? Double(timeline.step) / Double(timeline.steps) : 0
    let trackWidth = layout.trackRight - layout.trackLeft
    addRectangle(
      x: layout.trackLeft, y: layout.middle - 2, width: trackWidth, height: 4, cornerRadius: 2)
    canvas.fill(Palette.track)
    addRectangle(
      x: layout.trackLeft, y: layout.middle - 2, width: trackWidth * share, height: 4,
      cornerRadius: 2)
    canvas.fill(Palette.past)
    canvas.addCircle(
      pixel(layout.trackLeft + trackWidth * share, layout.middle), radius: 5.5 * layout.point)
    canvas.fill(Palette.text)

    let total = seconds(timeline.steps, timeline)
    draw(
      "\(seconds(timeline.step, timeline)) / \(total) s", x: layout.right - 10,
      line: layout.middle + Text.small / 2, height: Text.small, alignment: .trailing)
  }

  private func seconds(_ step: Int, _ timeline: ControlPanel.Timeline) -> String {
    decimal(Double(step) * timeline.timeStep, digits: 2)
  }

  /// Draws the button's effect: two bars (pause) while playing, a triangle (play) while paused.
  private func drawSign(isPlaying: Bool) {
    let (x, y) = (layout.left + 17, layout.middle)
    if isPlaying {
      for side in [-4.5, 1.5] {
        addRectangle(x: x + side, y: y - 5, width: 3, height: 10, cornerRadius: 1)
      }
    } else {
      canvas.addLines(
        [pixel(x - 4, y - 5.5), pixel(x + 5.5, y), pixel(x - 4, y + 5.5)], isClosed: true)
    }
    canvas.fill(Palette.text)
  }

  // MARK: Board

  private func drawBoard(_ panel: ControlPanel) {
    let keyWidth = panel.help.map { width($0.keys, Text.height, isBold: true) }.max() ?? 0
    let meaningWidth = panel.help.map { width($0.meaning, Text.height) }.max() ?? 0
    let gap = 14.0
    let helpWidth = panel.help.isEmpty ? 0 : keyWidth + gap + meaningWidth
    let headWidth = panel.headline.map { width($0, Text.large, isBold: true) } ?? 0
    let footWidth = panel.footnote.map { width($0, Text.height) } ?? 0
    let innerWidth = max(helpWidth, headWidth, footWidth)
    let headHeight = panel.headline == nil ? 0 : Text.large + 10
    let footHeight = panel.footnote == nil ? 0 : Text.line + 2
    let height = headHeight + Double(panel.help.count) * Text.line + footHeight + 24
    let (room, middle) = (layout.right + 10, (layout.bottom + 10) / 2)
    // In small windows, letters shrink rather than being cut off.
    let scale = min(1, (room - 16) / (innerWidth + 36), (layout.bottom - 4) / height)
    let painter = Board(
      canvas: canvas, point: layout.point * scale, center: (room / 2 / scale, middle / scale))
    painter.fill(width: innerWidth + 36, height: height, .panel)

    var line = painter.center.y - height / 2 + 12
    if let headline = panel.headline {
      line += Text.large
      painter.draw(
        headline, x: painter.center.x, line: line, height: Text.large, Palette.text, .center,
        isBold: true)
      line += 10
    }
    let left = painter.center.x - helpWidth / 2
    for entry in panel.help {
      line += Text.line
      painter.draw(
        entry.keys, x: left + keyWidth, line: line - 4, height: Text.height, Palette.key, .trailing,
        isBold: true)
      painter.draw(
        entry.meaning, x: left + keyWidth + gap, line: line - 4, height: Text.height, Palette.text,
        .leading)
    }
    if let footnote = panel.footnote {
      painter.draw(
        footnote, x: painter.center.x, line: line + Text.line - 1, height: Text.height,
        Palette.label, .center)
    }
  }

  /// A drawing area for the centred board, with points of its own size.
  private struct Board {
    let canvas: Canvas
    let point: Double
    let center: (x: Double, y: Double)

    func fill(width: Double, height: Double, _ color: Scene.Color) {
      canvas.addRectangle(
        x: (center.x - width / 2) * point, y: (center.y - height / 2) * point,
        width: width * point, height: height * point, cornerRadius: 10 * point)
      canvas.fill(color)
    }

    func draw(
      _ text: String, x: Double, line: Double, height: Double, _ color: Scene.Color,
      _ alignment: Scene.Alignment, isBold: Bool = false
    ) {
      canvas.draw(
        text, at: (x * point, line * point), height: height * point, color: color,
        alignment: alignment, isBold: isBold)
    }
  }

  // MARK: Points to pixels

  private func pixel(_ x: Double, _ y: Double) -> Canvas.Pixel {
    (x * layout.point, y * layout.point)
  }

  private func addRectangle(
    x: Double, y: Double, width: Double, height: Double, cornerRadius: Double
  ) {
    canvas.addRectangle(
      x: x * layout.point, y: y * layout.point, width: width * layout.point,
      height: height * layout.point, cornerRadius: cornerRadius * layout.point)
  }

  private func draw(
    _ text: String, x: Double, line: Double, height: Double, alignment: Scene.Alignment
  ) {
    canvas.draw(
      text, at: pixel(x, line), height: height * layout.point, color: Palette.text,
      alignment: alignment)
  }

  private func width(_ text: String, _ height: Double, isBold: Bool = false) -> Double {
    canvas.width(of: text, height: height * layout.point, isBold: isBold) / layout.point
  }
}
