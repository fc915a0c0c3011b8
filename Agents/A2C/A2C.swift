public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Training
public import Storage

/// An agent that learns by advantage actor-critic with synchronous environments.
public typealias A2CAgent = OnPolicyAgent<A2C>

/// The update of advantage actor-critic (A2C): one gradient step on each whole, short rollout.
///
/// - Source: Mnih et al. 2016, arXiv:1602.01783, without asynchrony, as in Stable-Baselines3 2.x.
/// - Difference from source: separate networks for policy and value.
public final class A2C: OnPolicyMethod {
  public let metricNames = [
    "policy-loss", "value-loss", "entropy", "explained-variance", "gradient-norm",
    "learning-rate", "action-std",
  ]
  private let configuration: A2CConfiguration
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let joint: JointUpdate<PolicyLearner<PolicyGradient>>
  private let order: [Int32]

  /// Returns no columns: the loss depends only on the current policy.
  public static func columns(
    _ configuration: A2CConfiguration, policy: MLPPolicy
  ) -> [RolloutColumn] { [] }

  public init(
    _ configuration: A2CConfiguration, policy: MLPPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let (shared, epsilon) = (configuration.shared, configuration.optimizerEpsilon)
    let rule: OptimizerRule =
      switch configuration.optimizer {
      case .adam: .adam(AdamConfiguration(epsilon: epsilon))
      case .rmsprop:
        .rmsProp(RMSPropConfiguration(decay: configuration.rmspropDecay, epsilon: epsilon))
      }
    joint = JointUpdate(
      policy: PolicyLearner(
        PolicyGradient(), shared, rule: rule, policy: policy, rollout: rollout,
        rows: rollout.count),
      value: ValueLearner(
        critic, rollout, rows: rollout.count, coefficient: shared.valueCoefficient, rule: rule),
      maximumGradientNorm: shared.maximumGradientNorm)
    order = (0..<Int32(rollout.count)).map { $0 }
  }

  public var networks: [NamedNetwork] { [joint.policy.named, joint.value.named] }

  /// Does nothing: the loss needs no reference values.
  public func prepare(part: Int, of parts: Int) {}

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    let learningRate = configuration.shared.learningRates.value(
      progressRemaining: progressRemaining)
    joint.begin(learningRate: learningRate)
    joint.computeGradients(order, 0..<order.count, pool: pool)
    try joint.accept(iteration: iteration)
    joint.finish()
    return [
      Double(joint.policy.loss), Double(joint.value.loss), Double(joint.policy.entropy),
      rollout.explainedVariance(), Double(joint.gradientNorm), Double(learningRate),
      policy.distribution.meanDeviation,
    ]
  }

  public func save(to archive: inout TensorArchive) { joint.save(to: &archive) }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try joint.load(from: archive)
  }
}

/// The policy-gradient loss, `−mean(A log π)`.
///
/// - Source: Mnih et al. 2016, arXiv:1602.01783, section 4.
public final class PolicyGradient: PolicyObjective {
  /// Creates the objective.
  public init() {}

  public func gather(_ order: [Int32], _ rows: Range<Int>) {}

  public func differentiate(
    logProbabilities: Vector, advantages: Vector, count: Int, weights: Vector
  ) -> Float {
    let scale = 1 / Float(count)
    var loss: Float = 0
    for k in 0..<count {
      loss -= scale * advantages[k] * logProbabilities[k]
      weights[k] = -scale * advantages[k]
    }
    return loss
  }
}
