internal import Glibc
internal import Physics
public import RLCore

/// Fly a small quadcopter through a row of gates, around balloons that only a range finder sees.
///
/// | Observation                                                        | Unit |
/// |--------------------------------------------------------------------|------|
/// | 0, 2: x from the middle, height                                     | m    |
/// | 1, 3 to 7: as for `quadcopter`                                      |      |
/// | 8, 9: way to the middle of the next gate, x and z                   | m    |
/// | 10, 11: way to that of the gate after it; again the next if it is the last | m |
/// | 12 to 16: free part of five rays of 2 m, at -40°, -20°, 0°, 20° and 40° from the body's x axis | 2 m |
///
/// - Dynamics, action, disturbance: as for `quadcopter`, with a body of 12 cm by 25 mm.
/// - Reward: twice the progress towards the next gate in m, less 0.002 |rate| and 0.06 for each m/s beyond
///   1.5 m/s; 1 more for each gate, and 5 less for a collision, a fall or leaving the space.
/// - Start: x -2.5 ± 0.1 m, height 1...2 m, velocities ±0.2 m/s, pitch ±0.1 rad, rate ±0.5 rad/s, rotors at
///   hover speed.  Three gates with openings of 0.5 m stand at x -1.2, 0.4 and 2 m, ±0.1 m, at heights of
///   0.9...2.1 m; balloons with a radius of 12 cm hang midway between two gates, ±0.2 m above or below.
/// - End: it has flown through all gates from left to right, in order; it touches a gate or a balloon; it
///   falls (touches the ground or |pitch| > 85°); or it leaves its space (|x| > 3 m or z > 3 m).
/// - Source: the reward of Song et al. 2021, arXiv:2103.08624.
/// - Differences from source: a plane, balloons and a range finder, and the cost of speed, without which
///   policies rush into the first balloon.
public struct QuadcopterGates: Environment, ~Copyable {
  /// The physical constants of the quadcopter, and the number of balloons.
  public struct Parameters: EnvironmentParameters {
    /// The quadcopter's constants.
    public var quadcopter = Quadcopter.Parameters()
    /// Number of balloons, each between another two gates; values between are rounded.
    public var balloons = 1.0

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "quadcopter-gates",
    summary: "Fly a small quadcopter through a row of gates, around balloons.",
    reward:
      "twice the progress towards the next gate in m less 0.002 |rate| and 0.06 for each m/s beyond"
      + " 1.5 m/s; 1 for a gate, -5 for a failure",
    observationSpace: .box(
      low: [-4, -.infinity, -1, -.infinity, -2, -.infinity, -1, -1, -7, -4, -7, -4]
        + [Float](repeating: 0, count: 5),
      high: [4, .infinity, 4, .infinity, 2, .infinity, 1.5, 1.5, 7, 4, 7, 4]
        + [Float](repeating: 1, count: 5)),
    observationComponents: observationComponents,
    actionSpace: Quadcopter.specification.actionSpace,
    actionComponents: Quadcopter.specification.actionComponents,
    timeStep: Quadcopter.specification.timeStep, episodeSteps: 500,
    ends: [
      .init(.goalReached, when: "it has flown through the last gate"),
      .init(.collided, when: "it touches a gate or a balloon"),
    ] + Quadcopter.ends(beside: "the middle"), solvedReturn: nil,
    source: "the suite's quadcopter with gates and a range finder")

  private static let observationComponents: [EnvironmentSpecification.Component] = {
    var components = Quadcopter.specification.observationComponents
    components[0] = .init("x from the middle", unit: "m")
    components[2] = .init("height", unit: "m")
    for gate in ["next gate", "gate after it"] {
      components += [
        .init("way to the \(gate) along x", unit: "m"), .init("up to the \(gate)", unit: "m"),
      ]
    }
    return components
      + rayAngles.map { .init("free way at \(Int($0)) degrees", unit: "2 m") }
  }()

  public static let parameterTable: [PhysicalParameter<Parameters>] =
    Quadcopter.parameterTable.map { $0.at(\.quadcopter) } + [
      .init("balloons", unit: "1", range: 0...2, "number of balloons between gates", \.balloons)
    ]
  public static let disturbanceComponents = Quadcopter.disturbanceComponents
  public static let manualControls = Quadcopter.manualControls

  /// Angles of the rays from the body's x axis, in degrees.
  static let rayAngles = [-40.0, -20, 0, 20, 40]
  /// Length of the rays, in m.
  static let rayLength = 2.0

  private var quadcopter: Quadcopter
  /// The gates and balloons of the episode.
  package let course: GateCourse
  /// Number of gates that it has flown through.
  private var passed = 0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    let course = GateCourse(
      balloonCount: Int(parameters.balloons.rounded()), using: &random)
    let x = -2.5 + random.uniform(-0.1, 0.1)
    let vx = random.uniform(-0.2, 0.2)
    let z = random.uniform(1, 2)
    let vz = random.uniform(-0.2, 0.2)
    let pitch = random.uniform(-0.1, 0.1)
    let rate = random.uniform(-0.5, 0.5)
    self.init(
      parameters: parameters, course: course, state: [x, vx, z, vz, pitch, rate],
      observation: &observation)
  }

  /// Starts an episode on a given course in a given state (x, x', z, z', pitch, rate).
  package init(
    parameters: Parameters, course: GateCourse, state: [6 of Double],
    observation: inout MutableSpan<Float>
  ) {
    self.course = course
    quadcopter = Quadcopter(
      parameters: parameters.quadcopter, state: state, observation: &observation)
    course.build(in: &quadcopter.world)
    Quadcopter.addShape(to: quadcopter.body, in: &quadcopter.world)
    observation[2] += Float(Quadcopter.goal.z)
    observeCourse(in: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { quadcopter.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let before = place
    let flight = quadcopter.step(action: action, observation: &observation)
    observation[2] += Float(Quadcopter.goal.z)
    let after = place
    let ways = (
      course.way(toGate: passed, fromX: before.x, z: before.z),
      course.way(toGate: passed, fromX: after.x, z: after.z)
    )
    var reward = 2 * (hypot(ways.0.x, ways.0.z) - hypot(ways.1.x, ways.1.z))
    reward -= 0.002 * abs(Double(observation[5]))
    reward -= 0.06 * max(hypot(Double(observation[1]), Double(observation[3])) - 1.5, 0)
    if course.passes(gate: passed, from: before, to: after) {
      passed += 1
      reward += 1
    }
    observeCourse(in: &observation)
    var end = flight.end
    if quadcopter.world.hasTouched(quadcopter.body) { end = after.z < 0.05 ? .fell : .collided }
    if let end { return StepOutcome(reward: reward - 5, end: end) }
    return StepOutcome(
      reward: reward, end: passed == GateCourse.gateCount ? .goalReached : nil)
  }

  /// Position of the quadcopter, in m.
  private var place: (x: Double, z: Double) {
    let state = quadcopter.world.state(of: quadcopter.body)
    return (
      Double(state.x) / Quadcopter.unitsPerMetre, Double(state.y) / Quadcopter.unitsPerMetre
    )
  }

  /// Writes the ways to the next two gates and what the range finder sees.
  private func observeCourse(in observation: inout MutableSpan<Float>) {
    let place = place
    for turn in 0..<2 {
      let way = course.way(toGate: passed + turn, fromX: place.x, z: place.z)
      observation[8 + 2 * turn] = Float(way.x)
      observation[9 + 2 * turn] = Float(way.z)
    }
    for j in 0..<5 {
      let (start, end) = ray(j)
      observation[12 + j] = quadcopter.world.castRay(from: start, to: end)
    }
  }

  /// Returns the ends of a ray, in Box2D's units.
  private func ray(_ j: Int) -> (start: Point, end: Point) {
    let state = quadcopter.world.state(of: quadcopter.body)
    let angle = Double(state.angle) + Self.rayAngles[j] / 180 * .pi
    let length = Self.rayLength * Quadcopter.unitsPerMetre
    return (
      Point(state.x, state.y),
      Point(
        Float(Double(state.x) + length * cos(angle)), Float(Double(state.y) + length * sin(angle)))
    )
  }

  public func hashState(into hasher: inout StateHasher) {
    quadcopter.hashState(into: &hasher)
    course.hash(into: &hasher)
    hasher.combine(passed)
  }

  /// The picture of `quadcopter` at a third of its size, with the gates, the balloons and the rays.
  public func scene() -> Scene {
    quadcopter.picture(droneSize: 0.35) { scene in
      for j in 0..<Self.rayAngles.count { addRay(j, to: &scene) }
      course.draw(passed: passed, in: &scene)
    }
  }

  private func addRay(_ j: Int, to scene: inout Scene) {
    let (start, end) = ray(j)
    let free = Double(quadcopter.world.castRay(from: start, to: end))
    let scale = Quadcopter.unitsPerMetre
    let from = Scene.Point(Double(start.x) / scale, Double(start.y) / scale)
    let to = Scene.Point(
      from.x + free * (Double(end.x) / scale - from.x),
      from.y + free * (Double(end.y) / scale - from.y))
    scene.elements.append(
      .line([from, to], .init(Palette.coral.faded(to: 0.45), width: 0.012)))
    if free < 1 {
      scene.elements.append(.circle(center: to, radius: 0.025, fill: .color(Palette.coral)))
    }
  }
}
