internal import Physics
public import RLCore

extension CartPole {
  public static var manualControls: ManualControls { cartPoleControls }

  public func scene() -> Scene {
    let push = disturbance.last
    return CartPoleDrawing(
      position: Double(world.state(of: cart).x), angle: -Double(world.state(of: pole).angle),
      poleLength: 2 * active.poleHalfLength, push: lastPush / 10,
      disturbance: (Double(push.x) / 5, Double(push.y) / 5, 0.5)
    ).scene()
  }
}
