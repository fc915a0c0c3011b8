public import RLCore

extension AcrobotV1 {
  public static let manualControls = ManualControls(
    bindings: [
      .init(
        "bend clockwise", key: .left, axis: (.leftX, isPositive: false), action: [0]),
      .init(
        "bend counter-clockwise", key: .right, axis: (.leftX, isPositive: true), action: [2]),
    ], rest: [[1]])

  public func scene() -> Scene {
    AcrobotDrawing(
      parameters: parameters, state: state, torque: lastTorque, disturbance: disturbance.shown.x
    ).scene()
  }
}
