internal import Environments
internal import RLCore
public import Robustness
public import Training

/// A test of a policy over a grid of physical parameters and perturbations.
///
/// Every cell has the same episode seeds, so that cells differ by their conditions and not by their
/// starts, and these are seeds that no training uses, as in `evaluate`.  Unlike there, nothing that
/// the policy's training drew or perturbed is drawn or perturbed here: policies of several trainings
/// meet the same cells.
///
/// ```swift
/// let policy = try StoredPolicy("runs/walker-ppo-1")
/// let grid = try ConditionGrid(parsing: ["mass=0.5..1.5:21"], in: policy.environment)
/// let result = try StressTest(policy, over: grid, episodes: 25).run()
/// ```
public struct StressTest {
  /// The policy, with its environment and physical parameters.
  public let policy: StoredPolicy
  /// The cells.
  public let grid: ConditionGrid
  /// Number of episodes of each cell.
  public let episodes: Int
  /// Seed of the first episode of each cell.
  public let seed: UInt64
  /// How the policy chooses its actions.
  public let mode: ActionMode
  /// Parameters that every episode draws for itself.
  public let randomization: Randomization
  /// Perturbations in every cell, besides those of the axes.
  public let perturbations: Perturbations
  /// Cells with the same perturbations, which can run side by side; the nominal cell is −1.
  let groups: [Group]

  /// Cells with the same perturbations.
  struct Group {
    var conditions: EpisodeConditions
    var cells: [Int]
  }

  /// Number of the nominal cell.
  static let nominal = -1
  /// Largest number of episodes of all cells.
  static let mostEpisodes = 100_000_000
  /// Memory for the return and length of an episode, as numbers and as text.
  private static let bytesPerEpisode = 48.0

  /// Creates a test and checks all its cells.
  ///
  /// - Parameters:
  ///   - policy: The policy; its physical parameters are the nominal ones.
  ///   - grid: The cells, made for the policy's environment.
  ///   - episodes: Number of episodes of each cell, at least 1.
  ///   - seed: Seed of the first episode; each later one uses the next.  All must be below 2⁴⁰.
  ///   - mode: One of the policy's modes; nil for the usual one.
  ///   - randomization: Parameters that every episode draws for itself.
  ///   - perturbations: Perturbations in every cell, besides those of the axes.
  /// - Throws: `ConfigurationError` if an argument or a cell is not allowed.
  public init(
    _ policy: StoredPolicy, over grid: ConditionGrid, episodes: Int = 25, seed: UInt64 = 0,
    mode: ActionMode? = nil, randomization: Randomization = Randomization(),
    perturbations: Perturbations = Perturbations()
  ) throws(ConfigurationError) {
    try StoredPolicy.checkEvaluation(episodes: episodes, seed: seed)
    let total = Double(episodes) * Double(grid.count + 1)
    guard total <= Double(Self.mostEpisodes) else {
      throw ConfigurationError(
        "\(grid.count) cells of \(episodes) episodes are more than \(Self.mostEpisodes) episodes, "
          + "the most that are allowed; choose fewer of either")
    }
    try MemoryLimit.current.check([
      MemoryNeed(key: "episodes", bytes: Self.bytesPerEpisode * total, isSaved: false)
    ])
    let mode = mode ?? policy.modes[0]
    try policy.check(mode)
    let names = grid.axes.filter(\.isParameter).map(\.name)
    if let draw = randomization.draws.first(where: { names.contains($0.name) }) {
      throw ConfigurationError(
        "\(draw.name) is an axis of the grid, and randomize would draw another value for every "
          + "episode; leave one of them out")
    }
    (self.policy, self.grid, self.episodes, self.seed) = (policy, grid, episodes, seed)
    (self.mode, self.randomization, self.perturbations) = (mode, randomization, perturbations)
    groups = try Self.groups(policy, grid, randomization, perturbations)
  }

  private static func groups(
    _ policy: StoredPolicy, _ grid: ConditionGrid, _ randomization: Randomization,
    _ perturbations: Perturbations
  ) throws(ConfigurationError) -> [Group] {
    func conditions(_ perturbations: Perturbations) throws(ConfigurationError) -> EpisodeConditions
    {
      try EpisodeConditions(
        randomization, perturbations, in: policy.environment, parameters: policy.parameters)
    }
    var groups = [Group(conditions: try conditions(perturbations), cells: [nominal])]
    var places = [perturbations.description: 0]
    for cell in 0..<grid.count {
      let own = try grid.perturbations(grid.values(of: cell), with: perturbations)
      if let place = places[own.description] {
        groups[place].cells.append(cell)
      } else {
        places[own.description] = groups.count
        groups.append(Group(conditions: try conditions(own), cells: [cell]))
      }
    }
    return groups
  }

  /// Values of a cell, one for each axis; none of the nominal one.
  func values(of cell: Int) -> [Double] { cell == Self.nominal ? [] : grid.values(of: cell) }

  /// Physical parameters of a cell: the same names in all cells.
  func parameters(of cell: Int) -> [ParameterValue] {
    let names = grid.axes.filter(\.isParameter).map(\.name)
    let own = cell == Self.nominal ? [] : grid.parameters(grid.values(of: cell))
    return names.map { name in
      let set = (own + policy.parameters).first { $0.name == name }?.value
      let nominal = policy.environment.parameters.first { $0.name == name }?.nominal
      return ParameterValue(name: name, value: set ?? nominal ?? .nan)
    }
  }

  /// Makes environments with the policy's parameters.
  func makeVector(_ count: Int) -> any BatchedEnvironment {
    let vector = policy.environment.construct(count)
    // The values were checked when they were set.
    try? vector.setParameters(policy.parameters)
    return vector
  }
}
