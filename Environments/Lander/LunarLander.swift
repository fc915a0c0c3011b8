public import RLCore

/// The physical constants of moon, lander and weather.
public struct LunarLanderParameters: EnvironmentParameters {
  /// Gravity, in m/s².
  public var gravity = 10.0
  /// Largest force of the wind's gusts, in N.
  public var wind = 0.0
  /// Largest torque of the wind's gusts, in N·m.
  public var turbulence = 0.0
  /// Factor on the density of hull and legs, 4.96 kg in total.
  public var mass = 1.0
  /// Factor on the impulse of the main engine.
  public var mainEngine = 1.0
  /// Factor on the impulse of the side engines.
  public var sideEngine = 1.0
  /// Factor on the ground's friction of 0.1, which with the legs' 0.2 combines to 0.14.
  public var friction = 1.0

  /// Creates the nominal constants, without wind.
  public init() {}

  /// Whether there is wind of either kind.
  var hasWind: Bool { wind > 0 || turbulence > 0 }

  static let table: [PhysicalParameter<Self>] = [
    .init("gravity", unit: "m/s²", range: 1...11.9, "gravity", \.gravity),
    .init("wind", unit: "N", range: 0...20, "largest force of the wind", \.wind),
    .init("turbulence", unit: "N·m", range: 0...2, "largest torque of the wind", \.turbulence),
    .init("mass", unit: "1", range: 0.5...1.5, "factor on all masses, 4.96 kg", \.mass),
    .init(
      "main-engine", unit: "1", range: 0.6...1.2, "factor on the main engine's impulse",
      \.mainEngine),
    .init(
      "side-engine", unit: "1", range: 0.6...1.2, "factor on the side engines' impulse",
      \.sideEngine),
    .init("friction", unit: "1", range: 0.2...10, "factor on the ground's friction", \.friction),
  ]
}

/// Land a rocket gently between two flags, with one engine at a time.
///
/// A hull on two sprung legs falls from above the middle of the picture with a random speed.
///
/// | Observation                       | Unit     |   | Action                          |
/// |-----------------------------------|----------|---|---------------------------------|
/// | 0: position, right of the pad     | 10 m     |   | 0: nothing                      |
/// | 1: height above the pad           | 6.67 m   |   | 1: engine that turns it left    |
/// | 2: velocity to the right          | 5 m/s    |   | 2: main engine                  |
/// | 3: velocity upwards               | 7.5 m/s  |   | 3: engine that turns it right   |
/// | 4: angle                          | rad      |   |                                 |
/// | 5: angular velocity               | 2.5 rad/s |  |                                 |
/// | 6, 7: right and left leg touch the ground | 0 or 1 | |                             |
///
/// - Dynamics: Box2D, 0.02 s, 180 velocity and 60 position iterations.  An engine gives an impulse,
///   13 N·s per metre of its nozzle's offset for the main and 0.6 for the side engines, whose direction
///   and point scatter at random.  The contact flags follow begin and end events.
/// - Reward: change of `-100 (distance + speed + |angle|) + 10 legs`, with distance and speed in the
///   units of the observation, less 0.3 for the main and 0.03 for a side engine; *instead* -100 in a
///   crash and +100 at rest.
/// - Start: ground and push drawn as Gymnasium draws them; the pad is always 4 m wide and level.
/// - End: the hull touches the ground or leaves ±10 m (-100), or the lander has come to rest, which is
///   when Box2D lets it sleep (+100), wherever that is.
/// - Disturbance: a force on the hull's centre of mass, at most 15 N in each direction, a third of the
///   lander's weight.
/// - Source: Gymnasium 1.4.0 `LunarLander-v3`; wind and turbulence are its `wind_power` and
///   `turbulence_power`, where 0 and 0 stand for `enable_wind=False`.
/// - Difference from source: Box2D 2.4.1 instead of Gymnasium's 2.3.10, so trajectories agree until the
///   legs touch the ground, and in distribution; a lander takes 14 steps longer to fall asleep.
public struct LunarLander: Environment, ~Copyable {
  public static let specification = lunarLanderSpecification(
    identifier: "lander", summary: "Land a rocket gently; one engine at a time.",
    actionSpace: .discrete(count: 4),
    actions: [
      .init("nothing"), .init("turn left"), .init("main engine"), .init("turn right"),
    ], source: "Gymnasium 1.4.0 LunarLander-v3")
  public static let parameterTable = LunarLanderParameters.table
  public static let disturbanceComponents = LunarLanderSimulation.disturbanceComponents

  package private(set) var simulation: LunarLanderSimulation

  public init(
    parameters: LunarLanderParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    simulation = LunarLanderSimulation(
      parameters: parameters, using: &random, observation: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let choice = action[0]
    return simulation.step(
      .init(main: choice == 2 ? 1 : 0, side: choice == 1 ? -1 : choice == 3 ? 1 : 0),
      observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }
}

/// Land a rocket gently with two throttles; otherwise the same as ``LunarLander``.
///
/// | Action                   | Effect                                                           |
/// |--------------------------|------------------------------------------------------------------|
/// | 0: main engine, -1...1   | off up to 0, above it from half to full power                    |
/// | 1: side engines, -1...1  | off within ±0.5, beyond it as much power; positive turns right   |
///
/// - Source: Gymnasium 1.4.0 `LunarLanderContinuous-v3`.
public struct LunarLanderContinuous: Environment, ~Copyable {
  public static let specification = lunarLanderSpecification(
    identifier: "lander-continuous", summary: "Land a rocket gently; two throttles.",
    actionSpace: .box(low: [-1, -1], high: [1, 1]),
    actions: [.init("main engine"), .init("side engines")],
    source: "Gymnasium 1.4.0 LunarLanderContinuous-v3")
  public static let parameterTable = LunarLanderParameters.table
  public static let disturbanceComponents = LunarLanderSimulation.disturbanceComponents

  package private(set) var simulation: LunarLanderSimulation

  public init(
    parameters: LunarLanderParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    simulation = LunarLanderSimulation(
      parameters: parameters, using: &random, observation: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { simulation.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let (main, side) = (Double(action[0]), Double(action[1]))
    return simulation.step(
      .init(
        main: main > 0 ? (min(main, 1) + 1) / 2 : 0,
        side: abs(side) > 0.5 ? min(max(side, -1), 1) : 0), observation: &observation)
  }

  public func hashState(into hasher: inout StateHasher) { simulation.hashState(into: &hasher) }
}

private func lunarLanderSpecification(
  identifier: String, summary: String, actionSpace: Space,
  actions: [EnvironmentSpecification.Component], source: String
) -> EnvironmentSpecification {
  let high: [Float] = [2.5, 2.5, 10, 10, 2 * .pi, 10, 1, 1]
  return EnvironmentSpecification(
    identifier: identifier, summary: summary,
    reward: "change of -100 (distance + speed + |angle|) + 10 legs, less fuel; -100 in a crash, "
      + "100 at rest",
    observationSpace: .box(low: high.map { $0 == 1 ? 0 : -$0 }, high: high),
    observationComponents: [
      .init("position right of the pad", unit: "10 m"),
      .init("height above the pad", unit: "6.67 m"),
      .init("velocity right", unit: "5 m/s"), .init("velocity up", unit: "7.5 m/s"),
      .init("angle", unit: "rad"), .init("angular velocity", unit: "2.5 rad/s"),
      .init("right leg contact"), .init("left leg contact"),
    ], actionSpace: actionSpace, actionComponents: actions, timeStep: 0.02, episodeSteps: 1000,
    ends: [
      .init(.goalReached, when: "the lander has come to rest"),
      .init(.fell, when: "the hull touches the ground"),
      .init(.outOfBounds, when: "the hull moves beyond 10 m from the pad"),
    ], solvedReturn: 200, source: source)
}
