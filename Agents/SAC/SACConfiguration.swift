public import NeuralNetworks
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
  /// The highest replay ratio there is any use for.
  static let greatestReplayRatio = 1024.0

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
  /// β₁ of Adam for policy and critics.
  public var adamBeta1: Float = 0.9
  /// β₁ of Adam for the temperature.
  public var temperatureAdamBeta1: Float = 0.9
  /// α at the start, or always where it is not learnt.
  public var initialTemperature: Float = 1
  /// Whether α is learnt.
  public var learnsTemperature = true
  /// H̄ per action component, in nats over −1...1; −1 is the custom, and log 2 the most there is.
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
  /// The probability with which a critic drops a hidden sum while it learns; 0 for none.
  public var criticDropout: Float = 0
  /// Whether the input of each layer of a critic is standardised over the batch.
  public var criticBatchNorm = false
  /// Whether targets come from networks that follow the critics slowly, rather than from the critics.
  public var usesTargetNetworks = true
  /// Whether observations are standardised by running statistics.
  public var normalizeObservations = false
  /// How the policy's hidden layers are wired.
  public var policyArchitecture = MLPPattern.plain
  /// How the critics' hidden layers are wired.
  public var criticArchitecture = MLPPattern.plain
  /// Widths of the policy's hidden layers, or of its residual blocks.
  public var policyHidden = [256, 256]
  /// Widths of the critics' hidden layers, or of their residual blocks.
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
    case adamBeta1 = "adam-beta1"
    case temperatureAdamBeta1 = "temperature-adam-beta1"
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
    case criticDropout = "critic-dropout"
    case criticBatchNorm = "critic-batch-norm"
    case usesTargetNetworks = "target-networks"
    case normalizeObservations = "normalize-observations"
    case policyArchitecture = "policy-architecture"
    case criticArchitecture = "critic-architecture"
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
    try container.encode(adamBeta1, forKey: .adamBeta1)
    try container.encode(temperatureAdamBeta1, forKey: .temperatureAdamBeta1)
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
    try container.encode(criticDropout, forKey: .criticDropout)
    try container.encode(criticBatchNorm, forKey: .criticBatchNorm)
    try container.encode(usesTargetNetworks, forKey: .usesTargetNetworks)
    try container.encode(normalizeObservations, forKey: .normalizeObservations)
    try container.encode(policyArchitecture, forKey: .policyArchitecture)
    try container.encode(criticArchitecture, forKey: .criticArchitecture)
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
      ("adam-beta1", "decay of Adam's mean gradient, for policy and critics (CrossQ: 0.5)"),
      ("temperature-adam-beta1", "decay of Adam's mean gradient, for the temperature (BRO: 0.5)"),
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
      ("critic-dropout", "probability to drop a critic's hidden sum in learning (DroQ: 0.01)"),
      ("critic-batch-norm", "standardise the critics' layers over the batch (CrossQ)"),
      ("target-networks", "make targets by networks that follow slowly (CrossQ: false)"),
      ("normalize-observations", "standardise observations by running statistics (SimBa)"),
      ("policy-architecture", "plain, or residual blocks: simba or bro"),
      ("critic-architecture", "plain, or residual blocks: simba or bro"),
      ("policy-hidden", "widths of the policy's hidden layers; one per residual block"),
      ("critic-hidden", "widths of the critics' hidden layers; one per residual block"),
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
}
