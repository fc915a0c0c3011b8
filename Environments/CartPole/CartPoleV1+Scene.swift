public import RLCore

extension CartPoleV1 {
  public static var manualControls: ManualControls { cartPoleControls }

  public func scene() -> Scene {
    CartPoleDrawing(
      position: state.position, angle: state.angle, poleLength: 2 * parameters.poleHalfLength,
      push: lastPush / 10, disturbance: (disturbance.shown.x, 0, 0)
    ).scene()
  }
}
