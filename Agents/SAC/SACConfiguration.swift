public import NeuralNetworks
public import RLCore
public import Training

/// How the critics' values of an action become one.
public enum SACCriticCombination: String, Codable, Sendable, CaseIterable {
  /// The least, against over-estimation.
  case minimum
  /// The mean, where an ensemble, dropout or truncation does that already.
  case mean
}

/// The settings of SAC and of its family.
///
/// - Source: defaults of Haarnoja et al. 2018, arXiv:1812.05905, as Stable-Baselines3 2.x has them.
public struct SACConfiguration: AgentConfiguration {
  /// Steps of each environment between two rounds of updates.
  public var stepsPerRound = 1
  /// Updates of the critics per environment step, any number above or below one.
  public var replayRatio: Double = 1
  /// Transitions between two rows of metrics.
  public var stepsPerIteration = 1000
  /// Transitions with uniformly drawn actions, and before the first update.
  public var warmUpSteps = 1000
  /// Transitions the replay buffer holds.
  public var bufferSize = 300_000
  /// B: transitions per update.
  public var batchSize = 256
  /// n: rewards in a transition before it bootstraps.
  public var multiStep = 1
  /// γ.
  public var discount: Float = 0.99
  /// τ: how far targets move towards their critics at each update.
  public var targetRate: Float = 0.005
  /// Adam's step size for the policy.
  public var policyLearningRate: Float = 3e-4
  /// Adam's step size for the critics.
  public var criticLearningRate: Float = 3e-4
  /// Adam's step size for the temperature.
  public var temperatureLearningRate: Float = 3e-4
  /// How the step sizes change over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// Decoupled weight decay of policy and critics.
  public var weightDecay: Float = 0
  /// α at the start, or always where the target entropy is null and it is not learnt.
  public var initialTemperature: Float = 1
  /// Whether α is learnt.
  public var learnsTemperature = true
  /// H̄ per action component, in nats over −1...1; −1 is the custom.
  public var targetEntropyPerComponent: Float = -1
  /// Rewards are multiplied by this.
  public var rewardScale: Float = 1
  /// Updates of the critics per update of policy and temperature.
  public var policyDelay = 1
  /// N: how many critics there are.
  public var critics = 2
  /// M: how many of them, drawn anew each time, make a target.
  public var targetCritics = 2
  /// How the policy sees the critics.
  public var policyCombination = SACCriticCombination.minimum
  /// Quantiles of the return that each critic predicts; 1 for its mean.
  public var quantiles = 1
  /// Highest quantiles left out of a target, per critic.
  public var droppedQuantiles = 0
  /// Updates between two resets of all networks and optimisers, which keep the buffer; null for none.
  public var resetEvery: Int?
  /// Whether observations are standardised by running statistics.
  public var normalizeObservations = false
  /// Widths of the policy's hidden layers.
  public var policyHidden = [256, 256]
  /// Widths of the critics' hidden layers.
  public var criticHidden = [256, 256]
  /// Non-linearity of all networks.
  public var activation = Activation.relu
  /// Whether the policy's hidden layers are normalised before the non-linearity.
  public var policyLayerNorm = false
  /// Whether the critics' hidden layers are normalised before the non-linearity.
  public var criticLayerNorm = false
  /// Least logarithm of the policy's deviation.
  public var lowestLogStd: Float = -5
  /// Greatest logarithm of the policy's deviation.
  public var highestLogStd: Float = 2

  /// The defaults.
  public init() {}

  enum CodingKeys: String, CodingKey, CaseIterable {
    case stepsPerRound = "steps-per-round"
    case replayRatio = "replay-ratio"
    case stepsPerIteration = "steps-per-iteration"
    case warmUpSteps = "warm-up-steps"
    case bufferSize = "buffer-size"
    case batchSize = "batch-size"
    case multiStep = "multi-step"
    case discount
    case targetRate = "target-rate"
    case policyLearningRate = "policy-learning-rate"
    case criticLearningRate = "critic-learning-rate"
    case temperatureLearningRate = "temperature-learning-rate"
    case learningRateSchedule = "learning-rate-schedule"
    case weightDecay = "weight-decay"
    case initialTemperature = "initial-temperature"
    case learnsTemperature = "learn-temperature"
    case targetEntropyPerComponent = "target-entropy-per-component"
    case rewardScale = "reward-scale"
    case policyDelay = "policy-delay"
    case critics
    case targetCritics = "target-critics"
    case policyCombination = "policy-combination"
    case quantiles
    case droppedQuantiles = "dropped-quantiles"
    case resetEvery = "reset-every"
    case normalizeObservations = "normalize-observations"
    case policyHidden = "policy-hidden"
    case criticHidden = "critic-hidden"
    case activation
    case policyLayerNorm = "policy-layer-norm"
    case criticLayerNorm = "critic-layer-norm"
    case lowestLogStd = "lowest-log-std"
    case highestLogStd = "highest-log-std"
  }

  /// Writes every key, absent values as null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(stepsPerRound, forKey: .stepsPerRound)
    try container.encode(replayRatio, forKey: .replayRatio)
    try container.encode(stepsPerIteration, forKey: .stepsPerIteration)
    try container.encode(warmUpSteps, forKey: .warmUpSteps)
    try container.encode(bufferSize, forKey: .bufferSize)
    try container.encode(batchSize, forKey: .batchSize)
    try container.encode(multiStep, forKey: .multiStep)
    try container.encode(discount, forKey: .discount)
    try container.encode(targetRate, forKey: .targetRate)
    try container.encode(policyLearningRate, forKey: .policyLearningRate)
    try container.encode(criticLearningRate, forKey: .criticLearningRate)
    try container.encode(temperatureLearningRate, forKey: .temperatureLearningRate)
    try container.encode(learningRateSchedule, forKey: .learningRateSchedule)
    try container.encode(weightDecay, forKey: .weightDecay)
    try container.encode(initialTemperature, forKey: .initialTemperature)
    try container.encode(learnsTemperature, forKey: .learnsTemperature)
    try container.encode(targetEntropyPerComponent, forKey: .targetEntropyPerComponent)
    try container.encode(rewardScale, forKey: .rewardScale)
    try container.encode(policyDelay, forKey: .policyDelay)
    try container.encode(critics, forKey: .critics)
    try container.encode(targetCritics, forKey: .targetCritics)
    try container.encode(policyCombination, forKey: .policyCombination)
    try container.encode(quantiles, forKey: .quantiles)
    try container.encode(droppedQuantiles, forKey: .droppedQuantiles)
    try container.encode(resetEvery, forKey: .resetEvery)
    try container.encode(normalizeObservations, forKey: .normalizeObservations)
    try container.encode(policyHidden, forKey: .policyHidden)
    try container.encode(criticHidden, forKey: .criticHidden)
    try container.encode(activation, forKey: .activation)
    try container.encode(policyLayerNorm, forKey: .policyLayerNorm)
    try container.encode(criticLayerNorm, forKey: .criticLayerNorm)
    try container.encode(lowestLogStd, forKey: .lowestLogStd)
    try container.encode(highestLogStd, forKey: .highestLogStd)
  }

  /// What `describe sac` says of each setting.
  public static var summaries: [(key: String, summary: String)] {
    [
      ("steps-per-round", "steps of each environment between two rounds of updates"),
      ("replay-ratio", "updates of the critics per environment step, above or below 1"),
      ("steps-per-iteration", "transitions between two rows of metrics"),
      ("warm-up-steps", "transitions with random actions, before the first update"),
      ("buffer-size", "transitions the replay buffer holds"),
      ("batch-size", "transitions per update"),
      ("multi-step", "rewards in a transition before it bootstraps"),
      ("discount", "discount factor (gamma)"),
      ("target-rate", "how far targets move towards their critics at each update (tau)"),
      ("policy-learning-rate", "Adam's step size for the policy"),
      ("critic-learning-rate", "Adam's step size for the critics"),
      ("temperature-learning-rate", "Adam's step size for the temperature"),
      ("learning-rate-schedule", "constant, or linear or cosine (to 0 at the end of the run)"),
      ("weight-decay", "decoupled weight decay of policy and critics (AdamW)"),
      ("initial-temperature", "weight of the entropy (alpha) at the start"),
      ("learn-temperature", "adapt the temperature to the target entropy"),
      ("target-entropy-per-component", "nats per action component, over -1...1"),
      ("reward-scale", "rewards are multiplied by this"),
      ("policy-delay", "updates of the critics per update of policy and temperature"),
      ("critics", "how many critics there are (REDQ: 10)"),
      ("target-critics", "how many of them, drawn anew, make a target (REDQ: 2)"),
      ("policy-combination", "minimum or mean of the critics, for the policy"),
      ("quantiles", "quantiles each critic predicts (TQC: 25); 1 for the mean"),
      ("dropped-quantiles", "highest quantiles left out of a target, per critic (TQC: 2)"),
      ("reset-every", "updates between two resets of all networks; null for never"),
      ("normalize-observations", "standardise observations by running statistics"),
      ("policy-hidden", "widths of the policy's hidden layers"),
      ("critic-hidden", "widths of the critics' hidden layers"),
      ("activation", "tanh, relu, elu, silu or identity"),
      ("policy-layer-norm", "normalise the policy's hidden layers"),
      ("critic-layer-norm", "normalise the critics' hidden layers"),
      ("lowest-log-std", "least logarithm of the policy's deviation"),
      ("highest-log-std", "greatest logarithm of the policy's deviation"),
    ]
  }

  /// Step sizes as fractions of the first.
  var learningRates: Schedule {
    Schedule(
      kind: learningRateSchedule, initial: 1, final: learningRateSchedule == .constant ? 1 : 0)
  }

  /// What is wrong with these settings, in one sentence with the remedy; nil when nothing is.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    sizeProblem(environments: environments) ?? rateProblem ?? familyProblem ?? networkProblem
  }

  /// Choices have no density over −1...1, and an endless interval no middle.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    guard case .box(let low, let high) = specification.actionSpace else {
      return "sac needs continuous actions, and \(specification.identifier) has choices; take ppo"
    }
    guard (low + high).allSatisfy(\.isFinite) else {
      return "sac needs bounded actions, and those of \(specification.identifier) are not"
    }
    return nil
  }

  /// Bytes of the replay buffer.
  public func experienceBytes(in specification: EnvironmentSpecification) -> Int {
    ReplayBuffer.byteCount(
      capacity: bufferSize, observationWidth: specification.observationWidth,
      actionWidth: specification.actionWidth)
  }

  private func sizeProblem(environments: Int) -> String? {
    if stepsPerRound < 1 { return "steps-per-round must be at least 1" }
    if stepsPerIteration < 1 { return "steps-per-iteration must be at least 1" }
    if stepsPerRound > 1 << 20 || stepsPerIteration > 1 << 30 {
      return "steps-per-round must be at most 2^20 and steps-per-iteration at most 2^30"
    }
    if !(replayRatio > 0 && replayRatio <= 1024) { return "replay-ratio must lie in 0...1024" }
    if bufferSize < 1 || bufferSize > 1 << 31 { return "buffer-size must lie in 1...2^31" }
    if batchSize < 1 || batchSize > 65536 { return "batch-size must lie in 1...65536" }
    if multiStep < 1 || multiStep > 1000 { return "multi-step must lie in 1...1000" }
    if multiStep > bufferSize {
      return "multi-step must be at most buffer-size; take a larger buffer or fewer steps"
    }
    if batchSize > warmUpSteps {
      return "batch-size must be at most warm-up-steps; lower it or warm up longer"
    }
    if batchSize > bufferSize { return "batch-size must be at most buffer-size" }
    if warmUpSteps < environments * multiStep {
      return "warm-up-steps must be at least environments times multi-step, "
        + "\(environments * multiStep), so that the buffer is not empty after it"
    }
    return nil
  }

  private var rateProblem: String? {
    if !(discount >= 0 && discount <= 1) { return "discount must lie in 0...1" }
    if !(targetRate > 0 && targetRate <= 1) { return "target-rate must lie in 0...1, above 0" }
    let rates = [policyLearningRate, criticLearningRate, temperatureLearningRate]
    if !rates.allSatisfy({ $0 > 0 && $0.isFinite }) { return "learning rates must be above 0" }
    if learningRateSchedule == .exponential {
      return "learning-rate-schedule must be constant, linear or cosine"
    }
    if !(weightDecay >= 0 && weightDecay.isFinite) { return "weight-decay must not be negative" }
    if !(initialTemperature > 0 && initialTemperature.isFinite) {
      return "initial-temperature must be above 0"
    }
    if !targetEntropyPerComponent.isFinite { return "target-entropy-per-component must be finite" }
    if !(rewardScale > 0 && rewardScale.isFinite) { return "reward-scale must be above 0" }
    return nil
  }

  private var familyProblem: String? {
    if policyDelay < 1 { return "policy-delay must be at least 1" }
    if !(1...64).contains(critics) { return "critics must lie in 1...64" }
    if !(1...critics).contains(targetCritics) {
      return "target-critics must lie in 1...\(critics), the number of critics"
    }
    if !(1...1024).contains(quantiles) { return "quantiles must lie in 1...1024" }
    if !(0..<quantiles).contains(droppedQuantiles) {
      return "dropped-quantiles must lie in 0...\(quantiles - 1), below quantiles"
    }
    if quantiles > 1 && targetCritics != critics {
      return "target-critics must equal critics while there are quantiles, which are pooled"
    }
    if let resetEvery, resetEvery < 1 { return "reset-every must be at least 1" }
    return nil
  }

  private var networkProblem: String? {
    if (policyHidden + criticHidden).contains(where: { $0 < 1 || $0 > 8192 }) {
      return "policy-hidden and critic-hidden must hold widths in 1...8192"
    }
    if max(policyHidden.count, criticHidden.count) > MLPPolicy.mostHiddenLayers {
      return
        "policy-hidden and critic-hidden must hold at most \(MLPPolicy.mostHiddenLayers) widths"
    }
    if !(lowestLogStd >= -20 && highestLogStd <= 10 && lowestLogStd < highestLogStd) {
      return "lowest-log-std and highest-log-std must ascend within -20...10"
    }
    return nil
  }
}
