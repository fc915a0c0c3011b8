public import RLCore

/// All environments of the suite.
public enum EnvironmentRegistry {
  /// Every environment, one line each.
  public static let all: [RegisteredEnvironment] = [
    .init(CartPole.self),
    .init(CartPoleV1.self),
    .init(CartPoleInfinite.self),
    .init(CartPoleSwingUp.self),
    .init(PendulumV1.self),
    .init(BipedalWalker.self),
    .init(BipedalWalkerHardcore.self),
    .init(Quadcopter.self, isSuccess: { Quadcopter.isSuccess(finalObservation: $0) }),
  ]

  /// The environment of an id, if there is one.
  public static func find(_ identifier: String) -> RegisteredEnvironment? {
    all.first { $0.identifier == identifier }
  }
}
