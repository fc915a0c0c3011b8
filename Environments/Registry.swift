public import RLCore

/// All environments of the suite.
public enum EnvironmentRegistry {
  /// All environments of the suite.
  public static let all: [RegisteredEnvironment] = [
    .init(CartPole.self),
    .init(CartPoleV1.self),
    .init(CartPoleContinuous.self),
    .init(CartPoleInfinite.self),
    .init(CartPoleSwingUp.self),
    .init(PendulumV1.self),
    .init(Acrobot.self),
    .init(AcrobotV1.self),
    .init(MountainCar.self),
    .init(MountainCarContinuous.self),
    .init(LunarLander.self),
    .init(LunarLanderContinuous.self),
    .init(BipedalWalker.self),
    .init(BipedalWalkerHardcore.self),
    .init(WalkerParametric.self),
    .init(Quadcopter.self, isSuccess: { Quadcopter.isSuccess(finalObservation: $0) }),
    .init(
      QuadcopterHiddenGoal.self,
      isSuccess: { QuadcopterHiddenGoal.isSuccess(finalObservation: $0) }),
    .init(QuadcopterLand.self),
    .init(
      QuadcopterTrack.self, isSuccess: { QuadcopterTrack.isSuccess(finalObservation: $0) }),
    .init(
      QuadcopterSwarm<4>.self, isSuccess: { QuadcopterSwarm<4>.isSuccess(finalObservation: $0) }),
    .init(
      QuadcopterSwarm<2>.self, isSuccess: { QuadcopterSwarm<2>.isSuccess(finalObservation: $0) }),
    .init(
      QuadcopterSwarm<8>.self, isSuccess: { QuadcopterSwarm<8>.isSuccess(finalObservation: $0) }),
    .init(QuadcopterGates.self),
    .init(DiagnosticTwoGoals.self),
    .init(DiagnosticMemory.self),
  ]

  /// Returns the environment with an id; nil if there is none.
  public static func find(_ identifier: String) -> RegisteredEnvironment? {
    all.first { $0.identifier == identifier }
  }
}
