internal import RLCore

/// The picture of an acrobot, shared by both.
struct AcrobotDrawing {
  /// Lengths of the links.
  var parameters: AcrobotV1.Parameters
  /// Angles of the links.
  var state: AcrobotState
  /// Torque of the motor, as a fraction of its strongest.
  var torque: Double
  /// Torque of the disturbance, as a fraction of its bound.
  var disturbance: Double

  func scene() -> Scene {
    let reach = max(2, parameters.upperLength + parameters.lowerLength)
    let camera = Scene.Camera(
      center: .init(0, 0.1 * reach), width: 3.45 * reach, height: 2.3 * reach)
    let ground = -1.02 * reach
    var scene = Scene(landscape: camera, horizon: ground, place: 13)
    scene.addLevelGround(at: ground)
    let line = Scene.Stroke(Palette.go, width: 0.02 * reach)
    scene.elements.append(.line([.init(-scene.reach, 1), .init(scene.reach, 1)], line))

    let upper = Placement(x: 0, y: 0, angle: state.angles.0)
    let elbow = upper(0, -parameters.upperLength)
    let lower = Placement(x: elbow.x, y: elbow.y, angle: state.angles.0 + state.angles.1)
    let width = 0.09 * reach
    scene.addLink(upper, length: parameters.upperLength, width: width)
    scene.addLink(lower, length: parameters.lowerLength, width: 0.8 * width)
    scene.addHinge(at: .init(0, 0), radius: 0.65 * width)
    scene.addHinge(at: elbow, radius: 0.55 * width)
    scene.elements.append(
      .circle(
        center: lower(0, -parameters.lowerLength), radius: 0.3 * width,
        fill: .color(Palette.amber), outline: .init(Palette.amberShade, width: 0.08 * width)))
    for (torque, radius, color) in [
      (torque, 0.14 * reach, Palette.action), (disturbance, 0.19 * reach, Palette.disturbance),
    ] {
      scene.addArcArrow(
        center: elbow, radius: radius, start: lower.angle - 0.5 * .pi, sweep: 1.2 * torque,
        stroke: .init(color, width: 0.012 * reach))
    }
    return scene
  }
}

extension Scene {
  /// Adds a link that hangs from the origin of a body's frame.
  fileprivate mutating func addLink(_ body: Placement, length: Double, width: Double) {
    let ends = [body(0, 0), body(0, -length)]
    elements.append(.line(ends, Stroke(Palette.coralShade, width: width)))
    elements.append(.line(ends, Stroke(Palette.coral, width: 0.7 * width)))
  }
}
