public import RLCore

/// Walk on two legs whose body and course are parameters; nominally the same as ``BipedalWalker``.
///
/// - Dynamics, observation, action, reward, end, disturbance: as for ``BipedalWalker``.
/// - Course: stumps of one column, pits and stairs, of those kinds that have a size, one drawn after each
///   stretch of grass.  Without any, terrain and start are those of ``BipedalWalker``, draw for draw.
/// - Body: lengths of the legs, masses of hull and legs, strength and speed of the motors.
/// - Source: Gymnasium 1.4.0 `BipedalWalker-v3`; the idea of a course of stumps with a height and a spacing
///   is that of Portelas et al. 2019, arXiv:1910.07224.
/// - Differences from source: sizes are exact rather than means, stumps are upright, and there are
///   pits and stairs.
public struct WalkerParametric: Environment, ~Copyable {
  public static let specification = bipedalWalkerSpecification(
    identifier: "walker-parametric",
    summary: "Walk on two legs whose body and course are parameters.", episodeSteps: 1600,
    solvedReturn: nil, source: "the suite's walker with obstacles of given sizes")
  public static let parameterTable = BipedalWalkerParameters.parametricTable

  package private(set) var simulation: BipedalWalkerSimulation

  public init(
    parameters: BipedalWalkerParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let terrain = BipedalWalkerTerrain(parameters, hasObstacles: false, using: &random)
    simulation = BipedalWalkerSimulation(
      parameters: parameters, on: terrain, observation: &observation)
  }

  public static let disturbanceComponents = BipedalWalkerSimulation.disturbanceComponents

  /// Makes a simulator that steps walkers as ``WalkerPhysics/current`` says; those whose legs don't have
  /// the nominal length are always stepped by Box2D.
  public static func makeSimulator(count: Int) -> any Simulator {
    switch WalkerPhysics.current {
    case .lanes: ParametricWalkers(count: count)
    case .box2D: EnvironmentSimulator<Self>(count: count)
    }
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    simulation.step(action: action, observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }
}
