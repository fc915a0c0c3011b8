public import RLCore

extension MountainCar {
  public static let manualControls = ManualControls(
    bindings: [
      .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [0]),
      .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [2]),
    ], rest: [[1]])

  public func scene() -> Scene {
    MountainCarHill.scene(
      position: position, goal: Self.goal, push: lastPush, disturbance: disturbance.shown.x)
  }
}

extension MountainCarContinuous {
  public static let manualControls = ManualControls(
    bindings: [
      .init("push left", key: .left, axis: (.leftX, isPositive: false), action: [-1]),
      .init("push right", key: .right, axis: (.leftX, isPositive: true), action: [1]),
    ], rest: [[0]])

  public func scene() -> Scene {
    MountainCarHill.scene(
      position: position, goal: Self.goal, push: lastPush, disturbance: disturbance.shown.x)
  }
}
