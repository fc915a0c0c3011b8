public import NeuralNetworks
public import RLCore
public import Storage
public import Training

/// An agent that learns by on-policy mirror descent.
public typealias MDPOAgent = OnPolicyAgent<MDPO>

/// The update of mirror descent policy optimisation: several gradient steps on the whole rollout,
/// held near the previous policy by a divergence, while the critic learns apart.
///
/// - Source: Tomar et al. 2022, arXiv:2005.09814, algorithm 1, and the authors' code.
/// - Difference from source: policy and critic take their steps at the same time; the critic's
///   last, shorter minibatch is used; the step size 1 − k/K has a lower bound.
public final class MDPO: OnPolicyMethod {
  public let metricNames = [
    "policy-loss", "value-loss", "entropy", "divergence", "step-size", "explained-variance",
    "gradient-norm", "learning-rate", "action-std",
  ]
  private let configuration: MDPOConfiguration
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let learner: PolicyLearner<MirrorDescentLoss>
  private let fitting: ValueFitting
  private let order: [Int32]
  private var gradientNorm: Float = 0

  public static func columns(
    _ configuration: MDPOConfiguration, policy: MLPPolicy
  ) -> [RolloutColumn] {
    [RolloutColumn(MLPPolicy.outputsColumn, width: policy.distribution.outputWidth)]
  }

  public init(
    _ configuration: MDPOConfiguration, policy: MLPPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let rule = OptimizerRule.adam(AdamConfiguration(epsilon: configuration.adamEpsilon))
    learner = PolicyLearner(
      MirrorDescentLoss(
        policy: policy, rollout: rollout, rows: rollout.count,
        tsallisIndex: configuration.tsallisIndex),
      configuration.shared, rule: rule, policy: policy, rollout: rollout, rows: rollout.count)
    fitting = ValueFitting(
      configuration.fitting, critic: critic, rollout: rollout,
      coefficient: configuration.shared.valueCoefficient, rule: rule, seed: seed)
    order = (0..<Int32(rollout.count)).map { $0 }
  }

  public var networks: [NamedNetwork] { [learner.named, fitting.named] }

  /// Notes the previous policy, all of it in the first part.
  public func prepare(part: Int, of parts: Int) {
    if part == 0 { learner.objective.notePolicy() }
  }

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    let learningRate = configuration.shared.learningRates.value(
      progressRemaining: progressRemaining)
    let stepSize = max(
      configuration.leastStepSize,
      configuration.stepSizes.value(progressRemaining: progressRemaining))
    learner.objective.stepSize = stepSize
    pool.run(2) { task in
      if task == 0 {
        improvePolicy(learningRate: learningRate)
      } else {
        fitting.fit(learningRate: learningRate)
      }
    }
    guard fitting.isFinite else { throw .notFinite(metric: "value-loss", iteration: iteration) }
    guard gradientNorm.isFinite else {
      throw .notFinite(
        metric: learner.loss.isFinite ? "gradient-norm" : "policy-loss", iteration: iteration)
    }
    return [
      Double(learner.loss), fitting.loss, Double(learner.entropy),
      learner.objective.divergence, Double(stepSize), rollout.explainedVariance(),
      Double(gradientNorm), Double(learningRate), policy.distribution.meanDeviation,
    ]
  }

  /// Takes the policy's steps, and ends before a gradient that is not finite.
  private func improvePolicy(learningRate: Float) {
    learner.isLearning = false
    learner.gather(order, 0..<order.count)
    for _ in 0..<configuration.policySteps {
      learner.computeGradient(order.count)
      gradientNorm = learner.squaredNorm.squareRoot()
      guard gradientNorm.isFinite else { return }
      learner.step(
        learningRate,
        gradientScale: clipFactor(
          norm: gradientNorm, maximum: configuration.shared.maximumGradientNorm))
      learner.isLearning = true
    }
  }

  public func save(to archive: inout TensorArchive) {
    learner.save(to: &archive)
    fitting.save(to: &archive)
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try learner.load(from: archive)
    try fitting.load(from: archive)
  }
}
