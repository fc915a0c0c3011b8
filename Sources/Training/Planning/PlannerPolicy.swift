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

  public func makeActor(rows: Int) -> any PolicyActor {
    PlannerActor(settings, specification, rows: rows)
  }

  /// Writes nothing: a planner has no weights.
  public func save(to archive: inout TensorArchive) {}
}

/// An actor that sees the environments in which it acts, besides their observations.
protocol PrivilegedActor: PolicyActor {
  /// Begins the episode of a row.
  ///
  /// - Parameters:
  ///   - row: The row.
  ///   - environment: The batch of environments.
  ///   - slot: Index of the row's environment, which has been reset.
  ///   - seed: Seed of the episode.
  func begin(row: Int, in environment: any BatchedEnvironment, slot: Int, seed: UInt64)
  /// Ends the episode of a row, which has no action until another one begins.
  func end(row: Int)
}

private final class PlannerActor: PrivilegedActor {
  private struct Episode {
    let planner: Planner
    let environment: any BatchedEnvironment
    let slot: Int
  }

  private let settings: PlanningSettings
  private let specification: EnvironmentSpecification
  /// Running episodes by row; nil where none runs.
  private var episodes: [Episode?]

  init(_ settings: PlanningSettings, _ specification: EnvironmentSpecification, rows: Int) {
    (self.settings, self.specification) = (settings, specification)
    episodes = Array(repeating: nil, count: rows)
  }

  func begin(row: Int, in environment: any BatchedEnvironment, slot: Int, seed: UInt64) {
    let planner = Planner(settings, in: specification, seed: seed)
    episodes[row] = Episode(planner: planner, environment: environment, slot: slot)
  }

  func end(row: Int) { episodes[row] = nil }

  func act(
    on observations: Matrix, rows: Int, mode: ActionMode, streams: inout [RandomStream],
    actions: Matrix
  ) {
    precondition(
      episodes.contains { $0 != nil }, "a planner acts in episodes that it was told of")
    for row in 0..<rows {
      guard let episode = episodes[row] else { continue }
      guard let model = episode.environment.planningModel(of: episode.slot, settings.parameters)
      else { preconditionFailure("a planner acts where states can be copied") }
      episode.planner.plan(from: model, into: actions, row: row)
    }
  }
}
