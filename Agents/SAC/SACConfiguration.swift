public import NeuralNetworks
public import Training

/// The way several critics' values of an action are combined into one.
public enum SACCriticCombination: String, SettingValue, CaseIterable {
  /// The minimum, against over-estimation.
  case minimum
  /// The mean, if an ensemble, dropout or truncation already prevents over-estimation.
  case mean

  /// Returns the combination of the values of several critics, at least one.
  func value(critics: Int, _ value: (Int) -> Float) -> Float {
    switch self {
    case .minimum: (1..<critics).reduce(value(0)) { min($0, value($1)) }
    case .mean: (0..<critics).reduce(0) { $0 + value($1) } / Float(critics)
    }
  }
}

/// The settings of SAC and of its family of methods.
///
/// - Source: defaults of Haarnoja et al. 2018, arXiv:1812.05905, as in Stable-Baselines3 2.x.
public struct SACConfiguration: AgentConfiguration {
  /// Maximum replay ratio that can be set.
  static let greatestReplayRatio = 1024.0

  /// Steps of each environment between two rounds of updates.
  public var stepsPerRound = 1
  /// Number of critic updates per environment step, which may be a fraction.
  public var replayRatio: Double = 1
  /// Number of transitions per iteration and thus per row of metrics.
  public var stepsPerIteration = 1000
  /// Number of transitions with uniformly random actions, before the first update.
  public var warmUpSteps = 1000
  /// Capacity of the replay buffer, in transitions.
  public var bufferSize = 300_000
  /// Number B of transitions per update.
  public var batchSize = 256
  /// Number n of rewards in a transition before it bootstraps.
  public var multiStep = 1
  /// Discount factor γ.
  public var discount: Float = 0.99
  /// Fraction τ by which targets move towards their critics at each update.
  public var targetRate: Float = 0.005
  /// Initial learning rate of the policy.
  public var policyLearningRate: Float = 3e-4
  /// Initial learning rate of the critics.
  public var criticLearningRate: Float = 3e-4
  /// Initial learning rate of the temperature.
  public var temperatureLearningRate: Float = 3e-4
  /// Schedule of the learning rates over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// Decoupled weight decay (AdamW) of policy and critics.
  public var weightDecay: Float = 0
  /// Decay β₁ of Adam's mean of gradients, for policy and critics.
  public var adamBeta1: Float = 0.9
  /// Decay β₁ of Adam's mean of gradients, for the temperature.
  public var temperatureAdamBeta1: Float = 0.9
  /// Initial temperature α, the weight of the entropy, which is constant if it is not learnt.
  public var initialTemperature: Float = 1
  /// Whether the temperature α is learnt.
  public var learnsTemperature = true
  /// Target entropy H̄ per action component, in nats over −1...1; usually −1, and below log 2, the
  /// maximum.
  public var targetEntropyPerComponent: Float = -1
  /// Factor on rewards.
  public var rewardScale: Float = 1
  /// Number of critic updates per update of policy and temperature.
  public var policyDelay = 1
  /// Number N of critics.
  public var critics = 2
  /// Number M of critics that form a target, drawn at random for each update.
  public var targetCritics = 2
  /// Combination of the critics' values in the policy's loss.
  public var policyCombination = SACCriticCombination.minimum
  /// Weight of the divergence from the previous policy in the policy's loss; 0 for SAC.
  public var mirrorCoefficient: Float = 0
  /// Number of updates after which the previous policy becomes the current one.
  public var mirrorRefreshEvery = 1000
  /// Index q of the divergence: 1 for KL, up to 2 for the Tsallis divergences.
  public var tsallisIndex: Float = 1
  /// Number of quantiles of the return that each critic predicts; 1 for the mean.
  public var quantiles = 1
  /// Number of highest quantiles, per critic, that are left out of a target.
  public var droppedQuantiles = 0
  /// Number of updates between two resets of all networks and optimisers, which keep the buffer;
  /// nil for no resets.
  public var resetEvery: Int?
  /// Probability of dropping a critic's hidden sum while it learns; 0 for no dropout.
  public var criticDropout: Float = 0
  /// Whether the input of each layer of a critic is standardised over the batch.
  public var criticBatchNorm = false
  /// Whether targets are computed by networks that follow the critics slowly, rather than by the
  /// critics themselves.
  public var usesTargetNetworks = true
  /// Whether observations are standardised with running statistics.
  public var normalizeObservations = false
  /// Wiring of the policy's hidden layers.
  public var policyArchitecture = MLPPattern.plain
  /// Wiring of the critics' hidden layers.
  public var criticArchitecture = MLPPattern.plain
  /// Widths of the policy's hidden layers, or of its residual blocks.
  public var policyHidden = [256, 256]
  /// Widths of the critics' hidden layers, or of their residual blocks.
  public var criticHidden = [256, 256]
  /// Activation function of all networks.
  public var activation = Activation.relu
  /// Whether the policy's hidden layers have a LayerNorm before the activation function.
  public var policyLayerNorm = false
  /// Whether the critics' hidden layers have a LayerNorm before the activation function.
  public var criticLayerNorm = false
  /// Lower bound of the logarithm of the policy's standard deviation.
  public var lowestLogStd: Float = -5
  /// Upper bound of the logarithm of the policy's standard deviation.
  public var highestLogStd: Float = 2
  /// Decay per update of averaged weights for evaluations; nil for none.
  public var averageDecay: Float?
  /// Search for the worst physical parameters; none by default.
  public var worstCase = WorstCaseSettings()

  /// Creates the default settings.
  public init() {}

  /// Table of all settings.
  public static let table = ownTable + WorstCaseSettings.table(at: \.worstCase, under: "worst-case")

  private static let ownTable: [Setting<Self>] = [
    Setting(
      "steps-per-round", \.stepsPerRound, .range(1...0x1p20),
      "steps of each environment between two rounds of updates"),
    Setting(
      "replay-ratio", \.replayRatio, .above(0, through: greatestReplayRatio),
      "critic updates per environment step, which may be a fraction"),
    Setting(
      "steps-per-iteration", \.stepsPerIteration, .range(1...0x1p30),
      "transitions per row of metrics"),
    Setting(
      "warm-up-steps", \.warmUpSteps, .atLeast(1),
      "transitions with uniformly random actions, before the first update"),
    Setting("buffer-size", \.bufferSize, .range(1...0x1p31), "capacity of the replay buffer"),
    Setting("batch-size", \.batchSize, .range(1...65536), "transitions per update"),
    Setting(
      "multi-step", \.multiStep, .range(1...1000), "rewards in a transition before it bootstraps"),
    Setting("discount", \.discount, .range(0...1), "discount factor (gamma)"),
    Setting(
      "target-rate", \.targetRate, .above(0, through: 1),
      "fraction by which targets move towards their critics at each update (tau)"),
    Setting(
      "policy-learning-rate", \.policyLearningRate, .above(0), "learning rate of the policy"),
    Setting(
      "critic-learning-rate", \.criticLearningRate, .above(0), "learning rate of the critics"),
    Setting(
      "temperature-learning-rate", \.temperatureLearningRate, .above(0),
      "learning rate of the temperature"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "change of the learning rates over the run; linear and cosine end at 0"),
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
      "initial weight of the entropy (alpha)"),
    Setting(
      "learn-temperature", \.learnsTemperature, .any, "adapt the temperature to the target entropy"),
    Setting(
      "target-entropy-per-component", \.targetEntropyPerComponent, .range(-100...0.69),
      "target entropy per action component over -1...1, in nats; the maximum is log 2"),
    Setting("reward-scale", \.rewardScale, .above(0), "factor on rewards"),
    Setting(
      "policy-delay", \.policyDelay, .atLeast(1),
      "critic updates per update of policy and temperature"),
    Setting("critics", \.critics, .range(1...64), "number of critics (REDQ: 10)"),
    Setting(
      "target-critics", \.targetCritics, .range(1...64),
      "number of critics, drawn at random, that form a target (REDQ: 2)"),
    Setting(
      "policy-combination", \.policyCombination, .any,
      "combination of the critics' values in the policy's loss"),
    Setting(
      "mirror-coefficient", \.mirrorCoefficient, .atLeast(0),
      "weight of the divergence from the previous policy (MDPO); 0 for SAC"),
    Setting(
      "mirror-refresh-every", \.mirrorRefreshEvery, .atLeast(1),
      "updates after which the previous policy becomes the current one (MDPO)"),
    Setting(
      "tsallis-index", \.tsallisIndex, .range(1...2),
      "index of the divergence from the previous policy (MDPO); 1 for KL"),
    Setting(
      "quantiles", \.quantiles, .range(1...1024),
      "number of quantiles that each critic predicts (TQC: 25); 1 for the mean"),
    Setting(
      "dropped-quantiles", \.droppedQuantiles, .range(0...1023),
      "number of highest quantiles, per critic, left out of a target (TQC: 2)"),
    Setting(
      "reset-every", \.resetEvery, .atLeast(1),
      "updates between two resets of all networks; null for no resets"),
    Setting(
      "critic-dropout", \.criticDropout, .range(0..<1),
      "probability of dropping a critic's hidden sum while it learns (DroQ: 0.01)"),
    Setting(
      "critic-batch-norm", \.criticBatchNorm, .any,
      "standardise the inputs of the critics' layers over the batch (CrossQ)"),
    Setting(
      "target-networks", \.usesTargetNetworks, .any,
      "compute targets with networks that follow the critics slowly (CrossQ: false)"),
    Setting(
      "normalize-observations", \.normalizeObservations, .any,
      "standardise observations with running statistics (SimBa)"),
    Setting(
      "policy-architecture", \.policyArchitecture, .any,
      "wiring of the policy's hidden layers: plain, or residual blocks"),
    Setting(
      "critic-architecture", \.criticArchitecture, .any,
      "wiring of the critics' hidden layers: plain, or residual blocks"),
    Setting(
      "policy-hidden", \.policyHidden, .hiddenWidths,
      "widths of the policy's hidden layers; one per residual block"),
    Setting(
      "critic-hidden", \.criticHidden, .hiddenWidths,
      "widths of the critics' hidden layers; one per residual block"),
    Setting("activation", \.activation, .any, "activation function of all networks"),
    Setting("policy-layer-norm", \.policyLayerNorm, .any, "apply LayerNorm in the policy"),
    Setting("critic-layer-norm", \.criticLayerNorm, .any, "apply LayerNorm in the critics"),
    Setting(
      "lowest-log-std", \.lowestLogStd, .range(-20...10),
      "lower bound of the logarithm of the policy's standard deviation"),
    Setting(
      "highest-log-std", \.highestLogStd, .range(-20...10),
      "upper bound of the logarithm of the policy's standard deviation"),
    Setting(
      "average-decay", \.averageDecay, .range(0..<1),
      "decay per update of the policy's averaged weights for evaluations; null for none"),
  ]

  /// Learning rates over the run, as fractions of the initial ones.
  var learningRates: Schedule {
    Schedule(
      kind: learningRateSchedule, initial: 1, final: learningRateSchedule == .constant ? 1 : 0)
  }
}
