public import RLCore

/// An environment that can be asked for by name.
public struct RegisteredEnvironment: Sendable {
  /// Spaces, names, units and limits.
  public let specification: EnvironmentSpecification
  /// The physical parameters, with their nominal values.
  public let parameters: [ParameterDescription]
  /// What may push it from outside.
  public let disturbanceComponents: [DisturbanceComponent]
  /// How a person drives it.
  public let manualControls: ManualControls
  /// Makes a vector of environments with nominal parameters.
  public let makeVector: @Sendable (_ count: Int) -> any BatchedEnvironment
  /// Whether an episode that ended with this observation [O] succeeded; nil where success is not
  /// defined apart from the return.
  public let isSuccess: (@Sendable (_ finalObservation: Span<Float>) -> Bool)?

  /// The registered id.
  public var identifier: String { specification.identifier }

  /// Re-simulates a recorded episode.
  typealias Trace = @Sendable (TraceLine) throws(TraceError) -> [TraceField]
  let trace: Trace
  /// Re-simulates two first observations of a seed.
  let traceResets: Trace

  /// Registers an environment.
  ///
  /// - Parameters:
  ///   - type: The environment.
  ///   - isSuccess: Whether an episode succeeded, by its last observation.
  ///   - trace: How its recorded episodes are read if they may start without a seed.
  ///   - resetTolerance: Greatest difference from its reference after a reset.
  init<E: Environment & SendableMetatype & ~Copyable>(
    _ type: E.Type, isSuccess: (@Sendable (Span<Float>) -> Bool)? = nil, trace: Trace? = nil,
    resetTolerance: Double = 0
  ) {
    specification = E.specification
    parameters = E.parameterDescriptions
    disturbanceComponents = E.disturbanceComponents
    manualControls = E.manualControls
    makeVector = { VectorEnvironment<E>(count: $0) }
    self.isSuccess = isSuccess
    if let trace {
      self.trace = trace
    } else {
      self.trace = { line throws(TraceError) in try EpisodeTrace.run(E.self, line) }
    }
    traceResets = { line throws(TraceError) in
      try EpisodeTrace.runResets(E.self, line, tolerance: resetTolerance)
    }
  }
}

/// All environments of the suite.
public enum EnvironmentRegistry {
  /// Every environment, one line each.
  public static let all: [RegisteredEnvironment] = [
    .init(CartPole.self, trace: StateTraces.cartPole),
    .init(CartPoleV1.self, trace: StateTraces.cartPoleV1),
    .init(CartPoleInfinite.self),
    .init(CartPoleSwingUp.self),
    .init(PendulumV1.self, trace: StateTraces.pendulumV1),
    .init(BipedalWalker.self, trace: BipedalWalkerTrace.walker, resetTolerance: 1e-5),
    .init(BipedalWalkerHardcore.self, trace: BipedalWalkerTrace.hardcore, resetTolerance: 1e-5),
    .init(
      Quadcopter.self, isSuccess: { Quadcopter.isSuccess(finalObservation: $0) },
      trace: StateTraces.quadcopter),
  ]

  /// The environment of an id, if there is one.
  public static func find(_ identifier: String) -> RegisteredEnvironment? {
    all.first { $0.identifier == identifier }
  }
}
