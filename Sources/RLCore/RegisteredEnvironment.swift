/// An environment that can be asked for by name.
public struct RegisteredEnvironment: Sendable {
  /// Spaces, names, units and limits.
  public let specification: EnvironmentSpecification
  /// The physical parameters, with their nominal values.
  public let parameters: [ParameterDescription]
  /// What may push it from outside.
  public let disturbanceComponents: [DisturbanceComponent]
  /// How a person drives it; ``ManualControls/none`` if nobody can.
  public let manualControls: ManualControls
  /// Makes a vector of environments with nominal parameters.
  public let makeVector: @Sendable (_ count: Int) -> any BatchedEnvironment
  /// Whether an episode that ended with this observation [O] succeeded; nil if success is not
  /// defined apart from the return.
  public let isSuccess: (@Sendable (_ finalObservation: Span<Float>) -> Bool)?

  /// The registered id.
  public var identifier: String { specification.identifier }

  /// Whether it shows a picture, found out by starting an episode.
  public var hasPicture: Bool {
    let vector = makeVector(1)
    vector.reset(environment: 0, seed: 0)
    return !vector.scene(of: 0).isEmpty
  }

  /// Registers an environment.
  ///
  /// - Parameters:
  ///   - type: The environment.
  ///   - isSuccess: Whether an episode succeeded, by its last observation.
  public init<E: Environment & SendableMetatype & ~Copyable>(
    _ type: E.Type, isSuccess: (@Sendable (_ finalObservation: Span<Float>) -> Bool)? = nil
  ) {
    specification = E.specification
    parameters = E.parameterDescriptions
    disturbanceComponents = E.disturbanceComponents
    manualControls = E.manualControls
    makeVector = { VectorEnvironment(E.self, count: $0) }
    self.isSuccess = isSuccess
  }
}
