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
    let unit = max(1, active.length)
    let camera = Scene.Camera(
      center: .init(0, 0.12 * unit), width: 5.1 * unit, height: 3.4 * unit)
    let ground = -1.28 * unit
    var scene = Scene(landscape: camera, horizon: ground)
    scene.addLevelGround(at: ground, grassWidth: 0.05 * unit)

    let rod = Placement(x: 0, y: 0, angle: angle)
    let (length, width) = (active.length, 0.13 * unit)
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
      .circle(center: .init(0, length), radius: 0.05 * unit, fill: .color(Palette.go)))

    scene.elements.append(
      .line([rod(0, 0), rod(0, length - width / 2)], .init(Palette.coralShade, width: width)))
    scene.elements.append(
      .line(
        [rod(0, 0), rod(0, length - width / 2)], .init(Palette.coral, width: 0.7 * width)))
    scene.addHinge(at: .init(0, 0), radius: 0.1 * unit)
    scene.addArcArrow(
      center: .init(0, 0), radius: 0.3 * unit, start: angle + 0.5 * .pi,
      sweep: 0.6 * lastTorque, stroke: .init(Palette.action, width: 0.045 * unit))
    scene.addArcArrow(
      center: .init(0, 0), radius: 0.45 * unit, start: angle + 0.5 * .pi,
      sweep: disturbance.shown.x, stroke: .init(Palette.disturbance, width: 0.04 * unit))
    return scene
  }
}
