public import RLSuite

/// Push a mass along a line to the middle and hold it there.
public struct PointMass: Environment {
  public struct Parameters: EnvironmentParameters {
    /// In kg.
    public var mass = 1.0
    public init() {}
  }

  public static let specification = EnvironmentSpecification(
    identifier: "point-mass", summary: "Push a mass to the middle of a line and hold it there.",
    observationSpace: .box(low: [-2, -5], high: [2, 5]),
    observationComponents: [.init("position", unit: "m"), .init("velocity", unit: "m/s")],
    actionSpace: .box(low: [-1], high: [1]), actionComponents: [.init("force", unit: "N")],
    timeStep: 0.05, episodeSteps: 100,
    ends: [.init(.outOfBounds, when: "the mass is beyond ±2 m")], solvedReturn: -15,
    source: "this example")
  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    .init("mass", unit: "kg", range: 0.5...2, "of the point", \.mass)
  ]

  private let mass: Double
  private var position: Double
  private var velocity = 0.0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    mass = parameters.mass
    position = random.uniform(-1, 1)
    observe(into: &observation)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    velocity += Double(min(max(action[0], -1), 1)) / mass * 0.05
    position += velocity * 0.05
    observe(into: &observation)
    let reward = -abs(position) - 0.1 * abs(velocity)
    return StepOutcome(reward: reward, end: abs(position) > 2 ? .outOfBounds : nil)
  }

  public func hashState(into hasher: inout StateHasher) {
    for number in [mass, position, velocity] { hasher.combine(number) }
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    (observation[0], observation[1]) = (Float(position), Float(velocity))
  }
}
