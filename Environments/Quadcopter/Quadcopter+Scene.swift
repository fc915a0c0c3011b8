internal import Glibc
internal import Physics
public import RLCore

extension Quadcopter {
  /// Small thrust differences in slow motion: nothing damps the pitch, and at full speed the drone
  /// turns over before a person can react.
  public static let manualControls = ManualControls(
    bindings: [
      .init("climb", key: .up, axis: (.leftY, isPositive: true), action: [0.25, 0.25]),
      .init("sink", key: .down, axis: (.leftY, isPositive: false), action: [-0.5, -0.5]),
      .init("tilt left", key: .left, axis: (.rightX, isPositive: false), action: [0.01, -0.01]),
      .init("tilt right", key: .right, axis: (.rightX, isPositive: true), action: [-0.01, 0.01]),
    ], rest: [[0, 0]], pace: 0.25)

  /// Magnification of the drone, which is 6 cm wide in a box of 6 m.
  private static let magnification = 11.0

  public func scene() -> Scene { picture { addTarget(to: &$0) } }

  /// Returns the picture with a goal of any kind, which is drawn behind the drone.
  func picture(addingGoal addGoal: (inout Scene) -> Void) -> Scene {
    let camera = Scene.Camera(center: .init(0, 1.75), width: 6.9, height: 4.6)
    var scene = Scene(landscape: camera, horizon: 0, place: 11)
    scene.addLevelGround(at: 0)
    addBounds(to: &scene)
    addWind(to: &scene)
    addGoal(&scene)
    addDrone(to: &scene)
    return scene
  }

  private func addBounds(to scene: inout Scene) {
    scene.elements.append(
      .polygon(
        [.init(-3, 0), .init(3, 0), .init(3, 3), .init(-3, 3)], fill: nil,
        outline: .init(Palette.paper.faded(to: 0.6), width: 0.02)))
    for (x, text) in [(-3.0, "-3 m"), (0, "0"), (3, "3 m")] {
      scene.elements.append(
        .text(
          text, at: .init(x, -0.3), height: 0.12, color: Palette.soilMark, alignment: .center))
    }
  }

  private func addWind(to scene: inout Scene) {
    guard parameters.wind != 0 else { return }
    for row in 0..<3 {
      for column in -1...1 {
        let start = Scene.Point(
          2 * Double(column) + 0.5 * Double(row - 1) - 0.06 * parameters.wind, 0.5 + Double(row))
        scene.addArrow(
          from: start, x: 0.12 * parameters.wind, y: 0, color: Palette.paper.faded(to: 0.8),
          width: 0.03)
      }
    }
  }

  private func addTarget(to scene: inout Scene) {
    let goal = Placement(x: Self.goal.x + goalX, y: Self.goal.z)
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
    let drone = Placement(
      x: Double(state.x) / Self.unitsPerMetre, y: Double(state.y) / Self.unitsPerMetre,
      angle: Double(state.angle))
    let lever = QuadcopterModel.lever * parameters.armLength * Self.magnification
    for side in [-1.0, 1] {
      scene.elements.append(
        .line(
          [drone(0.1 * side, -0.04), drone(0.15 * side, -0.14), drone(0.08 * side, -0.14)],
          .init(Palette.steel, width: 0.025)))
    }
    addRotor(speeds.right, at: lever, light: Palette.go, of: drone, to: &scene)
    addRotor(speeds.left, at: -lever, light: Palette.coral, of: drone, to: &scene)
    scene.elements.append(
      .line([drone(-lever, 0), drone(lever, 0)], .init(Palette.ink, width: 0.045)))
    scene.addBox(drone, width: 0.3, height: 0.13, corner: 0.06, fill: .color(Palette.coral))
    scene.addBox(
      drone, y: 0.025, width: 0.2, height: 0.05, corner: 0.024, fill: .color(Palette.mist))
    let push = disturbance.shown
    scene.addPush(at: drone(0, 0), x: push.x, y: push.y, length: 0.7)
  }

  /// Draws a pair of rotors with a jet as long as the thrust is strong, and a disc that is the more
  /// opaque the faster they turn.
  private func addRotor(
    _ speed: Double, at x: Double, light: Scene.Color, of drone: Placement,
    to scene: inout Scene
  ) {
    let hover = QuadcopterModel.pairThrust(speed: QuadcopterModel.hoverSpeed)
    let thrust = parameters.motorStrength * QuadcopterModel.pairThrust(speed: speed) / hover
    let jet = [drone(x - 0.1, 0.05), drone(x + 0.1, 0.05), drone(x, 0.05 - 0.34 * thrust)]
    let heights = jet.map(\.y)
    scene.elements.append(
      .polygon(
        jet,
        fill: .gradient(
          bottom: Palette.action.faded(to: 0.1), bottomHeight: (heights.min() ?? 0) - 0.01,
          top: Palette.action.faded(to: 0.55), topHeight: heights.max() ?? 0)))
    scene.elements.append(
      .line([drone(x, 0), drone(x, 0.08)], .init(Palette.ink, width: 0.05)))
    let part = speed / QuadcopterModel.speedRange.upperBound
    scene.addEllipse(
      drone, x: x, y: 0.1, width: 0.42, height: 0.055,
      fill: .color(Palette.navy.faded(to: 0.15 + 0.6 * part * part)))
    scene.elements.append(.circle(center: drone(x, 0), radius: 0.032, fill: .color(light)))
  }
}
