public import RLCore

extension CartPole {
  public static var manualControls: ManualControls { cartPoleControls }

  public func scene() -> Scene {
    let (state, push) = (bodies.state, disturbance.shown)
    return CartPoleDrawing(
      position: state.position, angle: state.angle, poleLength: 2 * parameters.poleHalfLength,
      push: lastPush / 10,
      disturbance: (push.x, push.y, 0.5)
    ).scene()
  }
}
