public import RLCore

/// Something that every environment promises, as a check that any test can run.
///
/// What an environment does not have is not checked: parameters, disturbances, a picture, controls.
///
/// ```swift
/// @Test(arguments: EnvironmentCheck.all) func myTaskConforms(check: EnvironmentCheck) throws {
///   #expect(try check.faults(of: RegisteredEnvironment(MyTask.self)) == [])
/// }
/// ```
public struct EnvironmentCheck: Sendable, CustomStringConvertible {
  /// What must hold, in a few words.
  public let description: String
  private let run: @Sendable (RegisteredEnvironment) throws -> [String]

  init(
    _ description: String, _ run: @escaping @Sendable (RegisteredEnvironment) throws -> [String]
  ) {
    self.description = description
    self.run = run
  }

  /// Checks an environment; takes seconds at most.
  ///
  /// - Parameter environment: Which one.
  /// - Throws: What the environment throws that it should not.
  /// - Returns: A sentence for each thing that is wrong; none if the environment conforms.
  public func faults(of environment: RegisteredEnvironment) throws -> [String] {
    try run(environment)
  }

  /// Every check.
  public static let all: [EnvironmentCheck] =
    [specification, observationsInSpace] + episodes + parameters + disturbances + drawing

  /// The environment is described completely.
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
    let components = environment.disturbanceComponents
    require(
      Set(components.map(\.name)).count == components.count, "two disturbances share a name")
    for component in components where !(component.bound > 0 && component.bound.isFinite) {
      faults.append("\(component.name) is bounded by \(component.bound)")
    }
    return faults
  }

  /// Observations lie where the specification says, and numbers are finite.
  public static let observationsInSpace = EnvironmentCheck(
    "observations are finite and in their space"
  ) { environment in
    let steps = Player(environment, seed: 1).play(2000)
    return steps.enumerated().compactMap { t, step in
      guard step.observation.allSatisfy(\.isFinite), step.reward.isFinite else {
        return "step \(t + 1) is not finite"
      }
      return environment.specification.observationSpace.contains(step.observation)
        ? nil : "step \(t + 1) observes \(step.observation)"
    }
  }
}
