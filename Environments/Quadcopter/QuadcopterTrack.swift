internal import Glibc
public import RLCore

/// Follow a moving point with a small quadcopter, within 5 cm.
///
/// The point, called the reference, moves once per period along a closed curve around (0, 1.5): a
/// figure eight, a circle, a square or a smooth random curve.  The observation previews its way.
///
/// | Observation                                                          | Unit |
/// |----------------------------------------------------------------------|------|
/// | 0, 2: x and z, from the reference                                     | m    |
/// | 1, 3 to 7: as for `quadcopter`                                        |      |
/// | 8 to 15: way of the reference in 0.1, 0.2, 0.4 and 0.8 s, x and z each | m    |
/// | 16: RMS distance from the reference so far                            | m    |
///
/// - Dynamics, action, disturbance: as for `quadcopter`.
/// - Reward: `exp(-(5 d + 0.2 |v - v_r| + 0.05 |rate| + 0.02 |a|²))` with the distance d to the
///   reference and its velocity v_r; in 0...1.
/// - Start: a random curve of 0.5...1 m, period of 6...8 s and direction, begun anywhere; x and z within
///   ±0.1 m of the reference, velocities within ±0.2 m/s of its own, pitch ±0.1 rad, rate ±0.5 rad/s,
///   rotors at hover speed.
/// - End: it falls (z < 0 or |pitch| > 85°) or leaves its space (|x| > 3 m or z > 3 m).
/// - Success: an RMS distance below 5 cm over the whole episode.
/// - Source: safe-control-gym's trajectories (Yuan et al. 2022, arXiv:2109.06325).
/// - Differences from source: smooth curves, random sizes, periods and starts, and the reward.
public struct QuadcopterTrack: Environment, ~Copyable {
  /// The physical constants of the quadcopter, and the reference.
  public struct Parameters: EnvironmentParameters {
    /// The quadcopter's constants.
    public var quadcopter = Quadcopter.Parameters()
    /// Shape of the reference, by number.
    ///
    /// 1 is the figure eight, 2 the circle, 3 the square and 4 the smooth curve; 0 draws one per
    /// episode.  Values between are rounded.
    public var shape = 0.0
    /// Factor on the size of the reference.
    public var size = 1.0
    /// Factor on the speed of the reference.
    public var speed = 1.0

    /// Creates the nominal constants.
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "quadcopter-track",
    summary: "Follow a moving point with a small quadcopter, within 5 cm.",
    reward:
      "exp(-(5 d + 0.2 |v - v_r| + 0.05 |rate| + 0.02 |a|²)), with the distance d to the reference"
      + " and its velocity v_r",
    observationSpace: .box(
      low: [-5, -.infinity, -5, -.infinity, -2, -.infinity, -1, -1]
        + [Float](repeating: -3, count: 8) + [0],
      high: [5, .infinity, 5, .infinity, 2, .infinity, 1.5, 1.5]
        + [Float](repeating: 3, count: 8) + [6]),
    observationComponents: observationComponents,
    actionSpace: Quadcopter.specification.actionSpace,
    actionComponents: Quadcopter.specification.actionComponents,
    timeStep: Quadcopter.specification.timeStep, episodeSteps: 400,
    ends: Quadcopter.ends(beside: "the middle"), solvedReturn: nil,
    source: "safe-control-gym's trajectories with the suite's quadcopter")

  private static let observationComponents: [EnvironmentSpecification.Component] = {
    var components = Quadcopter.specification.observationComponents
    components[0] = .init("x from the reference", unit: "m")
    components[2] = .init("z from the reference", unit: "m")
    for time in previewTimes {
      for axis in ["x", "z"] {
        components.append(.init("reference's way along \(axis) in \(time) s", unit: "m"))
      }
    }
    return components + [.init("RMS distance so far", unit: "m")]
  }()

  public static let parameterTable: [PhysicalParameter<Parameters>] =
    Quadcopter.parameterTable.map { $0.at(\.quadcopter) } + [
      .init(
        "shape", unit: "1", range: 0...4,
        "1 figure eight, 2 circle, 3 square, 4 smooth; 0 draws one per episode", \.shape),
      .init(
        "reference-size", unit: "1", range: 0.5...1.3, "factor on the reference's size", \.size),
      .init(
        "reference-speed", unit: "1", range: 0.5...1.5, "factor on the reference's speed", \.speed),
    ]
  public static let disturbanceComponents = Quadcopter.disturbanceComponents
  public static let manualControls = Quadcopter.manualControls

  /// Times for which the observation previews the reference, in s.
  static let previewTimes = [0.1, 0.2, 0.4, 0.8]
  /// Centre of the reference's curve, in m.
  static let center = (x: 0.0, z: 1.5)
  /// Greatest RMS distance of a success, in m.
  static let tolerance: Float = 0.05

  private var quadcopter: Quadcopter
  /// The curve that the reference follows, around the centre.
  package let reference: FlightReference
  private var steps = 0
  private var squaredDistances = 0.0  // m², summed over steps

  /// Whether an episode that ended with this observation succeeded: the RMS distance is small.
  public static func isSuccess(finalObservation observation: Span<Float>) -> Bool {
    observation[16] < tolerance
  }

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    var reference = FlightReference(using: &random)
    if let shape = FlightReference.Shape(rawValue: Int(parameters.shape.rounded())) {
      reference.shape = shape
    }
    reference.size *= parameters.size
    reference.period /= parameters.speed
    let x = random.uniform(-0.1, 0.1)
    let vx = random.uniform(-0.2, 0.2)
    let z = random.uniform(-0.1, 0.1)
    let vz = random.uniform(-0.2, 0.2)
    let pitch = random.uniform(-0.1, 0.1)
    let rate = random.uniform(-0.5, 0.5)
    self.init(
      parameters: parameters, reference: reference, offset: [x, vx, z, vz, pitch, rate],
      observation: &observation)
  }

  /// Starts an episode with a given reference, in a state (x, x', z, z', pitch, rate) relative to it.
  package init(
    parameters: Parameters, reference: FlightReference, offset: [6 of Double],
    observation: inout MutableSpan<Float>
  ) {
    self.reference = reference
    let (point, velocity) = (reference.point(at: 0), Self.velocity(of: reference, step: 0))
    quadcopter = Quadcopter(
      parameters: parameters.quadcopter,
      state: [
        Self.center.x + point.x + offset[0], velocity.x + offset[1],
        Self.center.z + point.z + offset[2], velocity.z + offset[3], offset[4], offset[5],
      ], observation: &observation)
    _ = observeReference(in: &observation)
  }

  public mutating func disturb(_ push: Span<Float>) { quadcopter.disturb(push) }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    let flight = quadcopter.step(action: action, observation: &observation)
    steps += 1
    let distance = observeReference(in: &observation)
    let velocity = Self.velocity(of: reference, step: steps)
    let speed = hypot(
      Double(observation[1]) - velocity.x, Double(observation[3]) - velocity.z)
    let (first, second) = (Double(action[0]), Double(action[1]))
    let effort = min(first * first, 1) + min(second * second, 1)
    let cost =
      5 * distance + 0.2 * speed + 0.05 * abs(Double(observation[5])) + 0.02 * effort
    return StepOutcome(reward: exp(-cost), end: flight.end)
  }

  /// Velocity of a reference during the step that follows a number of steps, in m/s.
  private static func velocity(
    of reference: FlightReference, step: Int
  ) -> (x: Double, z: Double) {
    let seconds = specification.timeStep
    let now = reference.point(at: Double(step) * seconds)
    let next = reference.point(at: Double(step + 1) * seconds)
    return ((next.x - now.x) / seconds, (next.z - now.z) / seconds)
  }

  /// Relates an observation to the reference, previews its way, and returns the distance to it in m.
  private mutating func observeReference(in observation: inout MutableSpan<Float>) -> Double {
    let time = Double(steps) * Self.specification.timeStep
    let now = reference.point(at: time)
    let x = Double(observation[0]) + Quadcopter.goal.x - Self.center.x - now.x
    let z = Double(observation[2]) + Quadcopter.goal.z - Self.center.z - now.z
    observation[0] = Float(x)
    observation[2] = Float(z)
    for j in Self.previewTimes.indices {
      let later = reference.point(at: time + Self.previewTimes[j])
      observation[8 + 2 * j] = Float(later.x - now.x)
      observation[9 + 2 * j] = Float(later.z - now.z)
    }
    let distance = hypot(x, z)
    if steps > 0 { squaredDistances += distance * distance }
    observation[16] = Float((squaredDistances / Double(max(steps, 1))).squareRoot())
    return distance
  }

  public func hashState(into hasher: inout StateHasher) {
    quadcopter.hashState(into: &hasher)
    reference.hash(into: &hasher)
    hasher.combine(steps)
    hasher.combine(squaredDistances)
  }

  /// The picture of `quadcopter` with the curve, the reference as a ring of 5 cm, and its preview.
  public func scene() -> Scene {
    let (reference, now) = (reference, Double(steps) * Self.specification.timeStep)
    func point(at seconds: Double) -> Scene.Point {
      let point = reference.point(at: seconds)
      return .init(Self.center.x + point.x, Self.center.z + point.z)
    }
    let curve = (0...128).map { point(at: Double($0) / 128 * abs(reference.period)) }
    return quadcopter.picture { scene in
      scene.elements.append(.line(curve, .init(Palette.go.faded(to: 0.45), width: 0.02)))
      for time in Self.previewTimes {
        scene.elements.append(
          .circle(center: point(at: now + time), radius: 0.022, fill: .color(Palette.go)))
      }
      scene.elements.append(
        .circle(
          center: point(at: now), radius: Double(Self.tolerance), fill: .color(Palette.paper),
          outline: .init(Palette.go, width: 0.02)))
    }
  }
}
