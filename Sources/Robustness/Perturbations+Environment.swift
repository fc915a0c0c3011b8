package import RLCore
internal import Training

extension Perturbations {
  /// Returns how many numbers of each environment wait because of delays.
  package func waitingNumbers(in specification: EnvironmentSpecification) -> Int {
    [
      (actionDelay, specification.actionWidth), (observationDelay, specification.observationWidth),
    ].reduce(0) { $0 + ($1.0 > 0 ? ($1.0 + 1) * $1.1 : 0) }
  }

  /// Throws an error if the perturbations make no sense in an environment.
  func check(in environment: RegisteredEnvironment) throws(ConfigurationError) {
    let (specification, id) = (environment.specification, environment.identifier)
    try checkObservations(of: specification)
    try checkActions(of: specification)
    for (name, delay) in [
      ("action-delay", actionDelay), ("observation-delay", observationDelay),
    ] where delay >= specification.episodeSteps {
      throw ConfigurationError(
        "perturb \(name)=\(delay): episodes of \(id) have at most \(specification.episodeSteps) "
          + "steps; choose fewer")
    }
    guard let push = pushes.first else { return }
    guard !environment.disturbanceComponents.isEmpty else {
      throw ConfigurationError(
        "perturb push=\(push.text): \(id) has no disturbance that could push it; leave it out")
    }
    for push in pushes {
      guard let last = push.lastStep, last > specification.episodeSteps else { continue }
      throw ConfigurationError(
        "perturb push=\(push.text): it ends with step \(last) at the earliest, and episodes of "
          + "\(id) have at most \(specification.episodeSteps) steps; make it shorter or earlier")
    }
  }

  private func checkObservations(
    of specification: EnvironmentSpecification
  ) throws(ConfigurationError) {
    let (id, width) = (specification.identifier, specification.observationWidth)
    for (name, values) in [
      ("observation-noise", observationNoise), ("observation-bias", observationBias?.values ?? []),
    ] where !values.isEmpty {
      guard case .box = specification.observationSpace else {
        throw ConfigurationError(
          "perturb \(name): the observation of \(id) is a choice, to which nothing can be added; "
            + "leave it out")
      }
      guard [1, width].contains(values.count) else {
        throw ConfigurationError(
          "perturb \(name) has \(values.count) numbers, and \(id) observes \(width) components; "
            + "give 1 or \(width)")
      }
    }
  }

  private func checkActions(
    of specification: EnvironmentSpecification
  ) throws(ConfigurationError) {
    guard actionNoise > 0 else { return }
    let (id, text) = (specification.identifier, SpecificationText.text(actionNoise))
    switch specification.actionSpace {
    case .discrete:
      guard actionNoise > 1 else { return }
      throw ConfigurationError(
        "perturb action-noise=\(text): the actions of \(id) are choices, and their noise is a "
          + "probability in 0...1")
    case .box(let low, let high):
      guard !(low + high).allSatisfy(\.isFinite) else { return }
      throw ConfigurationError(
        "perturb action-noise=\(text): the actions of \(id) have no bounds by which noise could be "
          + "measured; leave it out")
    }
  }
}
