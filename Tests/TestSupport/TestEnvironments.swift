public import RLCore

func describe(
  _ identifier: String, observations: Int, actions: Space, episodeSteps: Int,
  ends: [EnvironmentSpecification.End] = []
) -> EnvironmentSpecification {
  let bound = [Float](repeating: 100, count: observations)
  return EnvironmentSpecification(
    identifier: identifier, summary: "a test task",
    observationSpace: .box(low: bound.map { -$0 }, high: bound),
    observationComponents: bound.map { _ in .init("state") }, actionSpace: actions,
    actionComponents: [.init("action")], timeStep: 1, episodeSteps: episodeSteps,
    ends: ends, solvedReturn: nil, source: "none")
}

/// Pays 1 per step for ever and shows nothing: V is 1 / (1 − γ) if truncation bootstraps.
public struct ConstantReward: Environment {
  public static let specification = describe(
    "constant-reward", observations: 1, actions: .box(low: [-1], high: [1]), episodeSteps: 10)

  public init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) { observation[0] = 1 }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    observation[0] = 1
    return StepOutcome(reward: 1)
  }

  public func hashState(into hasher: inout StateHasher) {}
}

/// One step, one continuous arm: the reward is −(a − 0.7)².
public struct ContinuousBandit: Environment {
  public static let specification = describe(
    "continuous-bandit", observations: 1, actions: .box(low: [-2], high: [2]), episodeSteps: 2,
    ends: [.init(.completed, when: "an arm is pulled")])

  public init(
    parameters: NoParameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) { observation[0] = 1 }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    observation[0] = 1
    let error = Double(action[0]) - 0.7
    return StepOutcome(reward: -error * error, end: .completed)
  }

  public func hashState(into hasher: inout StateHasher) {}
}

/// A one-dimensional walk that drifts at random and ends beyond ±3; rewards may be poisoned.
public struct RandomWalk: Environment {
  public struct Parameters: EnvironmentParameters {
    /// Reward of each step.
    public var reward = 1.0
    public init() {}
  }

  public static let specification = describe(
    "random-walk", observations: 2, actions: .discrete(count: 3), episodeSteps: 20,
    ends: [.init(.outOfBounds, when: "the place is beyond ±3")])
  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    PhysicalParameter("reward", unit: "1", range: -1...1, "reward of each step", \.reward)
  ]
  private let parameters: Parameters
  private var random: NumPyRandom
  private var position: Double
  private var steps = 0

  public init(
    parameters: Parameters, using random: inout NumPyRandom,
    observation: inout MutableSpan<Float>
  ) {
    self.parameters = parameters
    position = random.uniform(-1, 1)
    self.random = random
    observe(&observation)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    position += 0.5 * (Double(action[0]) - 1) + random.uniform(-0.5, 0.5)
    steps += 1
    observe(&observation)
    return StepOutcome(
      reward: parameters.reward * position, end: abs(position) > 3 ? .outOfBounds : nil)
  }

  private func observe(_ observation: inout MutableSpan<Float>) {
    observation[0] = Float(position)
    observation[1] = Float(steps) / 20
  }

  public func hashState(into hasher: inout StateHasher) {
    hasher.combine(position)
    hasher.combine(steps)
    random.hash(into: &hasher)
  }
}
