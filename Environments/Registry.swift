public import RLCore

/// An environment that can be asked for by name.
public struct RegisteredEnvironment: Sendable {
  /// Spaces, names, units and limits.
  public let specification: EnvironmentSpecification
  /// The physical parameters, with their nominal values.
  public let parameters: [ParameterDescription]
  /// Makes a vector of environments with nominal parameters.
  public let makeVector: @Sendable (_ count: Int) -> any BatchedEnvironment
  /// Whether an episode that ended with this observation [O] succeeded; nil where success is not
  /// defined apart from the return.
  public let isSuccess: (@Sendable (_ finalObservation: Span<Float>) -> Bool)?

  /// The registered id.
  public var identifier: String { specification.identifier }

  init<E: Environment & SendableMetatype & ~Copyable>(
    _ type: E.Type, isSuccess: (@Sendable (Span<Float>) -> Bool)? = nil
  ) {
    specification = E.specification
    parameters = E.parameterDescriptions
    makeVector = { VectorEnvironment<E>(count: $0) }
    self.isSuccess = isSuccess
  }
}

/// All environments of the suite.
public enum EnvironmentRegistry {
  /// Every environment, one line each.
  public static let all: [RegisteredEnvironment] = [
    .init(CartPole.self),
    .init(CartPoleV1.self),
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
