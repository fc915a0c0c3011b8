package import RLCore
package import Training

/// The tasks of a run whose settings change physical parameters.
package struct DriftPlan {
  /// Largest allowed number of tasks; the cost of a walk grows with it.
  package static let mostTasks = 1_000_000
  /// Schedule of the tasks.
  package let schedule: TaskSchedule

  /// Creates the tasks and checks the settings as a whole; nil if no parameter changes.
  ///
  /// - Parameters:
  ///   - configuration: Settings of the run, and values of the parameters without drift.
  ///   - descriptions: Physical parameters of the environment.
  /// - Throws: `ConfigurationError` if the drift settings are invalid.
  package init?(
    _ configuration: RunConfiguration, _ descriptions: [ParameterDescription]
  ) throws(ConfigurationError) {
    let run = configuration.run
    let settings = run.drift
    guard !settings.change.isEmpty else {
      guard settings.task == nil else {
        throw ConfigurationError("drift.task needs a drift, and drift.change is empty")
      }
      return nil
    }
    var drifts: [ParameterDrift] = []
    for text in settings.change {
      let drift = try ParameterDrift(text, descriptions) { name in
        configuration.parameters.first { $0.name == name }?.value
      }
      guard !drifts.contains(where: { $0.name == drift.name }) else {
        throw ConfigurationError("drift names \(drift.name) twice")
      }
      drifts.append(drift)
    }
    if let problem = Self.problem(run) { throw ConfigurationError(problem) }
    let (all, seed) = (drifts, run.seed)
    schedule = TaskSchedule(every: settings.every, only: settings.task) { task in
      all.map { .init(name: $0.name, value: $0.value(task: task, seed: seed)) }
    }
  }

  private static func problem(_ run: RunSettings) -> String? {
    let (every, steps) = (run.drift.every, run.steps)
    if every < run.environments {
      return "drift.every must be at least the number of environments, \(run.environments)"
    }
    if steps / every >= mostTasks {
      return "drift.every \(every) divides \(steps) steps into \(steps / every + 1) tasks, and at "
        + "most \(mostTasks) are allowed; raise it"
    }
    guard let task = run.drift.task else {
      return run.untilReturn == nil
        ? nil
        : "until-return can't be combined with drift.change: every evaluation measures the task of "
          + "the moment, and an easy one would end training; leave it out or choose one task with "
          + "drift.task"
    }
    if !(0..<mostTasks).contains(task) {
      return "drift.task must lie in 0...\(mostTasks - 1)"
    }
    if steps > every {
      return "drift.task trains on one task, of drift.every \(every) steps; lower steps from "
        + "\(steps) to at most \(every)"
    }
    return nil
  }
}
