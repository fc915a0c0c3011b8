public import RLCore

extension CartPoleInfinite {
  public static var manualControls: ManualControls { cartPoleControls }

  public func scene() -> Scene {
    CartPoleDrawing(
      position: position, angle: angle, poleLength: 2 * active.poleHalfLength,
      push: lastPush / 10, disturbance: (disturbance.shown.x, 0, 0), swings: true
    ).scene()
  }
}
