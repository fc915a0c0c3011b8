internal import Charts
internal import Foundation
internal import RLCore

/// A scene as a still picture in the page.
enum ScenePicture {
  private static let width = 600.0

  /// Draws a scene as an SVG picture.
  ///
  /// - Parameters:
  ///   - scene: The scene.
  ///   - label: Description for those who can't see the picture.
  /// - Returns: The picture; nothing if the camera is not valid.
  static func markup(_ scene: Scene, label: String) -> Markup {
    let camera = scene.camera
    guard camera.width > 0, camera.height > 0, camera.width.isFinite, camera.height.isFinite,
      camera.center.x.isFinite, camera.center.y.isFinite
    else { return .empty }
    let height = min(width * camera.height / camera.width, 2 * width)
    var painter = Painter(
      scale: width / camera.width,
      corner: (camera.center.x - camera.width / 2, camera.center.y + camera.height / 2),
      width: width, height: height)
    painter.ground(scene.background)
    for element in scene.elements { painter.draw(element) }
    return Markup(
      "svg",
      [
        "viewBox": "0 0 \(Int(width)) \(Int(height.rounded()))", "role": "img", "class": "poster",
        "aria-label": label,
      ], painter.parts)
  }

  private struct Painter {
    let scale: Double
    let corner: (x: Double, y: Double)
    let width: Double
    let height: Double
    private(set) var parts: [Markup] = []
    private var gradients = 0

    init(scale: Double, corner: (Double, Double), width: Double, height: Double) {
      (self.scale, self.corner) = (scale, corner)
      (self.width, self.height) = (width, height)
    }

    private func x(_ value: Double) -> Double { (value - corner.x) * scale }
    private func y(_ value: Double) -> Double { (corner.y - value) * scale }

    private func text(_ value: Double) -> String {
      value.isFinite ? String(format: "%.1f", min(max(value, -1e5), 1e5)) : "0"
    }

    private func list(_ points: [Scene.Point]) -> String {
      points.map { "\(text(x($0.x))),\(text(y($0.y)))" }.joined(separator: " ")
    }

    mutating func ground(_ colors: (bottom: Scene.Color, top: Scene.Color)) {
      let fill = gradient(colors.bottom, at: height, colors.top, at: 0)
      parts.append(
        Markup("rect", ["width": text(width), "height": text(height), "fill": fill]))
    }

    /// Defines a vertical gradient and returns a reference to it.
    private mutating func gradient(
      _ bottom: Scene.Color, at low: Double, _ top: Scene.Color, at high: Double
    ) -> String {
      gradients += 1
      let name = "scene-gradient-\(gradients)"
      parts.append(
        Markup(
          "linearGradient",
          [
            "id": name, "gradientUnits": "userSpaceOnUse", "x1": "0", "x2": "0", "y1": text(low),
            "y2": text(high),
          ],
          [
            Markup("stop", ["stop-color": bottom.css]),
            Markup("stop", ["offset": "1", "stop-color": top.css]),
          ]))
      return "url(#\(name))"
    }

    private mutating func paint(_ fill: Scene.Fill?) -> String {
      switch fill {
      case .color(let color): color.css
      case .gradient(let bottom, let low, let top, let high):
        gradient(bottom, at: y(low), top, at: y(high))
      case nil: "none"
      }
    }

    mutating func draw(_ element: Scene.Element) {
      switch element {
      case .polygon(let points, let fill, let outline):
        guard points.contains(where: isSeen) else { return }
        let inside = paint(fill)
        parts.append(
          Markup(
            "polygon",
            [
              "points": list(points), "fill": inside, "stroke": outline?.color.css ?? "none",
              "stroke-width": text((outline?.width ?? 0) * scale),
            ]))
      case .circle(let center, let radius, let fill, let outline):
        let inside = paint(fill)
        parts.append(
          Markup(
            "circle",
            [
              "cx": text(x(center.x)), "cy": text(y(center.y)), "r": text(max(radius, 0) * scale),
              "fill": inside, "stroke": outline?.color.css ?? "none",
              "stroke-width": text((outline?.width ?? 0) * scale),
            ]))
      case .line(let points, let stroke):
        parts.append(line(points, stroke))
      case .arrow(let start, let end, let stroke):
        let corners = Scene.arrow(from: start, to: end, width: stroke.width)
        parts.append(Markup("polygon", ["points": list(corners), "fill": stroke.color.css]))
      case .text(let string, let place, let size, let color, let alignment):
        let anchor =
          switch alignment {
          case .leading: "start"
          case .center: "middle"
          case .trailing: "end"
          }
        parts.append(
          Markup(
            "text",
            [
              "x": text(x(place.x)), "y": text(y(place.y)), "font-size": text(size * scale / 0.72),
              "fill": color.css, "text-anchor": anchor,
            ], text: string))
      }
    }

    private func isSeen(_ point: Scene.Point) -> Bool {
      (-width...2 * width).contains(x(point.x))
    }

    private func line(_ points: [Scene.Point], _ stroke: Scene.Stroke) -> Markup {
      Markup(
        "polyline",
        [
          "points": list(points), "fill": "none", "stroke": stroke.color.css,
          "stroke-width": text(stroke.width * scale), "stroke-linecap": "round",
          "stroke-linejoin": "round",
        ])
    }
  }
}
