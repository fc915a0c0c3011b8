public import NeuralNetworks
public import RLCore
public import Training

/// The settings of behaviour cloning.
///
/// - Source: defaults of the package `imitation` 1.0, except for the wider network and for
///   standardised observations.
public struct BehaviorCloningConfiguration: AgentConfiguration {
  /// The distribution of actions in a box; choices are always categorical.
  public enum BoxDistribution: String, SettingValue, CaseIterable {
    /// The one that on-policy methods learn.
    case gaussian
    /// The one that SAC learns.
    case squashedGaussian = "squashed-gaussian"
  }

  /// Number B of recorded steps per gradient step.
  public var minibatchSize = 32
  /// Number of gradient steps in an iteration and thus in a row of metrics.
  public var updatesPerIteration = 500
  /// Share of the episodes from which nothing is learnt, to measure on.
  public var heldOut = 0.1
  /// Distance of the policy from the recorded actions.
  public var loss = CloningLoss.Kind.likelihood
  /// Distribution of actions in a box.
  public var distribution = BoxDistribution.gaussian
  /// Initial learning rate of Adam.
  public var learningRate: Float = 1e-3
  /// Schedule of the learning rate over the run.
  public var learningRateSchedule = Schedule.Kind.constant
  /// Decoupled weight decay of the policy.
  public var weightDecay: Float = 0
  /// Weight of the entropy bonus.
  public var entropyCoefficient: Float = 1e-3
  /// Whether observations are standardised with the statistics of the recorded ones.
  public var normalizeObservations = true
  /// Widths of the policy's hidden layers.
  public var policyHidden = [64, 64]
  /// Activation function of the policy.
  public var activation = Activation.tanh
  /// Whether hidden layers have a LayerNorm before the activation function.
  public var layerNorm = false
  /// Initial logarithm of the Gaussian's standard deviation.
  public var initialLogStd: Float = 0
  /// Lower bound of the logarithm of the squashed Gaussian's standard deviation.
  public var lowestLogStd: Float = -5
  /// Upper bound of the logarithm of the squashed Gaussian's standard deviation.
  public var highestLogStd: Float = 2

  /// Creates the default settings.
  public init() {}

  /// Learning rate over the run; a falling one reaches 0 only after the last iteration.
  var learningRates: Schedule { .falling(learningRateSchedule, from: learningRate) }

  /// Table of all settings.
  public static let table: [Setting<Self>] = [
    Setting(
      "minibatch-size", \.minibatchSize, .range(1...65536), "recorded steps per gradient step"),
    Setting(
      "updates-per-iteration", \.updatesPerIteration, .range(1...1_048_576),
      "gradient steps per row of metrics"),
    Setting(
      "held-out", \.heldOut, .range(0..<1),
      "share of the episodes from which nothing is learnt, to measure on"),
    Setting("loss", \.loss, .any, "distance of the policy from the recorded actions"),
    Setting(
      "distribution", \.distribution, .any,
      "distribution of continuous actions; SAC's is squashed-gaussian"),
    Setting("learning-rate", \.learningRate, .above(0), "initial learning rate"),
    Setting(
      "learning-rate-schedule", \.learningRateSchedule, .words("constant", "linear", "cosine"),
      "change of the learning rate over the run; linear and cosine end at 0"),
    Setting("weight-decay", \.weightDecay, .atLeast(0), "decoupled weight decay (AdamW)"),
    Setting(
      "entropy-coefficient", \.entropyCoefficient, .atLeast(0),
      "weight of the entropy bonus with loss likelihood"),
    Setting(
      "normalize-observations", \.normalizeObservations, .any,
      "standardise observations with the statistics of the recorded ones"),
    Setting(
      "policy-hidden", \.policyHidden, .hiddenWidths, "widths of the policy's hidden layers"),
    Setting("activation", \.activation, .any, "activation function of the policy"),
    Setting(
      "layer-norm", \.layerNorm, .any, "apply LayerNorm to hidden layers before the activation"),
    Setting(
      "initial-log-std", \.initialLogStd, .finite,
      "initial logarithm of the Gaussian's standard deviation"),
    Setting(
      "lowest-log-std", \.lowestLogStd, .range(-20...10),
      "lower bound of the logarithm of the squashed Gaussian's standard deviation"),
    Setting(
      "highest-log-std", \.highestLogStd, .range(-20...10),
      "upper bound of the logarithm of the squashed Gaussian's standard deviation"),
  ]

  /// Learns from recorded episodes and takes no steps in its environment.
  public var useOfRecordings: UseOfRecordings { .learnsFromThemAlone }

  /// The recorded steps of a minibatch.
  public var stepsAtOnce: Int { minibatchSize }

  /// Returns the problem with the combination of settings, in one sentence; nil if there is none.
  public func problem(environments: Int, totalSteps: Int) -> String? {
    if environments != 1 {
      return "bc takes no steps in its environments; set environments=1 instead of \(environments)"
    }
    return lowestLogStd < highestLogStd ? nil : "lowest-log-std must be below highest-log-std"
  }

  /// Returns why the policy can't have actions of the environment, in one sentence; nil if it can.
  public func problem(in specification: EnvironmentSpecification) -> String? {
    guard case .discrete = specification.actionSpace else {
      return distribution == .squashedGaussian ? specification.problemOfActions : nil
    }
    let setting =
      distribution == .squashedGaussian
      ? "distribution squashed-gaussian" : loss == .squaredError ? "loss squared-error" : nil
    return setting.map {
      "\($0) is for continuous actions, and \(specification.identifier) has choices; leave it out"
    }
  }

  /// Returns why nothing can be learnt from the recorded episodes, in one sentence; nil if it can.
  public func problem(with recordings: RecordedEpisodes) -> String? {
    recordings.stepCount > 0 ? nil : "the recordings of --dataset have no steps; record longer ones"
  }

  /// Returns what the network and a minibatch need.
  public func memoryNeeds(
    in specification: EnvironmentSpecification, environments: Int
  ) -> [MemoryNeed] {
    let outputs =
      switch specification.actionSpace {
      case .discrete(let count): count
      case .box(let low, _): distribution == .gaussian ? low.count : 2 * low.count
      }
    let policy = MLPArchitecture(
      inputs: specification.observationWidth, hidden: policyHidden, outputs: outputs,
      activation: activation, usesLayerNorm: layerNorm)
    return MemoryNeed.networks(
      "policy-hidden", policy, rows: minibatchSize, rowsKey: "minibatch-size")
  }
}
