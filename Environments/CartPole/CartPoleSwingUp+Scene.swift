public import RLCore

extension CartPoleSwingUp {
  public static let manualControls = ManualControls(
    bindings: [
      .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [-1]),
      .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0]])

  public func scene() -> Scene {
    let (state, push) = (bodies.state, disturbance.shown)
    return CartPoleDrawing(
      position: state.position, angle: state.angle, poleLength: 2 * parameters.poleHalfLength,
      push: lastPush / 10,
      disturbance: (push.x, push.y, 0.5), swings: true
    ).scene()
  }
}
