internal import Environments
internal import RLCore

/// An environment whose recorded episodes can be re-simulated.
struct TracedEnvironment: Sendable {
  typealias Trace = @Sendable (TraceLine) throws(TraceError) -> [TraceField]

  let identifier: String
  /// Re-simulates a recorded episode.
  let run: Trace
  /// Re-simulates two first observations from one seed.
  let runResets: Trace

  /// Creates the traces of an environment.
  ///
  /// - Parameters:
  ///   - type: Type of the environment.
  ///   - run: Re-simulates its episodes; nil if they always start from a seed.
  ///   - resetTolerance: Largest difference from its reference after a reset.
  private init<E: Environment & SendableMetatype & ~Copyable>(
    _ type: E.Type, _ run: Trace? = nil, resetTolerance: Double = 0
  ) {
    identifier = E.specification.identifier
    if let run {
      self.run = run
    } else {
      self.run = { line throws(TraceError) in try EpisodeTrace.run(E.self, line) }
    }
    runResets = { line throws(TraceError) in
      try EpisodeTrace.runResets(E.self, line, tolerance: resetTolerance)
    }
  }

  /// All environments that can be traced.
  static let all: [TracedEnvironment] = [
    .init(CartPole.self, StateTraces.cartPole),
    .init(CartPoleV1.self, StateTraces.cartPoleV1),
    .init(CartPoleContinuous.self),
    .init(CartPoleInfinite.self),
    .init(CartPoleSwingUp.self),
    .init(PendulumV1.self, StateTraces.pendulumV1),
    .init(Acrobot.self),
    .init(AcrobotV1.self, ClassicControlTraces.acrobotV1),
    .init(MountainCar.self, ClassicControlTraces.mountainCar),
    .init(MountainCarContinuous.self, ClassicControlTraces.mountainCarContinuous),
    .init(
      LunarLander.self, LunarLanderTrace.discrete,
      resetTolerance: LunarLanderTrace.firstStepTolerance),
    .init(
      LunarLanderContinuous.self, LunarLanderTrace.continuous,
      resetTolerance: LunarLanderTrace.firstStepTolerance),
    .init(BipedalWalker.self, BipedalWalkerTrace.walker, resetTolerance: 1e-5),
    .init(BipedalWalkerHardcore.self, BipedalWalkerTrace.hardcore, resetTolerance: 1e-5),
    .init(WalkerParametric.self),
    .init(QuadcopterLand.self),
    .init(QuadcopterTrack.self),
    .init(QuadcopterSwarm<4>.self),
    .init(QuadcopterSwarm<2>.self),
    .init(QuadcopterSwarm<8>.self),
    .init(QuadcopterGates.self),
    .init(DiagnosticMemory.self),
    .init(Quadcopter.self, StateTraces.quadcopter),
  ]

  /// Returns the traces of an environment; nil if it has none.
  static func find(_ identifier: String) -> TracedEnvironment? {
    all.first { $0.identifier == identifier }
  }
}
