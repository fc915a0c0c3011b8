internal import RLCore

extension RecordingHeader {
  /// Configures an environment as the recorded one was, ready to be reset.
  func apply(to target: any BatchedEnvironment) throws(RecordingDamage) {
    let specification = target.specification
    func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(RecordingDamage) {
      guard condition else { throw RecordingDamage(reason: reason()) }
    }
    try require(
      specification.identifier == environment,
      "it is a recording of \(environment), not of \(specification.identifier)")
    try require(
      specification.version == environmentVersion,
      "it was recorded with version \(environmentVersion) of \(environment), "
        + "but this is version \(specification.version)")
    try require(
      specification.observationWidth == layout.observations,
      "it has \(layout.observations) observations, but \(environment) has "
        + "\(specification.observationWidth)")
    // Bounds may be infinite and are not compared: actions are clipped by the environment.
    switch (specification.actionSpace, actionSpace) {
    case (.discrete(let own), .discrete(let recorded)):
      try require(own == recorded, "it has \(recorded) actions, but \(environment) has \(own)")
    case (.box(let own, _), .box(let recorded, _)):
      try require(
        own.count == recorded.count,
        "it has actions of \(recorded.count) numbers, but \(environment) has \(own.count)")
    default: throw RecordingDamage(reason: "its actions are of another kind than \(environment)'s")
    }
    try require(
      specification.episodeSteps == episodeSteps,
      "its step limit is \(episodeSteps), but that of \(environment) is "
        + "\(specification.episodeSteps)")
    try applyDisturbances(to: target)
    try applyParameters(to: target)
  }

  private func applyDisturbances(to target: any BatchedEnvironment) throws(RecordingDamage) {
    target.takesDisturbances = !disturbanceComponents.isEmpty
    guard !disturbanceComponents.isEmpty else { return }
    let own = target.disturbanceComponents
    guard own.count == disturbanceComponents.count else {
      throw RecordingDamage(
        reason: "it has disturbances of \(disturbanceComponents.count) numbers, but \(environment) "
          + "has \(own.count)")
    }
    for (own, recorded) in zip(own, disturbanceComponents) where own.bound != recorded.bound {
      throw RecordingDamage(
        reason: "its disturbances are bounded by \(recorded.bound), but those of \(environment) "
          + "by \(own.bound)")
    }
  }

  private func applyParameters(to target: any BatchedEnvironment) throws(RecordingDamage) {
    let names = target.parameterValues.map(\.name)
    guard parameters.map(\.name) == names else {
      throw RecordingDamage(reason: "its parameters are not those of \(environment)")
    }
    for parameter in parameters {
      do {
        try target.setParameter(parameter.name, to: parameter.value)
      } catch {
        throw RecordingDamage(
          reason: "its parameter \(parameter.name) is \(parameter.value), out of range")
      }
    }
  }
}
