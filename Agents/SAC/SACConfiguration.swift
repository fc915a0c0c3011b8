public import NeuralNetworks
public import Training

/// How the critics' values of an action become one.
public enum SACCriticCombination: String, SettingValue, CaseIterable {
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

  /// Every setting.
  public static let table: [Setting<Self>] = [
    Setting(
      "steps-per-round", \.stepsPerRound, .range(1...0x1p20),
      "steps of each environment between two rounds of updates"),
    Setting(
      "replay-ratio", \.replayRatio, .above(0, through: greatestReplayRatio),
      "updates of the critics per environment step, above or below 1"),
    Setting(
      "steps-per-iteration", \.stepsPerIteration, .range(1...0x1p30),
      "transitions between two rows of metrics"),
    Setting(
      "warm-up-steps", \.warmUpSteps, .atLeast(1),
      "transitions with random actions, before the first update"),
    Setting("buffer-size", \.bufferSize, .range(1...0x1p31), "transitions the replay buffer holds"),
    Setting("batch-size", \.batchSize, .range(1...65536), "transitions per update"),
    Setting(
      "multi-step", \.multiStep, .range(1...1000), "rewards in a transition before it bootstraps"),
    Setting("discount", \.discount, .range(0...1), "discount factor (gamma)"),
    Setting(
      "target-rate", \.targetRate, .above(0, through: 1),
      "how far targets move towards their critics at each update (tau)"),
    Setting(
      "policy-learning-rate", \.policyLearningRate, .above(0), "Adam's step size for the policy"),
    Setting(
      "critic-learning-rate", \.criticLearningRate, .above(0), "Adam's step size for the critics"),
    Setting(
      "temperature-learning-rate", \.temperatureLearningRate, .above(0),
      "Adam's step size for the temperature"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "how the step sizes change over the run; linear and cosine end at 0"),
    Setting(
      "weight-decay", \.weightDecay, .atLeast(0),
      "decoupled weight decay of policy and critics (AdamW)"),
    Setting(
      "adam-beta1", \.adamBeta1, .range(0..<1),
      "decay of Adam's mean gradient, for policy and critics (CrossQ: 0.5)"),
    Setting(
      "temperature-adam-beta1", \.temperatureAdamBeta1, .range(0..<1),
      "decay of Adam's mean gradient, for the temperature (BRO: 0.5)"),
    Setting(
      "initial-temperature", \.initialTemperature, .above(0),
      "weight of the entropy (alpha) at the start"),
    Setting(
      "learn-temperature", \.learnsTemperature, .any, "adapt the temperature to the target entropy"),
    Setting(
      "target-entropy-per-component", \.targetEntropyPerComponent, .range(-100..<0.69),
      "nats per action component over -1...1, where log 2 is the most there is"),
    Setting("reward-scale", \.rewardScale, .above(0), "rewards are multiplied by this"),
    Setting(
      "policy-delay", \.policyDelay, .atLeast(1),
      "updates of the critics per update of policy and temperature"),
    Setting("critics", \.critics, .range(1...64), "how many critics there are (REDQ: 10)"),
    Setting(
      "target-critics", \.targetCritics, .range(1...64),
      "how many of them, drawn anew, make a target (REDQ: 2)"),
    Setting("policy-combination", \.policyCombination, .any, "how the policy sees the critics"),
    Setting(
      "quantiles", \.quantiles, .range(1...1024),
      "quantiles each critic predicts (TQC: 25); 1 for the mean"),
    Setting(
      "dropped-quantiles", \.droppedQuantiles, .range(0...1023),
      "highest quantiles left out of a target, per critic (TQC: 2)"),
    Setting(
      "reset-every", \.resetEvery, .atLeast(1),
      "updates between two resets of all networks; null for never"),
    Setting(
      "critic-dropout", \.criticDropout, .range(0..<1),
      "probability to drop a critic's hidden sum in learning (DroQ: 0.01)"),
    Setting(
      "critic-batch-norm", \.criticBatchNorm, .any,
      "standardise the critics' layers over the batch (CrossQ)"),
    Setting(
      "target-networks", \.usesTargetNetworks, .any,
      "make targets by networks that follow slowly (CrossQ: false)"),
    Setting(
      "normalize-observations", \.normalizeObservations, .any,
      "standardise observations by running statistics (SimBa)"),
    Setting(
      "policy-architecture", \.policyArchitecture, .any,
      "how the policy's hidden layers are wired: plain, or residual blocks"),
    Setting(
      "critic-architecture", \.criticArchitecture, .any,
      "how the critics' hidden layers are wired: plain, or residual blocks"),
    Setting(
      "policy-hidden", \.policyHidden, .hiddenWidths,
      "widths of the policy's hidden layers; one per residual block"),
    Setting(
      "critic-hidden", \.criticHidden, .hiddenWidths,
      "widths of the critics' hidden layers; one per residual block"),
    Setting("activation", \.activation, .any, "non-linearity of all networks"),
    Setting("policy-layer-norm", \.policyLayerNorm, .any, "normalise the policy's hidden layers"),
    Setting("critic-layer-norm", \.criticLayerNorm, .any, "normalise the critics' hidden layers"),
    Setting(
      "lowest-log-std", \.lowestLogStd, .range(-20...10),
      "least logarithm of the policy's deviation"),
    Setting(
      "highest-log-std", \.highestLogStd, .range(-20...10),
      "greatest logarithm of the policy's deviation"),
  ]

  /// Step sizes as fractions of the first.
  var learningRates: Schedule {
    Schedule(
      kind: learningRateSchedule, initial: 1, final: learningRateSchedule == .constant ? 1 : 0)
  }
}
