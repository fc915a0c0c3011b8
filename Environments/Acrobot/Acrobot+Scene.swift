public import RLCore

extension Acrobot {
  public static let manualControls = ManualControls(
    bindings: [
      .init(
        "bend clockwise", key: .left, axis: (.leftX, isPositive: false), action: [-1]),
      .init(
        "bend counter-clockwise", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0]])

  public func scene() -> Scene {
    AcrobotDrawing(
      parameters: parameters, state: bodies.state, torque: lastTorque,
      disturbance: disturbance.shown.x
    ).scene()
  }
}
