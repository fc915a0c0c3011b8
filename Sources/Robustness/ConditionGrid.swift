public import RLCore
public import Training

/// A set of cells, each a choice of physical parameters and perturbations under which a policy is
/// tested.
public struct ConditionGrid: Sendable, Equatable {
  /// How the values of the axes are combined.
  public enum Layout: String, Sendable, Codable {
    /// Every value of an axis with every value of the others; the last axis varies fastest.
    case grid
    /// The i-th values of all axes with each other, random draws.
    case samples
  }

  /// Parameters and perturbations that differ from cell to cell.
  public let axes: [GridAxis]
  /// How their values are combined.
  public let layout: Layout

  /// Largest number of cells.
  public static let mostCells = 1_000_000

  /// Reads a grid.
  ///
  /// - Parameters:
  ///   - texts: Axes, each `NAME=LOW..HIGH:COUNT`, `NAME=log:LOW..HIGH:COUNT` or
  ///     `NAME=choice:A:B:…`, with the name of a physical parameter or a perturbation; a text may hold
  ///     several with commas between.
  ///   - environment: Environment in which the policy is tested.
  /// - Throws: `ConfigurationError` if a name is unknown or occurs twice, values are not allowed, or
  ///   there are more than ``mostCells`` cells.
  public init(
    parsing texts: [String], in environment: RegisteredEnvironment
  ) throws(ConfigurationError) {
    axes = try GridAxis.read(texts, in: environment)
    layout = .grid
    let cells = axes.reduce(1.0) { $0 * Double($1.values.count) }
    guard !axes.isEmpty, cells <= Double(Self.mostCells) else {
      throw ConfigurationError(
        axes.isEmpty
          ? "grid needs at least one NAME=LOW..HIGH:COUNT"
          : "grid has \(SpecificationText.text(cells)) cells, and at most \(Self.mostCells) are "
            + "allowed; choose fewer values")
    }
  }

  /// Draws random cells.
  ///
  /// The i-th cell has the parameters that `evaluate` draws for the episode of the seed `seed + i`.
  ///
  /// - Parameters:
  ///   - count: Number of cells, in 1...``mostCells``.
  ///   - randomization: Parameters to draw, at their full range.
  ///   - environment: Environment in which the policy is tested.
  ///   - parameters: Physical parameters that differ from their nominal values.
  ///   - seed: Seed of the first cell.
  /// - Throws: `ConfigurationError` if nothing is drawn, the environment does not allow the draws, or
  ///   the number is out of range.
  public init(
    samples count: Int, of randomization: Randomization, in environment: RegisteredEnvironment,
    parameters: [ParameterValue] = [], seed: UInt64 = 0
  ) throws(ConfigurationError) {
    guard (1...Self.mostCells).contains(count) else {
      throw ConfigurationError("samples must lie in 1...\(Self.mostCells) and is \(count)")
    }
    guard !randomization.isEmpty else {
      throw ConfigurationError("samples need parameters to draw: --randomize NAME=LOW..HIGH,…")
    }
    let conditions = try EpisodeConditions(
      randomization, in: environment, parameters: parameters)
    let draws = (0..<count).map { conditions.draw(seed: seed &+ UInt64($0)) }
    axes = try randomization.draws.enumerated().map {
      index, draw throws(ConfigurationError) in
      GridAxis(
        try environment.parameters.find(draw.name, for: "randomize"),
        values: draws.map { $0[index].value })
    }
    layout = .samples
  }

  /// Number of cells.
  public var count: Int {
    switch layout {
    case .grid: axes.reduce(1) { $0 * $1.values.count }
    case .samples: axes.first?.values.count ?? 0
    }
  }

  /// Returns the values of a cell, one for each axis.
  public func values(of cell: Int) -> [Double] {
    guard layout == .grid else { return axes.map { $0.values[cell] } }
    var (rest, values) = (cell, [Double]())
    for axis in axes.reversed() {
      values.append(axis.values[rest % axis.values.count])
      rest /= axis.values.count
    }
    return values.reversed()
  }

  /// Returns the physical parameters among the values of a cell.
  package func parameters(_ values: [Double]) -> [ParameterValue] {
    zip(axes, values).filter { $0.0.isParameter }.map { ParameterValue(name: $0.name, value: $1) }
  }

  /// Returns the perturbations of a cell, together with others.
  ///
  /// - Throws: `ConfigurationError` if a size is not allowed or a kind occurs twice.
  package func perturbations(
    _ values: [Double], with others: Perturbations
  ) throws(ConfigurationError) -> Perturbations {
    let own = zip(axes, values).compactMap { $0.perturbation($1) }
    guard !own.isEmpty else { return others }
    return try Perturbations(
      parsing: (others.parts + own).joined(separator: ","), origin: "--grid")
  }
}
