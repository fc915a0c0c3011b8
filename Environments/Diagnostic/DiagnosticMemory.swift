public import RLCore

/// Remember a signal that is shown once, and choose its side three steps later.
///
/// No policy that acts on the last observation alone does better than guessing; one that sees the last
/// four observations, or remembers, can be right every time.
///
/// | Observation                            | Range  |   | Action          |
/// |----------------------------------------|--------|---|-----------------|
/// | 0: signal, -1 left or 1 right, at first | -1...1 |  | 0: choose left  |
/// | 1: the choice counts now               | 0, 1   |   | 1: choose right |
///
/// - Dynamics: the signal shows in the first observation only, and is 0 from then on.
/// - Reward: 1 for the right choice in the last step and -1 for the wrong one; 0 in all others.
/// - Start: either signal, with equal probability.
/// - End: after four steps, a success if the choice was right.
/// - Source: the T-maze of Bakker 2001, "Reinforcement learning with long short-term memory", without
///   the walk.
/// - Difference from source: the corridor is a wait of three steps, in which actions do nothing.
public struct DiagnosticMemory: Environment, PlanningModel {
  public static let specification = EnvironmentSpecification(
    identifier: "diagnostic-memory",
    summary: "Remember a signal for three steps, then choose its side.",
    reward: "1 for the right choice in the last step, -1 for the wrong one",
    observationSpace: .box(low: [-1, 0], high: [1, 1]),
    observationComponents: [.init("signal, at first"), .init("the choice counts")],
    actionSpace: .discrete(count: 2),
    actionComponents: [.init("choose left"), .init("choose right")],
    timeStep: 0.5, episodeSteps: 4,
    ends: [
      .init(.goalReached, when: "the right side was chosen"),
      .init(.completed, when: "the wrong side was chosen"),
    ], solvedReturn: 0.9, source: "the T-maze of Bakker 2001, without the walk")

  /// Number of the step whose choice counts.
  static let lastStep = 3

  /// The signal, -1 or 1.
  let signal: Float
  /// Number of steps taken.
  private(set) var steps = 0
  /// Last choice, -1 or 1; 0 before the first, for the picture only.
  private(set) var lastChoice: Float = 0

  public init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    signal = random.integers(0, 2) == 0 ? -1 : 1
    observe(into: &observation)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    lastChoice = action[0] == 1 ? 1 : -1
    let counts = steps == Self.lastStep
    steps += 1
    observe(into: &observation)
    guard counts else { return StepOutcome(reward: 0) }
    let isRight = lastChoice == signal
    return StepOutcome(reward: isRight ? 1 : -1, end: isRight ? .goalReached : .completed)
  }

  private func observe(into observation: inout MutableSpan<Float>) {
    observation[0] = steps == 0 ? signal : 0
    observation[1] = steps == Self.lastStep ? 1 : 0
  }

  public func planningModel(_ parameters: NoParameters) -> (any PlanningModel)? { self }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(signal)
    hasher.combine(steps)
  }
}
