public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Training
public import Storage

/// An agent that learns by proximal policy optimisation with generalised advantage estimation.
public typealias PPOAgent = OnPolicyAgent<PPO>

/// The update of proximal policy optimisation: several epochs of minibatch steps on the clipped
/// surrogate loss.
///
/// - Source: Schulman et al. 2017, arXiv:1707.06347.
/// - Difference from source: separate networks for policy and value; advantages standardised within
///   each minibatch; an early stop by divergence as in Stable-Baselines3 2.x.
public final class PPO: OnPolicyMethod {
  public let metricNames = [
    "policy-loss", "value-loss", "entropy", "approximate-kl", "clip-fraction",
    "explained-variance", "gradient-norm", "learning-rate", "action-std", "minibatches",
  ]
  private let configuration: PPOConfiguration
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let surrogate: ClippedSurrogate
  private let joint: JointUpdate<PolicyLearner<ClippedSurrogate>>
  private var order: MinibatchOrder

  public static func columns(
    _ configuration: PPOConfiguration, policy: MLPPolicy
  ) -> [RolloutColumn] {
    [RolloutColumn(MLPPolicy.outputsColumn, width: policy.distribution.outputWidth)]
  }

  public init(
    _ configuration: PPOConfiguration, policy: MLPPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let (shared, rows) = (configuration.shared, configuration.minibatchSize)
    let rule = OptimizerRule.adam(AdamConfiguration(epsilon: configuration.adamEpsilon))
    surrogate = ClippedSurrogate(count: rollout.count, rows: rows)
    joint = JointUpdate(
      policy: PolicyLearner(
        surrogate, shared, rule: rule, policy: policy, rollout: rollout, rows: rows),
      value: ValueLearner(
        critic, rollout, rows: rows, coefficient: shared.valueCoefficient,
        clipRange: configuration.valueClipRange, rule: rule),
      maximumGradientNorm: shared.maximumGradientNorm)
    order = MinibatchOrder(count: rollout.count, seed: seed)
  }

  public var networks: [NamedNetwork] { [joint.policy.named, joint.value.named] }

  /// Computes the old log-probabilities of the actions, all of them in the first part.
  public func prepare(part: Int, of parts: Int) {
    guard part == 0, let outputs = rollout.column(MLPPolicy.outputsColumn) else { return }
    policy.likelihood.logProbabilities(
      of: rollout.actions, outputs: outputs, rows: rollout.count,
      into: surrogate.oldLogProbabilities)
  }

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    var means = MetricMeans(count: 6)
    var minibatches = 0
    let learningRate = configuration.shared.learningRates.value(
      progressRemaining: progressRemaining)
    surrogate.clipRange = configuration.clipRanges.value(progressRemaining: progressRemaining)
    joint.begin(learningRate: learningRate)
    epochs: for _ in 0..<configuration.epochs {
      order.shuffle()
      for first in stride(from: 0, to: rollout.count, by: configuration.minibatchSize) {
        let rows = first..<min(first + configuration.minibatchSize, rollout.count)
        if rows.count < 2 && configuration.normalizeAdvantages { continue }
        joint.computeGradients(order.rows, rows, pool: pool)
        if let limit = configuration.targetKL, surrogate.divergence > 1.5 * limit {
          break epochs
        }
        try joint.accept(iteration: iteration)
        minibatches += 1
        means.add([
          Double(joint.policy.loss), Double(joint.value.loss), Double(joint.policy.entropy),
          Double(surrogate.divergence), Double(surrogate.clipFraction), Double(joint.gradientNorm),
        ])
      }
    }
    joint.finish()
    return means.values[0..<5] + [
      rollout.explainedVariance(), means.values[5], Double(learningRate),
      policy.distribution.meanDeviation, Double(minibatches),
    ]
  }

  public func save(to archive: inout TensorArchive) {
    joint.save(to: &archive)
    order.save(to: &archive)
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try joint.load(from: archive)
    try order.load(from: archive)
  }
}

/// The clipped surrogate loss, `−mean(min(ρ A, clip(ρ, 1 − ε, 1 + ε) A))`.
///
/// - Source: Schulman et al. 2017, arXiv:1707.06347, equation 7.
public final class ClippedSurrogate: PolicyObjective {
  /// Range ε of the probability ratio, which is clipped to 1 ± ε.
  public var clipRange: Float = 0
  /// Log-probability of each action of the rollout when it was drawn, [N·T], in nats.
  public let oldLogProbabilities: Vector
  /// The k3 estimate of KL(old ‖ new) on the last minibatch, in nats.
  public private(set) var divergence: Float = 0
  /// Fraction of the last minibatch's rows whose ratio left 1 ± ε.
  public private(set) var clipFraction: Float = 0
  private let oldOfMinibatch: Vector
  private let ratios: Vector

  /// Allocates memory for rollouts of `count` steps and minibatches of up to `rows`.
  public init(count: Int, rows: Int) {
    oldLogProbabilities = Vector(count: count)
    oldOfMinibatch = Vector(count: rows)
    ratios = Vector(count: rows)
  }

  public func gather(_ order: [Int32], _ rows: Range<Int>) {
    for (k, position) in rows.enumerated() {
      oldOfMinibatch[k] = oldLogProbabilities[Int(order[position])]
    }
  }

  public func differentiate(
    logProbabilities: Vector, advantages: Vector, count: Int, weights: Vector
  ) -> Float {
    let (scale, clipRange, ratios) = (1 / Float(count), clipRange, ratios)
    var (loss, divergence, clipFraction) = (Float(0), Float(0), Float(0))
    for k in 0..<count {
      let logRatio = logProbabilities[k] - oldOfMinibatch[k]
      divergence -= scale * (1 + logRatio)
      ratios[k] = logRatio
    }
    exponential(ratios, count: count)
    for k in 0..<count {
      let (ratio, advantage) = (ratios[k], advantages[k])
      let clipped = min(max(ratio, 1 - clipRange), 1 + clipRange)
      let isClipped = clipped * advantage < ratio * advantage
      loss -= scale * (isClipped ? clipped : ratio) * advantage
      divergence += scale * ratio
      clipFraction += clipped == ratio ? 0 : scale
      weights[k] = isClipped ? 0 : -scale * advantage * ratio
    }
    (self.divergence, self.clipFraction) = (divergence, clipFraction)
    return loss
  }
}
