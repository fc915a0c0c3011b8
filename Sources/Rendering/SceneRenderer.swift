public import RLCore

/// Draws scenes, one after another, into one picture; needs neither a display nor fonts.
///
/// On one machine the same scene always gives the same pixels: they depend on no clock, locale or
/// environment variable.  A renderer must not be used by several threads at a time.
public final class SceneRenderer {
  /// The last drawn frame; the next one overwrites it.
  public let picture: Picture
  private let canvas: Canvas
  private let overlayPainter: OverlayPainter
  /// Points of the element being drawn, in reused memory.
  private var chain: [Canvas.Pixel] = []

  /// Creates a renderer for pictures of a size within ``Picture/sizes``.
  public init(
    width: Int = Picture.standardSize.width, height: Int = Picture.standardSize.height
  ) throws(RenderingError) {
    picture = try Picture(width: width, height: height)
    canvas = Canvas(picture)
    overlayPainter = OverlayPainter(canvas)
  }

  /// Draws a frame.
  ///
  /// Elements with a coordinate or size that is not finite are left out, and so are all elements if
  /// the camera is invalid: a diverged simulation still has a picture.
  ///
  /// - Parameters:
  ///   - scene: The scene to draw.
  ///   - overlay: Numbers and text to draw on top of the scene; nil for none.
  /// - Returns: The frame, which is ``picture``.
  @discardableResult public func draw(_ scene: Scene, overlay: Overlay? = nil) -> Picture {
    canvas.paint(bottom: scene.background.bottom, top: scene.background.top)
    if let view = View(scene.camera, of: picture) {
      for element in scene.elements { draw(element, through: view) }
    }
    if let overlay { overlayPainter.draw(overlay) }
    canvas.finish()
    return picture
  }

  private func draw(_ element: Scene.Element, through view: View) {
    switch element {
    case .polygon(let points, let fill, let outline):
      guard points.count >= 3, addLines(points, outline, isClosed: true, through: view) else {
        return
      }
      paint(fill, outline, through: view)
    case .circle(let center, let radius, let fill, let outline):
      guard center.isFinite, radius.isFinite, radius > 0 else { return }
      let reach = radius * view.scale + width(of: outline, through: view)
      guard Sight(canvas.picture, margin: reach).contains(view.pixel(center)) else { return }
      canvas.addCircle(view.pixel(center), radius: radius * view.scale)
      paint(fill, outline, through: view)
    case .line(let points, let stroke):
      guard points.count >= 2, addLines(points, stroke, isClosed: false, through: view) else {
        return
      }
      paint(nil, stroke, through: view)
    case .arrow(let start, let end, let stroke):
      let outline = Scene.arrow(from: start, to: end, width: stroke.width)
      guard !outline.isEmpty else { return }
      canvas.addLines(outline.lazy.map(view.pixel), isClosed: true)
      canvas.fill(stroke.color)
    case .text(let text, let anchor, let height, let color, let alignment):
      guard anchor.isFinite, height.isFinite, height > 0 else { return }
      canvas.draw(
        text, at: view.pixel(anchor), height: height * view.scale, color: color,
        alignment: alignment)
    }
    canvas.isCoarse = false
  }

  /// Adds the visible part of a polyline to the path.
  ///
  /// - Returns: Whether there is anything to draw.
  private func addLines(
    _ points: [Scene.Point], _ stroke: Scene.Stroke?, isClosed: Bool, through view: View
  ) -> Bool {
    chain.removeAll(keepingCapacity: true)
    for point in points {
      guard point.isFinite else { return false }
      chain.append(view.pixel(point))
    }
    // Mitred joins of thin lines extend by up to five times the line's width.
    let sight = Sight(canvas.picture, margin: 8 + width(of: stroke, through: view))
    sight.cut(&chain)
    guard !chain.isEmpty else { return false }
    canvas.addLines(chain, isClosed: isClosed)
    // Hills and ground have long, expensive edges, for which a quarter of a pixel is fine enough.
    canvas.isCoarse = sight.isMostlyCrossed(by: chain)
    return true
  }

  /// Returns a stroke's width in pixels; 0 if there is no stroke or its width can't be drawn.
  private func width(of stroke: Scene.Stroke?, through view: View) -> Double {
    let width = (stroke?.width ?? 0) * view.scale
    return width.isFinite ? max(width, 0) : 0
  }

  /// Fills and outlines the canvas's path.
  private func paint(_ fill: Scene.Fill?, _ outline: Scene.Stroke?, through view: View) {
    switch fill {
    case .color(let color): canvas.fill(color, keepsPath: true)
    case .gradient(let bottom, let bottomHeight, let top, let topHeight):
      guard bottomHeight.isFinite, topHeight.isFinite else { break }
      canvas.fill(
        bottom: bottom, at: view.row(bottomHeight), top: top, at: view.row(topHeight),
        keepsPath: true)
    case nil: break
    }
    let width = width(of: outline, through: view)
    if let outline, width > 0 {
      canvas.stroke(outline.color, width: width)
    } else {
      canvas.dropPath()
    }
  }
}

/// The area of a picture plus a margin, for leaving out what is not visible.
private struct Sight {
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  private let width: Double

  init(_ picture: Picture, margin: Double) {
    x = -margin...Double(picture.width) + margin
    y = -margin...Double(picture.height) + margin
    width = Double(picture.width)
  }

  /// Returns the sides beyond which a point lies, one bit each.
  private func sides(_ point: Canvas.Pixel) -> UInt8 {
    (point.x < x.lowerBound ? 1 : 0) | (point.x > x.upperBound ? 2 : 0)
      | (point.y < y.lowerBound ? 4 : 0) | (point.y > y.upperBound ? 8 : 0)
  }

  func contains(_ point: Canvas.Pixel) -> Bool { sides(point) == 0 }

  /// Removes points that lie beyond the same side as both their neighbours.
  ///
  /// The visible part does not change; a chain that lies entirely beyond one side becomes empty.
  func cut(_ chain: inout [Canvas.Pixel]) {
    guard chain.reduce(15, { $0 & sides($1) }) == 0 else {
      chain.removeAll(keepingCapacity: true)
      return
    }
    var (kept, last) = (1, sides(chain[0]))
    for i in 1..<chain.count {
      let here = sides(chain[i])
      let isLast = i == chain.count - 1
      if !isLast, last & here & sides(chain[i + 1]) != 0 { continue }
      chain[kept] = chain[i]
      (kept, last) = (kept + 1, here)
    }
    chain.removeSubrange(kept...)
  }

  /// Returns whether a chain spans more than half of the picture's width.
  func isMostlyCrossed(by chain: [Canvas.Pixel]) -> Bool {
    var (left, right) = (width, 0.0)
    for point in chain { (left, right) = (min(left, point.x), max(right, point.x)) }
    return min(right, width) - max(left, 0) > width / 2
  }
}

/// The mapping from a camera's part of the world to the pixels of a picture.
package struct View {
  /// Pixels per world unit.
  package let scale: Double
  private let center: Scene.Point
  private let middle: (x: Double, y: Double)

  /// Fits the camera's area into a picture, centred; nil if the camera is invalid.
  package init?(_ camera: Scene.Camera, of picture: Picture) {
    scale = min(Double(picture.width) / camera.width, Double(picture.height) / camera.height)
    guard camera.center.isFinite, camera.width > 0, camera.height > 0, scale.isFinite, scale > 0
    else { return nil }
    center = camera.center
    middle = (Double(picture.width) / 2, Double(picture.height) / 2)
  }

  /// Returns the position of a point of the world, in pixels from the upper left corner.
  package func pixel(_ point: Scene.Point) -> Canvas.Pixel {
    (middle.x + (point.x - center.x) * scale, row(point.y))
  }

  /// Returns the position of a height of the world, in pixels from the upper edge.
  package func row(_ height: Double) -> Double { middle.y - (height - center.y) * scale }
}

extension Scene.Point {
  fileprivate var isFinite: Bool { x.isFinite && y.isFinite }
}
