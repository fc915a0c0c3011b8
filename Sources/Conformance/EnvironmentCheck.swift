public import RLCore

/// A check of one property that every environment must have, for use in tests.
///
/// Optional features are checked only if the environment has them: parameters, disturbances, a
/// picture, manual controls.
///
/// ```swift
/// @Test(arguments: EnvironmentCheck.all) func myTaskConforms(check: EnvironmentCheck) throws {
///   #expect(try check.faults(of: RegisteredEnvironment(MyTask.self)) == [])
/// }
/// ```
public struct EnvironmentCheck: Sendable, CustomStringConvertible {
  /// The property that must hold, in a few words.
  public let description: String
  private let run: @Sendable (RegisteredEnvironment) throws -> [String]

  init(
    _ description: String, _ run: @escaping @Sendable (RegisteredEnvironment) throws -> [String]
  ) {
    self.description = description
    self.run = run
  }

  /// Checks an environment, which takes a few seconds at most.
  ///
  /// - Parameter environment: The environment to check.
  /// - Throws: Any error that the environment throws although it should not.
  /// - Returns: A short description of each fault; an empty array if the environment conforms.
  public func faults(of environment: RegisteredEnvironment) throws -> [String] {
    try run(environment)
  }

  /// Every conformance check.
  public static let all: [EnvironmentCheck] =
    [specification, observationsInSpace] + variety + episodes + parameters + disturbances + drawing

  /// Checks that the environment's specification is complete and consistent.
  static let specification = EnvironmentCheck("the specification is complete") { environment in
    let specification = environment.specification
    var faults: [String] = []
    func require(_ condition: Bool, _ fault: String) { if !condition { faults.append(fault) } }
    require(!specification.identifier.isEmpty, "it has no id")
    require(specification.episodeSteps > 0, "\(specification.episodeSteps) episode steps")
    require(specification.timeStep > 0, "a time step of \(specification.timeStep) s")
    let actions =
      switch specification.actionSpace {
      case .box(let low, _): low.count
      case .discrete(let count): count
      }
    require(
      specification.actionComponents.count == actions,
      "\(specification.actionComponents.count) action components for \(actions)")
    require(
      Set(environment.parameters.map(\.name)).count == environment.parameters.count,
      "two parameters share a name")
    for parameter in environment.parameters where !parameter.allows(parameter.nominal) {
      faults.append("\(parameter.name) is nominally \(parameter.nominal), out of its range")
    }
    let ends = specification.ends
    require(Set(ends.map(\.meaning)).count == ends.count, "two ends have the same meaning")
    require(ends.allSatisfy { !$0.condition.isEmpty }, "an end has no condition")
    let components = environment.disturbanceComponents
    require(
      Set(components.map(\.name)).count == components.count, "two disturbances share a name")
    for component in components where !(component.bound > 0 && component.bound.isFinite) {
      faults.append("\(component.name) is bounded by \(component.bound)")
    }
    return faults
  }

  /// Checks that observations lie in the observation space, or near it where it is no bound, and that
  /// all numbers are finite.
  public static let observationsInSpace = EnvironmentCheck(
    "observations are finite and in their space"
  ) { environment in
    let specification = environment.specification
    let space =
      specification.observationsMayLeaveSpace
      ? specification.observationSpace.threefold : specification.observationSpace
    let steps = Player(environment, seed: 1).play(2000)
    return steps.enumerated().compactMap { t, step in
      guard step.observation.allSatisfy(\.isFinite), step.reward.isFinite else {
        return "step \(t + 1) is not finite"
      }
      return space.contains(step.observation)
        ? nil : "step \(t + 1) observes \(step.observation)"
    }
  }
}

extension Space {
  /// The box of three times the size around the same centre; a discrete space as it is.
  fileprivate var threefold: Space {
    guard case .box(let low, let high) = self else { return self }
    return .box(
      low: zip(low, high).map { $0 - ($1 - $0) }, high: zip(low, high).map { $1 + ($1 - $0) })
  }
}
