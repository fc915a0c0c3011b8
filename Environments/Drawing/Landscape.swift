internal import Glibc
internal import RLCore

/// Sky, clouds and hills behind every scene; all of it follows from the camera.
extension Scene {
  /// An empty landscape.
  ///
  /// - Parameters:
  ///   - camera: What is shown; hills and clouds pass by more slowly than it moves.
  ///   - horizon: Height at which the hills rise from the ground.
  init(landscape camera: Camera, horizon: Double) {
    self.init(camera: camera, background: (bottom: Palette.skyBottom, top: Palette.skyTop))
    let view = camera.height
    elements.append(
      .circle(
        center: Point(camera.center.x + 0.36 * camera.width, camera.center.y + 0.22 * view),
        radius: 0.06 * view, fill: .color(Palette.sun)))
    addClouds()
    addHills(
      HillLayer(
        follows: 0.9, base: horizon + 0.1 * view, amplitude: 0.07 * view, length: 0.9 * view,
        color: Palette.farHill))
    addHills(
      HillLayer(
        follows: 0.75, base: horizon + 0.03 * view, amplitude: 0.05 * view, length: 0.55 * view,
        color: Palette.nearHill))
  }

  /// How far to both sides of the camera's middle things are drawn.
  ///
  /// Pictures wider than the camera still have ground below them.
  var reach: Double { 1.6 * camera.width }

  private struct HillLayer {
    /// Part of the camera's way that it goes along.
    var follows: Double
    var base: Double
    var amplitude: Double
    var length: Double
    var color: Color

    func height(_ x: Double) -> Double {
      let t = x / length * 2 * Double.pi
      return base + amplitude * (0.6 * sin(t) + 0.3 * sin(0.43 * t + 1) + 0.2 * sin(1.7 * t + 2))
    }
  }

  private mutating func addHills(_ layer: HillLayer) {
    let shift = layer.follows * camera.center.x
    let spacing = layer.length / 16
    // Samples stay with the hills; taken from the camera's edge, the outline would crawl.
    let first = ((camera.center.x - reach - shift) / spacing).rounded(.down)
    let count = Int((2 * reach / spacing).rounded(.up)) + 1
    var points = (0...count).map {
      let x = (first + Double($0)) * spacing
      return Point(x + shift, layer.height(x))
    }
    let bottom = camera.center.y - 1.5 * camera.height
    points.append(Point(points[count].x, bottom))
    points.append(Point(points[0].x, bottom))
    elements.append(.polygon(points, fill: .color(layer.color)))
  }

  private mutating func addClouds() {
    let view = camera.height
    let (cell, shift) = (0.7 * view, 0.85 * camera.center.x)
    let first = Int(((camera.center.x - reach - shift) / cell).rounded(.down))
    for index in first...first + Int(2 * reach / cell) + 1 {
      // Irrational steps scatter evenly and are the same in every picture.
      let (u, v) = (Self.scatter(index, 0.618_033_988_7), Self.scatter(index, 0.414_213_562_4))
      let center = Placement(
        x: shift + (Double(index) + 0.8 * u) * cell,
        y: camera.center.y + (0.2 + 0.24 * v) * view)
      let size = (0.045 + 0.03 * u) * view
      elements.append(
        .polygon(Self.cloud.map { center(size * $0, size * $1) }, fill: .color(Palette.cloud)))
    }
  }

  private static func scatter(_ index: Int, _ step: Double) -> Double {
    let product = Double(index) * step
    return product - product.rounded(.down)
  }

  /// Three bumps on a flat base, about four units wide.
  private static let cloud: [(Double, Double)] = {
    var points: [(Double, Double)] = []
    for (x, y, radius) in [(1.5, 0.5, 0.5), (0.3, 0.7, 0.95), (-1.2, 0.45, 0.6)] {
      for step in 0...12 {
        let angle = (-0.1 + 1.2 * Double(step) / 12) * Double.pi
        points.append((x + radius * cos(angle), max(y + radius * sin(angle), 0)))
      }
    }
    return points
  }()

  /// Soil below a line of points from left to right, a band of grass on top.
  mutating func addGround(_ surface: [Point], grassWidth: Double) {
    guard let first = surface.first, let last = surface.last else { return }
    let (top, view) = (surface.map(\.y).max() ?? 0, camera.height)
    let bottom = camera.center.y - 1.5 * view
    elements.append(
      .polygon(
        surface + [Point(last.x, bottom), Point(first.x, bottom)],
        fill: .gradient(
          bottom: Palette.soilBottom, bottomHeight: top - 0.45 * view, top: Palette.soilTop,
          topHeight: top)))
    elements.append(.line(surface, Stroke(Palette.grassShade, width: grassWidth)))
    elements.append(
      .line(
        surface.map { Point($0.x, $0.y + 0.25 * grassWidth) },
        Stroke(Palette.grass, width: 0.5 * grassWidth)))
  }

  /// Level ground across the whole picture.
  mutating func addLevelGround(at height: Double, grassWidth: Double) {
    addGround(
      [Point(camera.center.x - reach, height), Point(camera.center.x + reach, height)],
      grassWidth: grassWidth)
  }
}
