internal import Physics
public import RLCore

extension LunarLander {
  public static let manualControls = ManualControls(
    bindings: [
      .init("turn left", key: .left, axis: (.leftX, isPositive: false), action: [1]),
      .init("turn right", key: .right, axis: (.leftX, isPositive: true), action: [3]),
      .init("main engine", key: .up, axis: (.leftY, isPositive: true), action: [2]),
    ], rest: [[0]])

  public func scene() -> Scene { simulation.scene() }
}

extension LunarLanderContinuous {
  public static let manualControls = ManualControls(
    bindings: [
      .init("turn left", key: .left, axis: (.rightX, isPositive: false), action: [0, -1]),
      .init("turn right", key: .right, axis: (.rightX, isPositive: true), action: [0, 1]),
      .init("main engine", key: .up, axis: (.leftY, isPositive: true), action: [1, 0]),
      .init("engine off", key: .down, axis: (.leftY, isPositive: false), action: [-1, 0]),
    ], rest: [[0, 0]])

  public func scene() -> Scene { simulation.scene() }
}

/// The picture of both landers: the whole world, which is Gymnasium's view too.
extension LunarLanderSimulation {
  func scene() -> Scene {
    let (width, height) = (LunarLanderStart.width, LunarLanderStart.height)
    let camera = Scene.Camera(
      center: .init(width / 2, height / 2), width: width, height: height)
    var scene = Scene(
      camera: camera, background: (bottom: Palette.navy, top: Palette.ink))
    addStars(to: &scene)
    addMoon(to: &scene)
    addFlames(to: &scene)
    addLander(to: &scene)
    return scene
  }

  private func placement(of body: Int) -> Placement {
    let state = world.state(of: bodies[body])
    return Placement(x: Double(state.x), y: Double(state.y), angle: Double(state.angle))
  }

  private func addStars(to scene: inout Scene) {
    let (reach, height) = (scene.reach, LunarLanderStart.height)
    for index in 0..<160 {
      let (u, v) = (scatter(index, 0.618_033_988_7), scatter(index, 0.414_213_562_4))
      scene.elements.append(
        .circle(
          center: .init(scene.camera.center.x + (2 * u - 1) * reach, height * (0.1 + 1.4 * v)),
          radius: 0.02 + 0.03 * scatter(index, 0.732_050_807_6),
          fill: .color(Palette.paper.faded(to: 0.35 + 0.5 * u))))
    }
    let earth = Scene.Point(16.4, 10.6)
    scene.elements.append(
      .circle(center: earth, radius: 1.25, fill: .color(Palette.mist.faded(to: 0.25))))
    scene.elements.append(.circle(center: earth, radius: 1, fill: .color(Palette.mist)))
    for (x, y, size) in [(-0.3, 0.25, 0.75), (0.35, -0.35, 0.6), (0.45, 0.5, 0.3)] {
      scene.addEllipse(
        Placement(x: earth.x, y: earth.y, angle: 0.5), x: x, y: y, width: size,
        height: 0.55 * size, fill: .color(Palette.nearHill))
    }
  }

  private func addMoon(to scene: inout Scene) {
    let heights = start.ground
    var surface = heights.enumerated().map { Scene.Point(2 * Double($0.offset), $0.element) }
    // The ground ends at the edges of the world; pictures may be wider.
    surface.insert(.init(-scene.reach, heights[0]), at: 0)
    surface.append(.init(LunarLanderStart.width + scene.reach, heights[heights.count - 1]))
    let bottom = scene.camera.center.y - 1.6 * LunarLanderStart.height
    scene.elements.append(
      .polygon(
        surface + [.init(surface[surface.count - 1].x, bottom), .init(surface[0].x, bottom)],
        fill: .gradient(
          bottom: Palette.stoneEdge, bottomHeight: 0, top: Palette.stoneTop,
          topHeight: LunarLanderStart.height / 2)))
    scene.elements.append(.line(surface, .init(Palette.paper.faded(to: 0.7), width: 0.09)))
    let pad = LunarLanderStart.pad
    let level = heights[LunarLanderStart.pointCount / 2]
    scene.elements.append(
      .line(
        [.init(pad.lowerBound, level), .init(pad.upperBound, level)],
        .init(Palette.amber, width: 0.16)))
    for x in [pad.lowerBound, pad.upperBound] {
      scene.addFlag(at: .init(x, level), height: 1.5, color: Palette.go)
    }
  }

  private func addFlames(to scene: inout Scene) {
    let hull = placement(of: 0)
    if thrust.main > 0 {
      let length = 0.4 + 0.9 * thrust.main
      addFlame(
        [hull(-0.22, -0.33), hull(0.22, -0.33), hull(0, -0.33 - length)], to: &scene)
      addFlame(
        [hull(-0.12, -0.33), hull(0.12, -0.33), hull(0, -0.33 - 0.55 * length)],
        color: Palette.sun, to: &scene)
    }
    if thrust.side != 0 {
      // The exhaust leaves on the side from which it pushes.
      let side: Double = thrust.side > 0 ? -1 : 1
      let tip = side * (0.6 + 0.5 * abs(thrust.side))
      addFlame(
        [hull(0.55 * side, 0.32), hull(0.55 * side, 0.16), hull(tip, 0.24)], to: &scene)
    }
  }

  private func addFlame(
    _ points: [Scene.Point], color: Scene.Color = Palette.coral, to scene: inout Scene
  ) {
    scene.elements.append(.polygon(points, fill: .color(color.faded(to: 0.85))))
  }

  private func addLander(to scene: inout Scene) {
    for leg in 1...2 {
      let strut = placement(of: leg)
      let color = world.isTouching(bodies[leg]) ? Palette.go : Palette.steel
      scene.addBox(
        strut, width: 2 * Self.legHalfWidth, height: 2 * Self.legHalfHeight, corner: 0.04,
        fill: .color(color))
      scene.addBox(
        strut, y: -Self.legHalfHeight + 0.04, width: 0.34, height: 0.08, corner: 0.03,
        fill: .color(color))
    }
    let hull = placement(of: 0)
    scene.addBox(
      hull, y: -0.33, width: 0.36, height: 0.14, corner: 0.04, fill: .color(Palette.steel))
    scene.elements.append(
      .polygon(
        Self.hullOutline.map { hull(Double($0.x), Double($0.y)) }, fill: .color(Palette.paper),
        outline: .init(Palette.ink, width: 0.05)))
    scene.elements.append(
      .polygon(
        [hull(-0.55, 0), hull(0.55, 0), hull(0.55, -0.12), hull(-0.55, -0.12)],
        fill: .color(Palette.amber)))
    scene.elements.append(
      .circle(
        center: hull(0, 0.28), radius: 0.14, fill: .color(Palette.mist),
        outline: .init(Palette.ink, width: 0.04)))
    let push = disturbance.shown
    scene.addPush(at: hull(0, 0), x: push.x, y: push.y, length: 2)
  }
}
