internal import Glibc
internal import RLCore

/// The picture of a cart-pole of any kind.
struct CartPoleDrawing {
  /// Position of the cart, in m.
  var position: Double
  /// Angle of the pole, in rad, positive to the right.
  var angle: Double
  /// Length of the pole, in m.
  var poleLength: Double
  /// Push by the agent, as a fraction of the nominal push.
  var push: Double
  /// Disturbance as fractions of its bound, and the fraction of the pole's length above the cart at
  /// which it acts: 0 is the cart.
  var disturbance = (x: 0.0, y: 0.0, target: 0.0)
  /// Whether the pole may swing all the way round, between buffers that stop the cart; otherwise it
  /// must stay within ``CartPoleLimits``.
  var swings = false

  private static let railHeight = -0.36
  private static let wheelRadius = 0.09
  private static let cartWidth = 0.6

  /// A hanging pole needs room above the ground.
  private var groundHeight: Double { swings ? min(-0.62, -poleLength - 0.2) : -0.62 }

  func scene() -> Scene {
    // A long pole needs a wider view.
    let bottom = groundHeight - 0.48
    let zoom = max(1, swings ? swingingZoom(bottom) : poleLength / 2)
    let camera = Scene.Camera(
      center: .init(0, bottom + 1.9 * zoom), width: 5.7 * zoom, height: 3.8 * zoom)
    var scene = Scene(landscape: camera, horizon: groundHeight, place: 3)
    scene.addLevelGround(at: groundHeight)
    addRail(to: &scene)
    addCart(to: &scene)
    return scene
  }

  /// Returns the zoom with which a pole is in view at any angle, also at the ends of the track.
  private func swingingZoom(_ bottom: Double) -> Double {
    max((poleLength + 0.3 - bottom) / 3.8, (CartPoleLimits.position + poleLength + 0.15) / 2.85)
  }

  private func addRail(to scene: inout Scene) {
    let y = Self.railHeight
    for index in -20...20 {
      let x = Double(index) * 0.8
      scene.elements.append(
        .line(
          [.init(x, groundHeight), .init(x, y)], .init(Palette.steel, width: 0.05)))
    }
    let end = scene.reach
    scene.elements.append(.line([.init(-end, y), .init(end, y)], .init(Palette.ink, width: 0.06)))
    scene.elements.append(
      .line([.init(-end, y + 0.015), .init(end, y + 0.015)], .init(Palette.steel, width: 0.015)))
    for side in [-1.0, 1.0] {
      let limit = side * CartPoleLimits.position
      // A buffer stands where the side of the cart meets it.
      let x = swings ? limit + side * (Self.cartWidth / 2 + 0.035) : limit
      for stripe in 0..<4 {
        let color = stripe % 2 == 0 ? Palette.coral : Palette.paper
        let bottom = y + 0.03 + 0.09 * Double(stripe)
        scene.addBox(
          Placement(x: x, y: bottom + 0.045), width: 0.07, height: 0.09, corner: 0.01,
          fill: .color(color))
      }
      scene.elements.append(
        .text(
          side < 0 ? "-2.4 m" : "2.4 m", at: .init(limit, groundHeight - 0.26), height: 0.1,
          color: Palette.soilMark, alignment: .center))
    }
  }

  private func addCart(to scene: inout Scene) {
    let cart = Placement(x: position, y: 0)
    if !swings { addWedge(to: &scene, pivot: cart) }
    for side in [-1.0, 1.0] {
      scene.addWheel(
        at: cart(0.18 * side, Self.railHeight + 0.03 + Self.wheelRadius), radius: Self.wheelRadius,
        angle: -position / Self.wheelRadius)
    }
    scene.addBox(
      cart, y: -0.115, width: Self.cartWidth, height: 0.25, corner: 0.06,
      fill: .color(Palette.navy))
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

  /// Draws the wedge of allowed angles.
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

/// Keys to push left and right; without a key, left and right pushes alternate.
let cartPoleControls = ManualControls(
  bindings: [
    .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [0]),
    .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
  ], rest: [[0], [1]])
