internal import Glibc
public import RLCore

extension PendulumV1 {
  public static let manualControls = ManualControls(
    bindings: [
      .init(
        "turn left, counter-clockwise", key: .left, axis: (.leftX, isPositive: false), action: [2]),
      .init("turn right, clockwise", key: .right, axis: (.leftX, isPositive: true), action: [-2]),
    ], rest: [[0]])

  public func scene() -> Scene {
    let unit = max(1, parameters.length)
    let camera = Scene.Camera(
      center: .init(0, 0.12 * unit), width: 5.1 * unit, height: 3.4 * unit)
    let ground = -1.28 * unit
    var scene = Scene(landscape: camera, horizon: ground, place: 8)
    scene.addLevelGround(at: ground)

    let rod = Placement(x: 0, y: 0, angle: angle)
    let (length, width) = (parameters.length, 0.13 * unit)
    scene.elements.append(
      .polygon(
        [
          .init(-0.32 * unit, ground), .init(0.32 * unit, ground), .init(0.07 * unit, 0),
          .init(-0.07 * unit, 0),
        ],
        fill: .gradient(
          bottom: Palette.stoneBottom, bottomHeight: ground, top: Palette.stoneTop,
          topHeight: 0)))
    scene.elements.append(
      .circle(
        center: .init(0, 0), radius: length, fill: nil,
        outline: .init(Palette.navy.faded(to: 0.18), width: 0.015 * unit)))
    scene.elements.append(
      .circle(
        center: .init(0, length), radius: 0.05 * unit, fill: .color(Palette.go.faded(to: 0.3)),
        outline: .init(Palette.go, width: 0.015 * unit)))

    scene.elements.append(
      .line([rod(0, 0), rod(0, length - width / 2)], .init(Palette.coralShade, width: width)))
    scene.elements.append(
      .line(
        [rod(0, 0), rod(0, length - width / 2)], .init(Palette.coral, width: 0.7 * width)))
    scene.addHinge(at: .init(0, 0), radius: 0.1 * unit)
    addTurn(0.55 * lastTorque, radius: 0.5 * unit, color: Palette.action, to: &scene)
    addTurn(
      0.8 * disturbance.shown.x, radius: 0.68 * unit, color: Palette.disturbance, to: &scene)
    return scene
  }

  /// Adds an arrow along a circle that starts beside the rod.
  private func addTurn(
    _ sweep: Double, radius: Double, color: Scene.Color, to scene: inout Scene
  ) {
    scene.addArcArrow(
      center: .init(0, 0), radius: radius,
      start: angle + 0.5 * .pi + (sweep < 0 ? -0.07 : 0.07) / radius, sweep: sweep,
      stroke: .init(color, width: 0.09 * radius))
  }
}
