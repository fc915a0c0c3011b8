internal import Physics
package import RLCore

extension BipedalWalkerSimulation {
  /// Gymnasium's view of 600 × 400 pixels at 30 per metre, with the hull a fifth from the left.
  fileprivate static let view = (width: 20.0, height: 40 / 3.0)

  package func scene() -> Scene {
    picture(on: terrain, legLength: parameters.legLength, push: disturbance)
  }
}

/// The picture of both walkers.
extension BipedalWalkerBodies where Self: ~Copyable {
  private typealias Walker = BipedalWalkerSimulation

  /// Returns a picture on the episode's ground, with the disturbance of the last step.
  func picture(
    on terrain: BipedalWalkerTerrain, legLength: Double, push: DisturbancePort
  ) -> Scene {
    let hull = placement(of: 0)
    let lift = terrain.lift(around: hull.x)
    let camera = Scene.Camera(
      center: .init(hull.x + 0.3 * Walker.view.width, Walker.view.height / 2 + lift),
      width: Walker.view.width, height: Walker.view.height)
    var scene = Scene(
      landscape: camera, horizon: BipedalWalkerTerrain.baseHeight + lift, place: 0)
    terrain.draw(in: &scene)
    addLidar(to: &scene)
    addBody(legLength: legLength, to: &scene)
    scene.addPush(at: hull(0, 0), x: push.shown.x, y: push.shown.y, length: 2.5)
    return scene
  }

  private func placement(of body: Int) -> Placement {
    let state = state(ofBody: body)
    return Placement(x: Double(state.x), y: Double(state.y), angle: Double(state.angle))
  }

  private func addLidar(to scene: inout Scene) {
    let hull = placement(of: 0)
    var fractions: [10 of Float] = .init(repeating: 1)
    var output = fractions.mutableSpan
    castRays(into: &output, at: 0)
    for (ray, offset) in Walker.rays.enumerated() {
      let fraction = Double(fractions[ray])
      let end = Scene.Point(hull.x + fraction * offset.x, hull.y + fraction * offset.y)
      scene.elements.append(
        .line([.init(hull.x, hull.y), end], .init(Palette.coral.faded(to: 0.4), width: 0.035)))
      guard fraction < 1 else { continue }
      scene.elements.append(
        .circle(center: end, radius: 0.07, fill: .color(Palette.coral.faded(to: 0.8))))
    }
  }

  private func addBody(legLength: Double, to scene: inout Scene) {
    let length = Walker.legHeight * legLength
    addLeg(0, length, upper: Palette.coralShade, lower: Palette.amberShade, to: &scene)
    let hull = placement(of: 0)
    scene.elements.append(
      .polygon(
        Walker.hullOutline.map { hull(Double($0.x), Double($0.y)) }, fill: .color(Palette.navy),
        outline: .init(Palette.ink, width: 0.05)))
    let visor = [(0.35, 0.19), (1.02, 0), (1.02, -0.09), (0.35, -0.09)]
    scene.elements.append(
      .polygon(visor.map { hull($0, $1) }, fill: .color(Palette.mist)))
    scene.elements.append(
      .line([hull(-0.88, 0.05), hull(-0.15, 0.05)], .init(Palette.amber, width: 0.07)))
    addLeg(1, length, upper: Palette.coral, lower: Palette.amber, to: &scene)
  }

  private func addLeg(
    _ leg: Int, _ height: Double, upper: Scene.Color, lower: Scene.Color, to scene: inout Scene
  ) {
    let (thigh, shin) = (placement(of: 1 + 2 * leg), placement(of: 2 + 2 * leg))
    let width = Walker.legWidth
    if isTouching(2 + 2 * leg) {
      let sole = shin(0, -height / 2)
      scene.addEllipse(
        Placement(x: sole.x, y: sole.y), width: 1, height: 0.26,
        fill: .color(Palette.sun.faded(to: 0.85)))
    }
    scene.addBox(
      shin, width: 0.8 * width, height: height, corner: 0.08, fill: .color(lower))
    scene.addBox(
      shin, y: -height / 2 + 0.09, width: 0.8 * width, height: 0.18, corner: 0.05,
      fill: .color(Palette.ink))
    scene.addBox(thigh, width: width, height: height, corner: 0.1, fill: .color(upper))
    scene.addHinge(at: shin(0, height / 2), radius: 0.09)
    scene.addHinge(at: thigh(0, height / 2), radius: 0.1)
  }
}

extension BipedalWalkerTerrain {
  /// Returns the camera's offset from its usual height where the ground has risen or sunk, in m.
  ///
  /// It is an average over the whole picture, so that no single step shakes the camera.
  fileprivate func lift(around x: Double) -> Double {
    guard !heights.isEmpty, x.isFinite else { return 0 }
    // A walker may leave the terrain on either side before the episode ends.
    let end = heights.count - 1
    let column = min(max(x / Self.spacing, 0), Double(end))
    let (width, margin) = (20.0, 0.8)
    var (sum, weights) = (0.0, 0.0)
    for i in max(0, Int(column) - 12)...min(end, Int(column) + 28) {
      let distance = abs(Double(i) - column - 8) / width
      let weight = max(0, 1 - distance * distance)
      sum += weight * (heights[i] - Self.baseHeight)
      weights += weight
    }
    guard weights > 0 else { return 0 }
    let mean = sum / weights
    return mean - min(max(mean, -margin), margin)
  }

  /// Draws everything near the camera.
  fileprivate func draw(in scene: inout Scene) {
    guard let first = heights.first, let last = heights.last else { return }
    let (left, right) = (
      scene.camera.center.x - scene.reach, scene.camera.center.x + scene.reach
    )
    let end = Double(heights.count - 1) * Self.spacing
    var surface: [Scene.Point] = []
    if left < 0 { surface.append(.init(left, first)) }
    for (column, height) in heights.enumerated() {
      let x = Double(column) * Self.spacing
      if x > left - Self.spacing && x < right + Self.spacing { surface.append(.init(x, height)) }
    }
    if right > end { surface.append(.init(max(right, end + 1), last)) }
    let stretches = stretches(of: surface)

    let nearby = obstacles.filter { Double($0[2]) > left && Double($0[0]) < right }
      .map(Block.init)
    // Steps float above their ramp; extended into the soil, they look solid.
    for block in nearby where !block.isWall {
      addBlock(block, bottom: block.bottom - 0.6 * Self.spacing, to: &scene)
    }
    scene.addSoil(below: surface, roof: stretches.flatMap(\.roof))
    for pit in stretches where pit.isPit { addShade(pit.points, to: &scene) }
    for block in nearby where block.isWall { addBlock(block, bottom: block.bottom, to: &scene) }
    for ground in stretches where !ground.isPit && ground.points.count > 1 {
      scene.addGrass(along: ground.points, width: 0.17)
    }
    addMarks(to: &scene, from: left, to: right)
    scene.addFlag(at: .init(3 * Self.spacing, first), height: 1.8, color: Palette.go)
    scene.addFinishFlag(
      at: .init(BipedalWalkerSimulation.finish, heights[190]), height: 2.4)
  }

  /// Continuous ground, or a pit with the rims on both sides.
  private struct Stretch {
    var isPit: Bool
    var points: [Scene.Point]

    /// The line that closes a pit, without its rims, or the ground itself.
    var roof: [Scene.Point] {
      guard isPit, let first = points.first, let last = points.last else { return points }
      return points.dropFirst().dropLast().map {
        let part = ($0.x - first.x) / (last.x - first.x)
        return Scene.Point($0.x, first.y + part * (last.y - first.y))
      }
    }
  }

  private func stretches(of surface: [Scene.Point]) -> [Stretch] {
    var stretches: [Stretch] = []
    var current = Stretch(isPit: false, points: [])
    for point in surface {
      // A wall is four columns high; even the roughest grass rises by at most one column.
      guard let edge = current.points.last, abs(point.y - edge.y) > 3 * Self.spacing else {
        current.points.append(point)
        continue
      }
      if current.isPit { current.points.append(point) }
      stretches.append(current)
      current = Stretch(isPit: !current.isPit, points: current.isPit ? [point] : [edge, point])
    }
    return stretches + [current]
  }

  /// Adds shade in a pit, darker with depth.
  private func addShade(_ points: [Scene.Point], to scene: inout Scene) {
    guard points.count > 2 else { return }
    let heights = points.map(\.y)
    scene.elements.append(
      .polygon(
        points,
        fill: .gradient(
          bottom: Palette.ink.faded(to: 0.6), bottomHeight: heights.min() ?? 0,
          top: Palette.ink.faded(to: 0), topHeight: heights.max() ?? 0)))
  }

  /// A stump, a step or the wall of a pit.
  private struct Block {
    var left: Double
    var right: Double
    var bottom: Double
    var top: Double

    /// Creates a block from x and y of four corners in turn; a stump's first two are its lower
    /// ones.
    init(_ corners: [Float]) {
      (left, right) = (Double(corners[0]), Double(corners[2]))
      bottom = Double(min(corners[1], corners[5]))
      top = Double(max(corners[1], corners[5]))
    }

    /// Whether the block is a wall: walls are four columns high, stumps at most two, steps one.
    var isWall: Bool { top - bottom > 3 * BipedalWalkerTerrain.spacing }
  }

  private func addBlock(_ block: Block, bottom: Double, to scene: inout Scene) {
    let (left, right, top) = (block.left, block.right, block.top)
    scene.elements.append(
      .polygon(
        [.init(left, top), .init(right, top), .init(right, bottom), .init(left, bottom)],
        fill: .gradient(
          bottom: Palette.stoneBottom, bottomHeight: bottom, top: Palette.stoneTop,
          topHeight: top), outline: .init(Palette.stoneEdge, width: 0.05)))
    scene.elements.append(
      .line(
        [.init(left + 0.04, top - 0.05), .init(right - 0.04, top - 0.05)],
        .init(Palette.paper.faded(to: 0.6), width: 0.06)))
  }

  /// Writes the distance in metres onto the soil.
  private func addMarks(to scene: inout Scene, from left: Double, to right: Double) {
    for metres in stride(from: 10, to: 90, by: 10) {
      let x = Double(metres)
      guard x > left && x < right else { continue }
      let column = Int(x / Self.spacing)
      let height = heights[max(0, column - 2)...min(heights.count - 1, column + 3)].min() ?? 0
      scene.elements.append(
        .text(
          "\(metres) m", at: .init(x, height - 1.05), height: 0.36, color: Palette.soilMark,
          alignment: .center))
    }
  }
}
