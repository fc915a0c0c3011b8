internal import Physics
public import RLCore

extension BipedalWalker {
  public static var manualControls: ManualControls { walkerControls }
  public func scene() -> Scene { simulation.scene() }
}

extension BipedalWalkerHardcore {
  public static var manualControls: ManualControls { walkerControls }
  public func scene() -> Scene { simulation.scene() }
}

private let walkerControls = ManualControls(
  bindings: [
    .init("rear hip forwards", key: .q, axis: (.leftY, isPositive: true), action: [1, 0, 0, 0]),
    .init("rear hip backwards", key: .a, axis: (.leftY, isPositive: false), action: [-1, 0, 0, 0]),
    .init("rear knee stretch", key: .w, axis: (.leftX, isPositive: true), action: [0, 1, 0, 0]),
    .init("rear knee bend", key: .s, axis: (.leftX, isPositive: false), action: [0, -1, 0, 0]),
    .init("front hip forwards", key: .o, axis: (.rightY, isPositive: true), action: [0, 0, 1, 0]),
    .init(
      "front hip backwards", key: .l, axis: (.rightY, isPositive: false), action: [0, 0, -1, 0]),
    .init("front knee stretch", key: .i, axis: (.rightX, isPositive: true), action: [0, 0, 0, 1]),
    .init("front knee bend", key: .k, axis: (.rightX, isPositive: false), action: [0, 0, 0, -1]),
  ], rest: [[0, 0, 0, 0]])

extension BipedalWalkerSimulation {
  /// Gymnasium's view of 600 × 400 pixels at 30 to the metre, the hull a fifth from the left.
  private static let view = (width: 20.0, height: 40 / 3.0)

  func scene() -> Scene {
    let hull = placement(of: bodies[0])
    let camera = Scene.Camera(
      center: .init(hull.x + 0.3 * Self.view.width, Self.view.height / 2),
      width: Self.view.width, height: Self.view.height)
    var scene = Scene(landscape: camera, horizon: BipedalWalkerTerrain.baseHeight)
    addTerrain(to: &scene)
    addLidar(to: &scene)
    addBody(to: &scene)
    let push = disturbance.shown
    scene.addPush(at: hull(0, 0), x: push.x, y: push.y, length: 2.5)
    return scene
  }

  private func placement(of body: Body) -> Placement {
    let state = world.state(of: body)
    return Placement(x: Double(state.x), y: Double(state.y), angle: Double(state.angle))
  }

  private func addTerrain(to scene: inout Scene) {
    guard let first = terrain.heights.first, let last = terrain.heights.last else { return }
    let (left, right) = (scene.camera.center.x - scene.reach, scene.camera.center.x + scene.reach)
    for obstacle in terrain.obstacles
    where Double(obstacle[2]) > left && Double(obstacle[0]) < right {
      let points = stride(from: 0, to: obstacle.count, by: 2).map {
        Scene.Point(Double(obstacle[$0]), Double(obstacle[$0 + 1]))
      }
      scene.elements.append(.polygon(points, fill: .color(Palette.stoneTop)))
    }
    let spacing = BipedalWalkerTerrain.spacing
    var surface: [Scene.Point] = []
    if left < 0 { surface.append(.init(left, first)) }
    for (column, height) in terrain.heights.enumerated() {
      let x = Double(column) * spacing
      if x > left - spacing && x < right + spacing { surface.append(.init(x, height)) }
    }
    if right > Double(terrain.heights.count - 1) * spacing { surface.append(.init(right, last)) }
    scene.addGround(surface, grassWidth: 0.16)
    scene.addFlag(at: .init(3 * spacing, first), height: 1.8, color: Palette.go)
    scene.addFlag(at: .init(Self.finish, last), height: 2.4, color: Palette.coral)
  }

  private func addLidar(to scene: inout Scene) {
    let hull = placement(of: bodies[0])
    var fractions: [10 of Float] = .init(repeating: 1)
    var output = fractions.mutableSpan
    world.castFan(from: bodies[0], rays: Self.rays.span, into: &output, at: 0)
    for (ray, offset) in Self.rays.enumerated() {
      let fraction = Double(fractions[ray])
      let end = Scene.Point(hull.x + fraction * offset.x, hull.y + fraction * offset.y)
      scene.elements.append(
        .line(
          [.init(hull.x, hull.y), end], .init(Palette.coral.faded(to: 0.25), width: 0.03)))
      if fraction < 1 {
        scene.elements.append(
          .circle(center: end, radius: 0.05, fill: .color(Palette.coral.faded(to: 0.6))))
      }
    }
  }

  private func addBody(to scene: inout Scene) {
    addLeg(0, upper: Palette.coralShade, lower: Palette.amberShade, to: &scene)
    let hull = placement(of: bodies[0])
    scene.elements.append(
      .polygon(
        Self.hullOutline.map { hull(Double($0.x), Double($0.y)) }, fill: .color(Palette.navy)))
    addLeg(1, upper: Palette.coral, lower: Palette.amber, to: &scene)
  }

  private func addLeg(
    _ leg: Int, upper: Scene.Color, lower: Scene.Color, to scene: inout Scene
  ) {
    let (thigh, shin) = (placement(of: bodies[1 + 2 * leg]), placement(of: bodies[2 + 2 * leg]))
    if world.isTouching(bodies[2 + 2 * leg]) {
      scene.addEllipse(
        Placement(x: shin(0, -Self.legHeight / 2).x, y: shin(0, -Self.legHeight / 2).y),
        width: 0.9, height: 0.22, fill: .color(Palette.amber.faded(to: 0.6)))
    }
    scene.addBox(
      shin, width: 0.8 * Self.legWidth, height: Self.legHeight, corner: 0.08, fill: .color(lower))
    scene.addBox(
      thigh, width: Self.legWidth, height: Self.legHeight, corner: 0.1, fill: .color(upper))
    scene.addHinge(at: thigh(0, Self.legHeight / 2), radius: 0.09)
    scene.addHinge(at: shin(0, Self.legHeight / 2), radius: 0.08)
  }
}
