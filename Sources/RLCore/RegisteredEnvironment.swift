/// An environment that can be found by its id.
public struct RegisteredEnvironment: Sendable {
  /// Spaces, names, units and limits of the environment.
  public let specification: EnvironmentSpecification
  /// Physical parameters of the environment, with their nominal values.
  public let parameters: [ParameterDescription]
  /// Components of the environment's external disturbance; empty if it has none.
  public let disturbanceComponents: [DisturbanceComponent]
  /// Keys and axes for driving the environment by hand; ``ManualControls/none`` if unsupported.
  public let manualControls: ManualControls
  /// Makes a vector of at least one environment with nominal parameters.
  package let construct: @Sendable (_ count: Int) -> any BatchedEnvironment
  /// Makes a simulator of as many empty slots.
  let simulate: @Sendable (_ count: Int) -> any Simulator
  private let hasSucceeded: (@Sendable (_ finalObservation: Span<Float>) -> Bool)?

  /// Registered id of the environment.
  public var identifier: String { specification.identifier }

  /// Whether some episodes count as successes: those that reach a goal, or those that are judged by
  /// their last observation.
  public var definesSuccess: Bool {
    judgesLastObservation || specification.ends.contains { $0.meaning.isSuccess == true }
  }

  /// Whether an episode that neither reached a goal nor failed is judged by its last observation.
  public var judgesLastObservation: Bool { hasSucceeded != nil }

  /// Returns whether an episode succeeded.
  ///
  /// - Parameters:
  ///   - end: How the episode ended.
  ///   - finalObservation: Last observation of the episode, [O].
  /// - Returns: Whether it succeeded; nil if the environment does not define success apart from the
  ///   return.
  public func isSuccess(_ end: EpisodeEnd, finalObservation: Span<Float>) -> Bool? {
    guard definesSuccess else { return nil }
    switch end {
    case .task(let meaning):
      return meaning.isSuccess ?? hasSucceeded?(finalObservation) ?? false
    case .timeLimit: return hasSucceeded?(finalObservation) ?? false
    case .leftUnfinished: return false
    }
  }

  /// Whether the environment has a picture, determined by starting an episode.
  public var hasPicture: Bool {
    let vector = construct(1)
    vector.reset(environment: 0, seed: 0)
    return !vector.scene(of: 0).isEmpty
  }

  /// Whether planners can try actions on copies of the state, determined by starting an episode.
  public var canBePlanned: Bool {
    let vector = construct(1)
    vector.reset(environment: 0, seed: 0)
    return vector.planningModel(of: 0, .nominal) != nil
  }

  /// Makes a vector of environments; reset it before stepping.
  ///
  /// - Parameters:
  ///   - count: Number of environments, at least 1.
  ///   - parameters: Physical parameters that differ from their nominal values.
  /// - Throws: ``ParameterError`` if there is no such parameter, a value is out of range, or `count`
  ///   is below 1.
  /// - Returns: The vector.
  public func makeVector(
    _ count: Int, parameters: [ParameterValue] = []
  ) throws(ParameterError) -> any BatchedEnvironment {
    guard count >= 1 else { throw .count(count) }
    let vector = construct(count)
    try vector.setParameters(parameters)
    return vector
  }

  /// Registers an environment.
  ///
  /// - Parameters:
  ///   - type: Type of the environment.
  ///   - isSuccess: Whether an episode succeeded, judged by its last observation; asked unless the
  ///     task's end says so already.  Nil if only reaching a goal is a success.
  public init<E: Environment & SendableMetatype & ~Copyable>(
    _ type: E.Type, isSuccess: (@Sendable (_ finalObservation: Span<Float>) -> Bool)? = nil
  ) {
    specification = E.specification
    parameters = E.parameterDescriptions
    disturbanceComponents = E.disturbanceComponents
    manualControls = E.manualControls
    construct = { VectorEnvironment(E.self, count: $0) }
    simulate = { E.makeSimulator(count: $0) }
    hasSucceeded = isSuccess
  }

  /// Registers an environment behind a wrapping.
  ///
  /// - Parameters:
  ///   - base: The environment itself.
  ///   - specification: Specification of the wrapped environment.
  ///   - manualControls: Controls whose actions are those of the wrapped environment.
  ///   - finalObservation: Range of the environment's own newest observation within the wrapped one.
  ///   - simulate: Makes a simulator of wrapped environments.
  init(
    _ base: RegisteredEnvironment, specification: EnvironmentSpecification,
    manualControls: ManualControls, finalObservation: Range<Int>,
    simulate: @escaping @Sendable (_ count: Int) -> any Simulator
  ) {
    (self.specification, self.manualControls) = (specification, manualControls)
    (parameters, disturbanceComponents) = (base.parameters, base.disturbanceComponents)
    self.simulate = simulate
    construct = { [parameters, disturbanceComponents] count in
      VectorEnvironment(
        specification, parameters: parameters, disturbanceComponents: disturbanceComponents,
        manualControls: manualControls, count: count, simulator: simulate(count))
    }
    if let judge = base.hasSucceeded {
      hasSucceeded = { judge($0.extracting(finalObservation)) }
    } else {
      hasSucceeded = nil
    }
  }
}
