import RLCore

/// Walk to the right end of a line of eleven places, from somewhere in the middle.
///
/// | Observation      | Unit  | Range |   | Action           |
/// |------------------|-------|-------|---|------------------|
/// | 0: place         | 1     | ±5    |   | 0: step left     |
/// |                  |       |       |   | 1: stay          |
/// |                  |       |       |   | 2: step right    |
///
/// - Dynamics: one place per step.
/// - Reward: 1 at the right end, -0.01 per step elsewhere.
/// - Start: a place in -2...2.
/// - End: either end of the line.
/// - Source: the worked example of CONTRIBUTING; it has no gravity, no parameters and no picture.
struct LineWalk: Environment {
  static let specification = EnvironmentSpecification(
    identifier: "line-walk", summary: "Walk to the right end of a line.",
    observationSpace: .box(low: [-5], high: [5]), observationComponents: [.init("place")],
    actionSpace: .discrete(count: 3),
    actionComponents: [.init("step left"), .init("stay"), .init("step right")],
    timeStep: 1, episodeSteps: 50,
    ends: [
      .init(.goalReached, when: "the right end is reached"),
      .init(.outOfBounds, when: "the left end is reached"),
    ], solvedReturn: 0.9, source: "none")

  private var place: Int

  init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    place = random.integers(-2, 3)
    observation[0] = Float(place)
  }

  mutating func step(action: Span<Float>, observation: inout MutableSpan<Float>) -> StepOutcome {
    place += Int(action[0]) - 1
    observation[0] = Float(place)
    let end: TaskEnd? = place == 5 ? .goalReached : place == -5 ? .outOfBounds : nil
    return StepOutcome(reward: place == 5 ? 1 : -0.01, end: end)
  }

  func hashState(into hasher: inout StateHasher) { hasher.combine(place) }
}
