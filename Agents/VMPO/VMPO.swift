public import NeuralNetworks
public import RLCore
public import Storage
public import Training

/// An agent that learns by on-policy maximum a posteriori policy optimisation.
public typealias VMPOAgent = OnPolicyAgent<VMPO>

/// The update of V-MPO: epochs of minibatch steps towards the better half of the actions, with a
/// temperature and multipliers that are learnt beside the networks.
///
/// - Source: Song et al. 2019, arXiv:1909.12238, and Matt00n/PolicyGradientsJax, `vmpo.py`.
/// - Difference from source: separate networks for policy and value; π_old is the policy that
///   gathered the rollout; generalised advantages.
public final class VMPO: OnPolicyMethod {
  public let metricNames = [
    "policy-loss", "value-loss", "entropy", "kl", "deviation-kl", "temperature-loss",
    "temperature", "kl-multiplier", "deviation-multiplier", "explained-variance", "gradient-norm",
    "learning-rate", "action-std",
  ]
  private let configuration: VMPOConfiguration
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let loss: VMPOLoss
  private let joint: JointUpdate<PolicyLearner<VMPOLoss>>
  private var order: MinibatchOrder

  public static func columns(
    _ configuration: VMPOConfiguration, policy: MLPPolicy
  ) -> [RolloutColumn] {
    [RolloutColumn(MLPPolicy.outputsColumn, width: policy.distribution.outputWidth)]
  }

  public init(
    _ configuration: VMPOConfiguration, policy: MLPPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let (shared, rows) = (configuration.shared, configuration.minibatchSize)
    let rule = OptimizerRule.adam(AdamConfiguration(epsilon: configuration.adamEpsilon))
    loss = VMPOLoss(configuration, policy: policy, rollout: rollout, rows: rows)
    joint = JointUpdate(
      policy: PolicyLearner(
        loss, shared, rule: rule, policy: policy, rollout: rollout, rows: rows),
      value: ValueLearner(
        critic, rollout, rows: rows, coefficient: shared.valueCoefficient, rule: rule),
      maximumGradientNorm: shared.maximumGradientNorm)
    order = MinibatchOrder(count: rollout.count, seed: seed)
  }

  public var networks: [NamedNetwork] { [joint.policy.named, joint.value.named] }

  /// Notes the previous policy, all of it in the first part.
  public func prepare(part: Int, of parts: Int) { if part == 0 { loss.notePolicy() } }

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    var means = MetricMeans(count: 7)
    let learningRate = configuration.shared.learningRates.value(
      progressRemaining: progressRemaining)
    joint.begin(learningRate: learningRate)
    for _ in 0..<configuration.epochs {
      order.shuffle()
      for first in stride(from: 0, to: rollout.count, by: configuration.minibatchSize) {
        let rows = first..<min(first + configuration.minibatchSize, rollout.count)
        if rows.count < 2 { continue }
        joint.computeGradients(order.rows, rows, pool: pool)
        try joint.accept(iteration: iteration)
        means.add([
          Double(joint.policy.loss), Double(joint.value.loss), Double(joint.policy.entropy),
          loss.divergences[0], loss.divergences.count > 1 ? loss.divergences[1] : .nan,
          Double(loss.temperatureLoss), Double(joint.gradientNorm),
        ])
      }
    }
    joint.finish()
    let multipliers = loss.multipliers.map { Double($0) }
    return means.values[0..<6] + [
      Double(loss.temperature), multipliers[0], multipliers.count > 1 ? multipliers[1] : .nan,
      rollout.explainedVariance(), means.values[6], Double(learningRate),
      policy.distribution.meanDeviation,
    ]
  }

  public func save(to archive: inout TensorArchive) {
    joint.save(to: &archive)
    loss.save(to: &archive)
    order.save(to: &archive)
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try joint.load(from: archive)
    try loss.load(from: archive)
    try order.load(from: archive)
  }
}
