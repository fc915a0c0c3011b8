internal import Environments
internal import RLCore
internal import Training

extension StoredPolicy {
  /// A policy that acts without training, its environment and its id.
  typealias Untrained = (policy: any Policy, environment: RegisteredEnvironment, agent: String?)

  /// Returns the controller, planner or baseline with a name; nil if there is none.
  static func controller(
    _ name: String, environment other: String?, _ registry: Registry
  ) throws(ConfigurationError) -> Untrained? {
    if let controller = registry.controller(name) {
      let served = controller.environmentIdentifiers
      let environment = try registry.environment(other ?? served.first ?? "")
      guard served.contains(environment.identifier) else {
        throw ConfigurationError(
          "\(name) can't control \(environment.identifier), only \(served.joined(separator: ", "))")
      }
      return (ControllerPolicy(controller, environment: environment.identifier), environment, name)
    }
    if let settings = try PlanningSettings.read(name),
      registry.planners.contains(settings.method)
    {
      let id = settings.method.rawValue
      guard let other else {
        let known = registry.environments.filter(\.canBePlanned).map(\.identifier)
        throw ConfigurationError(
          "\(id) acts in every environment whose state can be copied; choose one with --env: "
            + known.joined(separator: ", "))
      }
      let environment = try registry.environment(other)
      return (try PlannerPolicy(settings, in: environment), environment, id)
    }
    guard let baseline = registry.baselines.first(where: { $0.rawValue == name }) else {
      return nil
    }
    guard let other else {
      let known = registry.environments.map(\.identifier).joined(separator: ", ")
      throw ConfigurationError("\(name) acts in every environment; choose one with --env: \(known)")
    }
    let environment = try registry.environment(other)
    if let problem = baseline.problem(in: environment.specification) {
      throw ConfigurationError(problem)
    }
    return (BaselinePolicy(baseline, in: environment.specification), environment, name)
  }
}
