internal import Glibc
internal import RLCore

/// Sky, clouds, hills and trees behind every scene, determined by the camera alone.
extension Scene {
  /// Creates an empty landscape.
  ///
  /// - Parameters:
  ///   - camera: Part of the world to show; hills and clouds move past more slowly than it does.
  ///   - horizon: Height at which the hills rise from the ground.
  ///   - place: Selects the part of the sky and the hills that is seen from x = 0.
  init(landscape camera: Camera, horizon: Double, place: Int) {
    self.init(camera: camera, background: (bottom: Palette.skyBottom, top: Palette.skyTop))
    // A diverged simulation still has a picture, without a landscape.
    guard abs(camera.center.x) < 1e9 else { return }
    let view = camera.height
    let sun = Point(camera.center.x + 0.37 * camera.width, camera.center.y + 0.2 * view)
    elements.append(
      .circle(center: sun, radius: 0.085 * view, fill: .color(Palette.sun.faded(to: 0.35))))
    elements.append(.circle(center: sun, radius: 0.055 * view, fill: .color(Palette.sun)))
    addClouds(place)
    let offset = Double(place) * view
    addHills(
      HillLayer(
        follows: 0.9, base: horizon + 0.1 * view, amplitude: 0.07 * view, length: 0.9 * view,
        offset: 0.37 * offset, color: Palette.farHill))
    let near = HillLayer(
      follows: 0.75, base: horizon + 0.03 * view, amplitude: 0.05 * view, length: 0.55 * view,
      offset: 0.29 * offset, color: Palette.nearHill)
    addHills(near)
    addTrees(on: near)
  }

  /// Distance to both sides of the camera's centre within which things are drawn.
  ///
  /// It is large enough for pictures wider than the camera to have ground everywhere.
  var reach: Double { 1.6 * camera.width }

  private struct HillLayer {
    /// Fraction of the camera's movement that the layer follows.
    var follows: Double
    var base: Double
    var amplitude: Double
    var length: Double
    var offset: Double
    var color: Color

    func height(_ x: Double) -> Double {
      let t = (x + offset) / length * 2 * Double.pi
      return base + amplitude * (0.6 * sin(t) + 0.3 * sin(0.43 * t + 1) + 0.2 * sin(1.7 * t + 2))
    }
  }

  private mutating func addHills(_ layer: HillLayer) {
    let shift = layer.follows * camera.center.x
    let spacing = layer.length / 16
    // Samples are fixed to the hills; with samples at the camera's edge, the outline would flicker.
    let first = ((camera.center.x - reach - shift) / spacing).rounded(.down)
    let count = Int((2 * reach / spacing).rounded(.up)) + 1
    var points = (0...count).map {
      let x = (first + Double($0)) * spacing
      return Point(x + shift, layer.height(x))
    }
    let bottom = layer.base - 0.6 * camera.height
    points.append(Point(points[count].x, bottom))
    points.append(Point(points[0].x, bottom))
    elements.append(.polygon(points, fill: .color(layer.color)))
  }

  private mutating func addTrees(on layer: HillLayer) {
    let (cell, shift) = (0.16 * camera.height, layer.follows * camera.center.x)
    let first = Int(((camera.center.x - reach - shift) / cell).rounded(.down))
    for index in first...first + Int(2 * reach / cell) + 1 {
      let (u, v) = (scatter(index, 0.618_033_988_7), scatter(index, 0.732_050_807_6))
      // Alternates groves and clearings.
      guard scatter(index / 5, 0.414_213_562_4) + 0.4 * v < 0.8 else { continue }
      let x = (Double(index) + 0.9 * u) * cell
      let size = (0.05 + 0.035 * v) * camera.height
      let foot = Placement(x: x + shift, y: layer.height(x) - 0.1 * size)
      elements.append(
        .polygon(
          Self.tree.map { foot(size * $0, size * $1) },
          fill: .color(u < 0.5 ? Palette.tree : Palette.treeShade)))
    }
  }

  /// The outline of a fir of height 1.
  private static let tree: [(Double, Double)] = {
    let right = [(0.0, 1.0), (0.17, 0.66), (0.09, 0.66), (0.24, 0.36), (0.13, 0.36), (0.3, 0.0)]
    return right + right.dropFirst().reversed().map { (-$0.0, $0.1) }
  }()

  private mutating func addClouds(_ place: Int) {
    let view = camera.height
    let (cell, shift) = (0.7 * view, 0.85 * camera.center.x)
    let first = Int(((camera.center.x - reach - shift) / cell).rounded(.down))
    for index in first...first + Int(2 * reach / cell) + 1 {
      let (u, v) = (
        scatter(index + place, 0.618_033_988_7), scatter(index + place, 0.414_213_562_4)
      )
      let center = Placement(
        x: shift + (Double(index) + 0.8 * u) * cell,
        y: camera.center.y + (0.16 + 0.26 * v) * view)
      let size = (0.04 + 0.03 * u) * view
      elements.append(
        .polygon(Self.cloud.map { center(size * $0, size * $1) }, fill: .color(Palette.cloud)))
    }
  }

  /// The outline of a cloud: three bumps on a flat base, about four units wide.
  private static let cloud: [(Double, Double)] = {
    var points: [(Double, Double)] = []
    for (x, y, radius, turns) in [
      (1.4, 0.5, 0.5, -0.5...0.75), (0.2, 0.75, 0.95, 0.05...0.95), (-1.3, 0.6, 0.6, 0.2...1.5),
    ] {
      for step in 0...12 {
        let turn =
          turns.lowerBound + (turns.upperBound - turns.lowerBound) * Double(step) / 12
        points.append((x + radius * cos(turn * .pi), y + radius * sin(turn * .pi)))
      }
    }
    return points
  }()

  /// Adds soil in layers below a line of points that runs from left to right.
  ///
  /// The layers run along the roof, which is the line with all pits closed.
  mutating func addSoil(below surface: [Point], roof: [Point]) {
    guard let first = surface.first, let last = surface.last else { return }
    let (top, view) = (surface.map(\.y).max() ?? 0, camera.height)
    let bottom = camera.center.y - 1.6 * view
    let floor = [Point(last.x, bottom), Point(first.x, bottom)]
    elements.append(
      .polygon(
        surface + floor,
        fill: .gradient(
          bottom: Palette.soilBottom, bottomHeight: top - 0.4 * view, top: Palette.soilTop,
          topHeight: top)))
    for depth in [0.035, 0.12] {
      let layer = zip(roof, surface).map { Point($0.x, min($0.y - depth * view, $1.y)) }
      elements.append(.polygon(layer + floor, fill: .color(Palette.soilShade)))
    }
  }

  /// Adds a band of grass along a line of points.
  mutating func addGrass(along surface: [Point], width: Double) {
    elements.append(.line(surface, Stroke(Palette.grassShade, width: width)))
    elements.append(
      .line(
        surface.map { Point($0.x, $0.y + 0.25 * width) },
        Stroke(Palette.grass, width: 0.5 * width)))
  }

  /// Adds level ground across the whole picture.
  mutating func addLevelGround(at height: Double) {
    let surface = [
      Point(camera.center.x - reach, height), Point(camera.center.x + reach, height),
    ]
    addSoil(below: surface, roof: surface)
    addGrass(along: surface, width: 0.013 * camera.height)
  }
}

/// Returns a pseudo-random number in 0..<1 for an index.
///
/// Multiples of an irrational step are evenly scattered and the same in every picture.
func scatter(_ index: Int, _ step: Double) -> Double {
  let product = Double(index) * step
  return product - product.rounded(.down)
}
