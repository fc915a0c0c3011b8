internal import Physics
public import RLCore

extension BipedalWalker {
  public static var manualControls: ManualControls { walkerControls }
  public func scene() -> Scene { simulation.scene() }
}

extension BipedalWalkerHardcore {
  public static var manualControls: ManualControls { walkerControls }
  public func scene() -> Scene { simulation.scene() }
}

extension WalkerParametric {
  public static var manualControls: ManualControls { walkerControls }
  public func scene() -> Scene { simulation.scene() }
}

private let walkerControls = ManualControls(
  bindings: [
    .init("rear hip forwards", key: .q, axis: (.leftY, isPositive: true), action: [1, 0, 0, 0]),
    .init("rear hip backwards", key: .a, axis: (.leftY, isPositive: false), action: [-1, 0, 0, 0]),
    .init("rear knee stretch", key: .w, axis: (.leftX, isPositive: true), action: [0, 1, 0, 0]),
    .init("rear knee bend", key: .s, axis: (.leftX, isPositive: false), action: [0, -1, 0, 0]),
    .init("front hip forwards", key: .o, axis: (.rightY, isPositive: true), action: [0, 0, 1, 0]),
    .init(
      "front hip backwards", key: .l, axis: (.rightY, isPositive: false), action: [0, 0, -1, 0]),
    .init("front knee stretch", key: .i, axis: (.rightX, isPositive: true), action: [0, 0, 0, 1]),
    .init("front knee bend", key: .k, axis: (.rightX, isPositive: false), action: [0, 0, 0, -1]),
  ], rest: [[0, 0, 0, 0]])
