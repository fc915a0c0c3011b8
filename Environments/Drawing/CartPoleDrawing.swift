internal import Glibc
internal import RLCore

/// What a cart-pole of any kind shows.
struct CartPoleDrawing {
  /// In m.
  var position: Double
  /// Of the pole, in rad, positive to the right.
  var angle: Double
  /// In m.
  var poleLength: Double
  /// The agent's push, in nominal pushes.
  var push: Double
  /// A push from outside in parts of its bound, and the part of the pole above the cart on which it
  /// acts: 0 is the cart.
  var disturbance = (x: 0.0, y: 0.0, target: 0.0)

  private static let railHeight = -0.36
  private static let groundHeight = -0.62
  private static let wheelRadius = 0.09

  func scene() -> Scene {
    // A long pole needs a wider view.
    let zoom = max(1, poleLength / 2)
    let camera = Scene.Camera(
      center: .init(0, -1.1 + 1.9 * zoom), width: 5.7 * zoom, height: 3.8 * zoom)
    var scene = Scene(landscape: camera, horizon: Self.groundHeight, place: 3)
    scene.addLevelGround(at: Self.groundHeight)
    addRail(to: &scene)
    addCart(to: &scene)
    return scene
  }

  private func addRail(to scene: inout Scene) {
    let y = Self.railHeight
    for index in -20...20 {
      let x = Double(index) * 0.8
      scene.elements.append(
        .line(
          [.init(x, Self.groundHeight), .init(x, y)], .init(Palette.steel, width: 0.05)))
    }
    let end = scene.reach
    scene.elements.append(.line([.init(-end, y), .init(end, y)], .init(Palette.ink, width: 0.06)))
    scene.elements.append(
      .line([.init(-end, y + 0.015), .init(end, y + 0.015)], .init(Palette.steel, width: 0.015)))
    for side in [-1.0, 1.0] {
      let x = side * CartPoleLimits.position
      for stripe in 0..<4 {
        let color = stripe % 2 == 0 ? Palette.coral : Palette.paper
        let bottom = y + 0.03 + 0.09 * Double(stripe)
        scene.addBox(
          Placement(x: x, y: bottom + 0.045), width: 0.07, height: 0.09, corner: 0.01,
          fill: .color(color))
      }
      scene.elements.append(
        .text(
          side < 0 ? "-2.4 m" : "2.4 m", at: .init(x, Self.groundHeight - 0.26), height: 0.1,
          color: Palette.soilMark, alignment: .center))
    }
  }

  private func addCart(to scene: inout Scene) {
    let cart = Placement(x: position, y: 0)
    addWedge(to: &scene, pivot: cart)
    for side in [-1.0, 1.0] {
      scene.addWheel(
        at: cart(0.18 * side, Self.railHeight + 0.03 + Self.wheelRadius), radius: Self.wheelRadius,
        angle: -position / Self.wheelRadius)
    }
    scene.addBox(
      cart, y: -0.115, width: 0.6, height: 0.25, corner: 0.06, fill: .color(Palette.navy))
    scene.addBox(
      cart, y: -0.06, width: 0.5, height: 0.05, corner: 0.02,
      fill: .color(Palette.mist.faded(to: 0.45)))

    let pole = Placement(x: position, y: 0, angle: -angle)
    let width = 0.075
    scene.elements.append(
      .line([pole(0, 0), pole(0, poleLength)], .init(Palette.coralShade, width: width)))
    scene.elements.append(
      .line(
        [pole(-0.1 * width, 0.02), pole(-0.1 * width, poleLength)],
        .init(Palette.coral, width: 0.6 * width)))
    scene.addHinge(at: pole(0, 0), radius: 0.06)

    if push != 0 {
      scene.addArrow(
        from: cart(push < 0 ? -0.36 : 0.36, -0.115), x: 0.4 * push, y: 0, color: Palette.action,
        width: 0.05)
    }
    scene.addPush(
      at: pole(0, disturbance.target * poleLength), x: disturbance.x, y: disturbance.y,
      length: 0.5)
  }

  /// The angles that are allowed.
  private func addWedge(to scene: inout Scene, pivot: Placement) {
    let radius = poleLength * 1.05
    let arc = (0...12).map { step in
      let angle = CartPoleLimits.angle * (1 - Double(step) / 6)
      return pivot(-radius * sin(angle), radius * cos(angle))
    }
    scene.elements.append(
      .polygon([pivot(0, 0)] + arc, fill: .color(Palette.paper.faded(to: 0.35))))
  }
}

/// Left and right push; nothing held pushes left and right in turn.
let cartPoleControls = ManualControls(
  bindings: [
    .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [0]),
    .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
  ], rest: [[0], [1]])
