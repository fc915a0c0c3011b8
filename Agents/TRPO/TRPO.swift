public import NeuralNetworks
public import RLCore
public import Storage
public import Training

/// An agent that learns by trust region policy optimisation.
public typealias TRPOAgent = OnPolicyAgent<TRPO>

/// The update of trust region policy optimisation: one natural gradient step on the whole rollout,
/// as long as a limit on the divergence allows, while the critic learns apart.
///
/// - Source: Schulman et al. 2015, arXiv:1502.05477, section 6 and appendix C.
/// - Difference from source: generalised advantages and a critic instead of returns of paths;
///   policy and critic learn at the same time.
public final class TRPO: OnPolicyMethod {
  public let metricNames = [
    "surrogate-gain", "kl", "step-accepted", "line-search-steps", "step-size",
    "conjugate-gradient-residual", "value-loss", "entropy", "explained-variance", "gradient-norm",
    "learning-rate", "action-std",
  ]
  private let configuration: TRPOConfiguration
  private let policy: MLPPolicy
  private let rollout: RolloutBuffer
  private let learner: TrustRegionLearner
  private let fitting: ValueFitting

  public static func columns(
    _ configuration: TRPOConfiguration, policy: MLPPolicy
  ) -> [RolloutColumn] { [] }

  public init(
    _ configuration: TRPOConfiguration, policy: MLPPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    learner = TrustRegionLearner(configuration, policy: policy, rollout: rollout)
    fitting = ValueFitting(
      configuration.fitting, critic: critic, rollout: rollout,
      coefficient: configuration.shared.valueCoefficient,
      rule: .adam(AdamConfiguration(epsilon: configuration.adamEpsilon)), seed: seed)
  }

  public var networks: [NamedNetwork] { [learner.named, fitting.named] }

  /// Does nothing: the update computes its own reference values.
  public func prepare(part: Int, of parts: Int) {}

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    let learningRate = configuration.shared.learningRates.value(
      progressRemaining: progressRemaining)
    pool.run(2) { task in
      if task == 0 { learner.improve() } else { fitting.fit(learningRate: learningRate) }
    }
    guard fitting.isFinite else { throw .notFinite(metric: "value-loss", iteration: iteration) }
    guard learner.gradientNorm.isFinite else {
      throw .notFinite(metric: "gradient-norm", iteration: iteration)
    }
    return [
      learner.gain, learner.divergence, learner.isLearning ? 1 : 0, Double(learner.trials),
      Double(learner.stepSize), learner.residual, fitting.loss, Double(learner.entropy),
      rollout.explainedVariance(), Double(learner.gradientNorm), Double(learningRate),
      policy.distribution.meanDeviation,
    ]
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
