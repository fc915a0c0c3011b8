internal import Physics
public import RLCore

extension CartPole {
  public static var manualControls: ManualControls { cartPoleControls }

  public func scene() -> Scene {
    let push = disturbance.shown
    return CartPoleDrawing(
      position: Double(world.state(of: cart).x), angle: -Double(world.state(of: pole).angle),
      poleLength: 2 * active.poleHalfLength, push: lastPush / 10,
      disturbance: (push.x, push.y, 0.5)
    ).scene()
  }
}
