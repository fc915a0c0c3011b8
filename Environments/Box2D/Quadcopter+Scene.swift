internal import Glibc
internal import Physics
public import RLCore

extension Quadcopter {
  /// Small differences and slow motion: nothing damps the pitch, and at full speed it turns over
  /// before a person has seen it turn.
  public static let manualControls = ManualControls(
    bindings: [
      .init("climb", key: .up, axis: (.leftY, isPositive: true), action: [0.25, 0.25]),
      .init("sink", key: .down, axis: (.leftY, isPositive: false), action: [-0.5, -0.5]),
      .init("tilt left", key: .left, axis: (.rightX, isPositive: false), action: [0.01, -0.01]),
      .init("tilt right", key: .right, axis: (.rightX, isPositive: true), action: [-0.01, 0.01]),
    ], rest: [[0, 0]], pace: 0.25)

  /// How many times larger than in its world the drone is drawn; it is 6 cm wide in a box of 6 m.
  private static let magnification = 9.0

  public func scene() -> Scene {
    let camera = Scene.Camera(center: .init(0, 1.75), width: 6.9, height: 4.6)
    var scene = Scene(landscape: camera, horizon: 0)
    scene.addLevelGround(at: 0, grassWidth: 0.06)
    scene.elements.append(
      .polygon(
        [.init(-3, 0), .init(3, 0), .init(3, 3), .init(-3, 3)], fill: nil,
        outline: .init(Palette.navy.faded(to: 0.25), width: 0.015)))
    addWind(to: &scene)
    addTarget(to: &scene)
    addDrone(to: &scene)
    return scene
  }

  private func addWind(to scene: inout Scene) {
    guard active.wind != 0 else { return }
    for row in 0..<3 {
      for column in -1...1 {
        let start = Scene.Point(
          2 * Double(column) + 0.5 * Double(row - 1) - 0.06 * active.wind, 0.5 + Double(row))
        scene.addArrow(
          from: start, x: 0.12 * active.wind, y: 0, color: Palette.paper.faded(to: 0.7),
          width: 0.03)
      }
    }
  }

  private func addTarget(to scene: inout Scene) {
    let goal = Placement(x: Self.goal.x, y: Self.goal.z)
    scene.elements.append(
      .circle(
        center: goal(0, 0), radius: 0.05, fill: .color(Palette.go.faded(to: 0.3)),
        outline: .init(Palette.go, width: 0.015)))
    for turn in 0..<4 {
      let mark = Placement(x: goal.x, y: goal.y, angle: Double(turn) * .pi / 2)
      scene.elements.append(.line([mark(0.1, 0), mark(0.2, 0)], .init(Palette.go, width: 0.02)))
    }
  }

  private func addDrone(to scene: inout Scene) {
    let state = world.state(of: body)
    let scale = Self.unitsPerMetre
    let drone = Placement(
      x: Double(state.x) / scale, y: Double(state.y) / scale, angle: Double(state.angle))
    let lever = QuadcopterModel.lever * active.armLength * Self.magnification
    let hover = QuadcopterModel.pairThrust(speed: QuadcopterModel.hoverSpeed)

    for (side, speed) in [(1.0, speeds.right), (-1, speeds.left)] {
      let x = side * lever
      let thrust = active.motorStrength * QuadcopterModel.pairThrust(speed: speed) / hover
      scene.elements.append(
        .polygon(
          [drone(x - 0.09, 0), drone(x + 0.09, 0), drone(x, -0.22 * thrust)],
          fill: .color(Palette.action.faded(to: 0.35))))
      scene.elements.append(
        .line([drone(x, 0), drone(x, 0.07)], .init(Palette.ink, width: 0.035)))
      let part = speed / QuadcopterModel.speedRange.upperBound
      scene.addEllipse(
        drone, x: x, y: 0.09, width: 0.34, height: 0.05,
        fill: .color(Palette.navy.faded(to: 0.15 + 0.6 * part * part)))
    }
    scene.elements.append(
      .line([drone(-lever, 0), drone(lever, 0)], .init(Palette.ink, width: 0.045)))
    scene.addBox(drone, width: 0.22, height: 0.1, corner: 0.045, fill: .color(Palette.coral))
    let push = disturbance.shown
    scene.addPush(at: drone(0, 0), x: push.x, y: push.y, length: 0.6)
  }
}
