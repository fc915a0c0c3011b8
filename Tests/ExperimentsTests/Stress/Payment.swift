import RLCore

/// Pays `pay · t` in step t = 1, 2, …, and 1 more in the first step of every episode whose draw is
/// above a half; over after `length` steps, as a fall if it does not pay.
struct Payment: Environment {
  struct Parameters: EnvironmentParameters {
    var pay = 1.0
    var length = 3.0
  }

  static let specification = EnvironmentSpecification(
    identifier: "payment", summary: "pays",
    observationSpace: .box(low: [0], high: [100]), observationComponents: [.init("step")],
    actionSpace: .box(low: [-1], high: [1]), actionComponents: [.init("none")],
    timeStep: 1, episodeSteps: 50,
    ends: [
      .init(.goalReached, when: "it has paid"), .init(.fell, when: "it has paid nothing"),
    ], solvedReturn: nil, source: "none")
  static let parameterTable: [PhysicalParameter<Parameters>] = [
    PhysicalParameter("pay", unit: "1", range: -1...2, "payment", \.pay),
    PhysicalParameter("length", unit: "steps", range: 1...20, "length", \.length),
  ]
  static let disturbanceComponents = [DisturbanceComponent("push", unit: "N", bound: 2)]

  private let parameters: Parameters
  private var bonus: Double
  private var steps = 0.0
  private var push: Float = 0

  init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    bonus = random.uniform(0, 1) > 0.5 ? 1 : 0
    observation[0] = 0
  }

  mutating func disturb(_ disturbance: Span<Float>) { push = disturbance[0] }

  mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    steps += 1
    observation[0] = Float(steps)
    // Directions have a length of 1 but for rounding.
    let cost = Double((2 * abs(push)).rounded()) / 2
    let reward = parameters.pay * steps + bonus - cost
    (bonus, push) = (0, 0)
    let end: TaskEnd = parameters.pay > 0 ? .goalReached : .fell
    return StepOutcome(reward: reward, end: steps >= parameters.length ? end : nil)
  }

  func hashState(into hasher: inout StateHasher) {
    hasher.combine(steps)
    hasher.combine(bonus)
  }
}
