internal import Glibc
public import RLCore

/// Land a small quadcopter on a pad, slowly and level.
///
/// | Observation                             | Unit |
/// |-----------------------------------------|------|
/// | 0: x, from the pad's middle             | m    |
/// | 2: height above the ground              | m    |
/// | 1, 3 to 7: as for `quadcopter`          |      |
///
/// - Dynamics, action, disturbance: as for `quadcopter`.
/// - Reward: change of `-(2 d + 0.5 |v| + |pitch|)`, with the distance d to the pad's middle, less 0.01
///   a step; 10 more for a landing, and 10 less for a fall or for leaving the space.
/// - Start: x ±1 m, height 0.8...2 m, velocities ±0.5 m/s, pitch ±0.2 rad, rate ±1 rad/s, rotors at
///   hover speed.
/// - End: it lands, which is to touch the ground within 0.2 m of the pad's middle, at no more than
///   0.4 m/s downwards and 0.3 m/s sideways, with a pitch within 0.2 rad; touches it otherwise or tips
///   over (|pitch| > 85°); or leaves its space (|x| > 3 m or z > 3 m).
/// - Source: `quadcopter`, with the limits of a gentle landing of a drone of 27 g.
public struct QuadcopterLand: Environment, ~Copyable {
  public typealias Parameters = Quadcopter.Parameters

  public static let specification = EnvironmentSpecification(
    identifier: "quadcopter-land",
    summary: "Land a small quadcopter on a pad, slowly and level.",
    reward: "change of -(2 d + 0.5 |v| + |pitch|) less 0.01 a step; 10 for landing, -10 for a fall",
    observationSpace: .box(
      low: [-4, -.infinity, -1, -.infinity, -2, -.infinity, -1, -1],
      high: [4, .infinity, 4, .infinity, 2, .infinity, 1.5, 1.5]),
    observationComponents: Quadcopter.specification.observationComponents.enumerated().map {
      $0.offset == 0
        ? .init("x from the pad", unit: "m")
        : $0.offset == 2 ? .init("height", unit: "m") : $0.element
    },
    actionSpace: Quadcopter.specification.actionSpace,
    actionComponents: Quadcopter.specification.actionComponents,
    timeStep: Quadcopter.specification.timeStep, episodeSteps: 400,
    ends: [
      .init(.goalReached, when: "it touches the pad slowly and level"),
      .init(.fell, when: "it touches the ground otherwise, or its pitch exceeds 85°"),
      .init(.outOfBounds, when: "it is 3 m beside the pad or 3 m above the ground"),
    ], solvedReturn: nil, source: "the suite's quadcopter with a pad")

  public static let parameterTable = Quadcopter.parameterTable
  public static let disturbanceComponents = Quadcopter.disturbanceComponents
  public static let manualControls = Quadcopter.manualControls

  /// Half of the pad's width, in m.
  static let padReach = 0.2
  /// Greatest speeds of a landing, in m/s.
  static let speedLimits = (down: 0.4, sideways: 0.3)
  /// Greatest pitch of a landing, in rad.
  static let pitchLimit = 0.2

  private var quadcopter: Quadcopter
  private var previousPotential = 0.0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let x = random.uniform(-1, 1)
    let vx = random.uniform(-0.5, 0.5)
    let z = random.uniform(0.8, 2)
    let vz = random.uniform(-0.5, 0.5)
    let pitch = random.uniform(-0.2, 0.2)
    let rate = random.uniform(-1, 1)
    self.init(
      parameters: parameters, state: [x, vx, z, vz, pitch, rate], observation: &observation)
  }

  /// Starts an episode in a given state (x, x', z, z', pitch, rate).
  package init(
    parameters: Parameters, state: [6 of Double], observation: inout MutableSpan<Float>
  ) {
    quadcopter = Quadcopter(parameters: parameters, state: state, observation: &observation)
    observation[2] += Float(Quadcopter.goal.z)
    previousPotential = Self.potential(observation)
  }

  public mutating func disturb(_ push: Span<Float>) { quadcopter.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let flight = quadcopter.step(action: action, observation: &observation)
    observation[2] += Float(Quadcopter.goal.z)
    let potential = Self.potential(observation)
    let reward = potential - previousPotential - 0.01
    previousPotential = potential
    guard let end = flight.end else { return StepOutcome(reward: reward) }
    let isLanding = end == .fell && Self.isGentle(observation)
    return StepOutcome(
      reward: reward + (isLanding ? 10 : -10), end: isLanding ? .goalReached : end)
  }

  private static func potential(_ observation: borrowing MutableSpan<Float>) -> Double {
    let distance = hypot(Double(observation[0]), Double(observation[2]))
    let speed = hypot(Double(observation[1]), Double(observation[3]))
    return -(2 * distance + 0.5 * speed + abs(Double(observation[4])))
  }

  /// Whether a touch of the ground is a landing.
  private static func isGentle(_ observation: borrowing MutableSpan<Float>) -> Bool {
    observation[2] < 0.01 && abs(Double(observation[0])) <= padReach
      && -Double(observation[3]) <= speedLimits.down
      && abs(Double(observation[1])) <= speedLimits.sideways
      && abs(Double(observation[4])) <= pitchLimit
  }

  public func hashState(into hasher: inout StateHasher) {
    quadcopter.hashState(into: &hasher)
    hasher.combine(previousPotential)
  }

  public func scene() -> Scene {
    quadcopter.picture { scene in
      scene.addBox(
        Placement(x: 0, y: -0.02), width: 2 * Self.padReach, height: 0.05, corner: 0.02,
        fill: .color(Palette.amber), outline: .init(Palette.ink, width: 0.012))
      for side in [-1.0, 1] {
        scene.addFlag(at: .init(1.4 * side * Self.padReach, 0), height: 0.3, color: Palette.go)
      }
    }
  }
}
