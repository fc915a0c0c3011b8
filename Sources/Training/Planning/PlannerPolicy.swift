internal import LinearAlgebra
public import RLCore
public import Storage

/// A policy that plans on copies of the environment's true state: a privileged rival.
///
/// Other policies know only what they observe.  A planner ignores observations, with their noise and
/// delay, and starts from the true state; unless it is told otherwise, it believes in the nominal
/// physical constants.  Its random numbers come from the episode's seed.
public final class PlannerPolicy: Policy {
  public let environmentIdentifier: String
  /// Settings of the planner.
  public let settings: PlanningSettings
  private let specification: EnvironmentSpecification

  /// Creates a planner for an environment whose state can be copied.
  ///
  /// - Throws: `ConfigurationError` if the state can't be copied or an action has no bounds.
  public init(
    _ settings: PlanningSettings, in environment: RegisteredEnvironment
  ) throws(ConfigurationError) {
    let (name, id) = (settings.method.rawValue, environment.identifier)
    guard environment.canBePlanned else {
      throw ConfigurationError(
        "\(name) plans on copies of the state, and that of \(id) can't be copied")
    }
    if case .box(let low, let high) = environment.specification.actionSpace,
      !(low + high).allSatisfy(\.isFinite)
    {
      throw ConfigurationError("\(name) needs bounded actions, and those of \(id) are not")
    }
    self.settings = settings
    environmentIdentifier = environment.identifier
    specification = environment.specification
  }

  public func fits(_ specification: EnvironmentSpecification) -> Bool {
    specification.identifier == environmentIdentifier
  }

  public func makeActor(rows: Int) -> any PolicyActor { PlannerActor(settings, specification) }

  /// Writes nothing: a planner has no weights.
  public func save(to archive: inout TensorArchive) {}
}

/// An actor that sees the environment in which it acts, besides its observations.
protocol PrivilegedActor: PolicyActor {
  /// Begins an episode.
  ///
  /// - Parameters:
  ///   - environment: The batch of environments.
  ///   - slot: Index of the actor's environment, which has been reset.
  ///   - seed: Seed of the episode.
  func begin(in environment: any BatchedEnvironment, slot: Int, seed: UInt64)
}

private final class PlannerActor: PrivilegedActor {
  private let settings: PlanningSettings
  private let specification: EnvironmentSpecification
  private var episode: (planner: Planner, environment: any BatchedEnvironment, slot: Int)?

  init(_ settings: PlanningSettings, _ specification: EnvironmentSpecification) {
    (self.settings, self.specification) = (settings, specification)
  }

  func begin(in environment: any BatchedEnvironment, slot: Int, seed: UInt64) {
    episode = (Planner(settings, in: specification, seed: seed), environment, slot)
  }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    guard rows == 1, let (planner, environment, slot) = episode,
      let model = environment.planningModel(of: slot, settings.parameters)
    else { preconditionFailure("a planner acts in one episode that has begun, not in \(rows)") }
    planner.plan(from: model, action: actions)
  }
}
