public import RLCore

/// No constants.
public struct NoParameters: EnvironmentParameters {
  public init() {}
}

func describe(
  _ identifier: String, observations: Int, actions: Space, episodeSteps: Int
) -> EnvironmentSpecification {
  let bound = [Float](repeating: 100, count: observations)
  return EnvironmentSpecification(
    identifier: identifier, summary: "a test task",
    observationSpace: .box(low: bound.map { -$0 }, high: bound),
    observationComponents: bound.map { _ in .init("state") }, actionSpace: actions,
    actionComponents: [.init("action")], timeStep: 1, episodeSteps: episodeSteps,
    solvedReturn: nil, source: "none")
}

/// A dot at a height on a number line.
public func dot(at height: Double) -> Scene {
  Scene(
    camera: .init(center: .init(0, 0), width: 6, height: 4),
    background: (bottom: .init(0xFFFFFF), top: .init(0xDDDDDD)),
    elements: [
      .line([.init(-3, 0), .init(3, 0)], .init(.init(0x333333), width: 0.05)),
      .circle(center: .init(0, height), radius: 0.2, fill: .color(.init(0xEE6C4D))),
    ])
}

/// Two keys for an action of one number.
public func twoKeys(left: Float, right: Float, rest: Float) -> ManualControls {
  ManualControls(
    bindings: [
      .init("less", key: .left, axis: (.leftX, isPositive: false), action: [left]),
      .init("more", key: .right, axis: (.leftX, isPositive: true), action: [right]),
    ], rest: [[rest]])
}

/// Pays 1 per step for ever and shows nothing: V is 1 / (1 − γ) if truncation bootstraps.
public struct ConstantReward: Environment {
  public static let specification = describe(
    "constant-reward", observations: 1, actions: .box(low: [-1], high: [1]), episodeSteps: 10)
  public static let parameterTable: [PhysicalParameter<NoParameters>] = []
  public var parameters: NoParameters

  public init(parameters: NoParameters) { self.parameters = parameters }

  public mutating func reset(
    using random: inout NumPyRandom, observation: inout MutableSpan<Float>
  ) { observation[0] = 1 }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    observation[0] = 1
    return StepOutcome(reward: 1, terminated: false)
  }

  public func scene() -> Scene { dot(at: 0) }
  public static var manualControls: ManualControls { twoKeys(left: -1, right: 1, rest: 0) }

  public func hashState(into hasher: inout StateHasher) {}
}

/// One step, one continuous arm: the reward is −(a − 0.7)².
public struct ContinuousBandit: Environment {
  public static let specification = describe(
    "continuous-bandit", observations: 1, actions: .box(low: [-2], high: [2]), episodeSteps: 2)
  public static let parameterTable: [PhysicalParameter<NoParameters>] = []
  public var parameters: NoParameters

  public init(parameters: NoParameters) { self.parameters = parameters }

  public mutating func reset(
    using random: inout NumPyRandom, observation: inout MutableSpan<Float>
  ) { observation[0] = 1 }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    observation[0] = 1
    let error = Double(action[0]) - 0.7
    return StepOutcome(reward: -error * error, terminated: true)
  }

  public func scene() -> Scene { dot(at: 0) }
  public static var manualControls: ManualControls { twoKeys(left: -2, right: 2, rest: 0) }

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
    "random-walk", observations: 2, actions: .discrete(count: 3), episodeSteps: 20)
  public static let parameterTable: [PhysicalParameter<Parameters>] = [
    PhysicalParameter("reward", unit: "1", range: -1...1, "reward of each step", \.reward)
  ]
  public var parameters: Parameters
  private var random = NumPyRandom(seed: 0)
  private var position = 0.0
  private var steps = 0

  public init(parameters: Parameters) { self.parameters = parameters }

  public mutating func reset(
    using random: inout NumPyRandom, observation: inout MutableSpan<Float>
  ) {
    position = random.uniform(-1, 1)
    steps = 0
    self.random = random
    observe(&observation)
  }

  public mutating func step(
    action: Span<Float>, observation: inout MutableSpan<Float>
  ) -> StepOutcome {
    position += 0.5 * (Double(action[0]) - 1) + random.uniform(-0.5, 0.5)
    steps += 1
    observe(&observation)
    return StepOutcome(reward: parameters.reward * position, terminated: abs(position) > 3)
  }

  public func scene() -> Scene { dot(at: position) }
  public static var manualControls: ManualControls { twoKeys(left: 0, right: 2, rest: 1) }

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
