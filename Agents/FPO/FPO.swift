public import LinearAlgebra
public import NeuralNetworks
public import RLCore
public import Storage
public import Training

/// An agent that learns a flow policy by flow policy optimisation.
public typealias FPOAgent = OnPolicyAgent<FPO>

/// The update of flow policy optimisation: several epochs of minibatch steps on a clipped objective
/// whose ratio compares flow-matching losses, in place of log-probabilities.
///
/// - Source: McAllister et al. 2025, arXiv:2507.21053; FPO++ of arXiv:2602.02481.
/// - Difference from source: advantages are computed once per rollout, and truncated episodes
///   bootstrap from their last observation.
public final class FPO: OnPolicyMethod {
  public let metricNames = [
    "policy-loss", "value-loss", "flow-loss", "entropy", "approximate-kl", "clip-fraction",
    "ratio-deviation", "noise-drift", "map-distance", "explained-variance", "gradient-norm",
    "learning-rate",
  ]
  private let configuration: FPOConfiguration
  private let policy: FlowPolicy
  private let rollout: RolloutBuffer
  private let joint: JointUpdate<FlowLearner>
  private var order: MinibatchOrder
  /// Learning rate that adapts to the drift; unused without a target.
  private var adaptiveRate: Float
  /// Number of updates so far.
  private var updates = 0

  /// Range of an adaptive learning rate.
  private static let rates: ClosedRange<Float> = 1e-5...1e-2

  public static func makePolicy(
    _ configuration: FPOConfiguration, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) -> FlowPolicy {
    let shared = configuration.shared
    let policy = FlowPolicy(
      specification: specification, shape: configuration.shape, hidden: shared.policyHidden,
      activation: shared.activation, usesLayerNorm: shared.layerNorm,
      outputGain: configuration.initialVelocityScale,
      keepsAverage: configuration.averageDecay != nil,
      normalizesObservations: shared.normalizeObservations, random: &random)
    policy.lossTimes = configuration.lossTimes
    policy.pairsLossSamples = configuration.pairedSamples
    policy.rolloutNoise = configuration.actionNoise
    return policy
  }

  public static func columns(
    _ configuration: FPOConfiguration, policy: FlowPolicy
  ) -> [RolloutColumn] {
    policy.columns(
      samples: configuration.samplesPerAction, keepsFlows: configuration.mapCoefficient > 0)
  }

  public init(
    _ configuration: FPOConfiguration, policy: FlowPolicy, critic: MLP, rollout: RolloutBuffer,
    seed: UInt64
  ) {
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let (shared, rows) = (configuration.shared, configuration.minibatchSize)
    joint = JointUpdate(
      policy: FlowLearner(
        configuration, rule: configuration.rule, policy: policy, rollout: rollout, rows: rows),
      value: ValueLearner(
        critic, rollout, rows: rows, coefficient: shared.valueCoefficient,
        clipRange: configuration.valueClipRange, rule: configuration.rule),
      maximumGradientNorm: shared.maximumGradientNorm)
    order = MinibatchOrder(count: rollout.count, seed: seed)
    adaptiveRate = shared.learningRate
  }

  public var networks: [NamedNetwork] { [joint.policy.named, joint.value.named] }

  /// Computes the old losses of the rollout's samples.
  public func prepare(part: Int, of parts: Int) {
    joint.policy.evaluateReference(part: part, of: parts)
  }

  public func improve(
    pool: WorkerPool, progressRemaining: Double, iteration: Int
  ) throws(TrainingError) -> [Double] {
    var means = MetricMeans(count: 11)
    let needsTwoRows =
      configuration.shared.normalizeAdvantages && configuration.advantageScope == .minibatch
    joint.policy.beginUpdate()
    joint.begin(
      learningRate: configuration.targetDrift == nil
        ? configuration.shared.learningRates.value(progressRemaining: progressRemaining)
        : adaptiveRate)
    for _ in 0..<configuration.epochs {
      order.shuffle()
      for first in stride(from: 0, to: rollout.count, by: configuration.minibatchSize) {
        let rows = first..<min(first + configuration.minibatchSize, rollout.count)
        if rows.count < 2 && needsTwoRows { continue }
        joint.computeGradients(order.rows, rows, pool: pool)
        adaptRate()
        try joint.accept(iteration: iteration)
        means.add(minibatchMetrics)
      }
    }
    joint.finish()
    joint.policy.finishUpdate()
    updates += 1
    updateAverage()
    return means.values[0..<9] + [rollout.explainedVariance()] + means.values[9...]
  }

  /// Metrics of the last minibatch, in order, without the explained variance.
  private var minibatchMetrics: [Double] {
    let sums = joint.policy.statistics
    let (shared, hasMap) = (configuration.shared, configuration.mapCoefficient > 0)
    return [
      Double(sums.loss), Double(joint.value.loss), Double(sums.flowLoss),
      shared.entropyCoefficient > 0 ? Double(sums.entropy) : .nan, Double(sums.divergence),
      Double(sums.clipFraction), Double(sums.greatestDeviation),
      configuration.targetDrift == nil ? .nan : Double(sums.drift),
      hasMap ? Double(sums.mapDistance) : .nan, Double(joint.gradientNorm),
      Double(joint.learningRate),
    ]
  }

  /// Changes the learning rate by a factor of 1.5 if the drift is beyond half or twice its target.
  ///
  /// - Source: the adaptive schedule in the code of arXiv:2602.02481.
  private func adaptRate() {
    guard let target = configuration.targetDrift else { return }
    let drift = joint.policy.statistics.drift
    if drift > 2 * target {
      adaptiveRate = max(Self.rates.lowerBound, adaptiveRate / 1.5)
    } else if drift > 0 && drift < target / 2 {
      adaptiveRate = min(Self.rates.upperBound, adaptiveRate * 1.5)
    }
    joint.learningRate = adaptiveRate
  }

  /// Moves the averaged weights towards the current ones, or onto them before the warm-up is over.
  private func updateAverage() {
    guard let average = policy.average, let decay = configuration.averageDecay else { return }
    if updates > configuration.averageWarmUp {
      softUpdate(
        average.parameters.values, towards: policy.network.parameters.values, rate: 1 - decay)
      average.followFrozenParts(of: policy.network, rate: 1 - decay)
    } else {
      average.parameters.copyValues(from: policy.network.parameters)
    }
    average.parametersDidChange()
  }

  public func save(to archive: inout TensorArchive) {
    joint.save(to: &archive)
    order.save(to: &archive)
    archive.set("flow.updates", .words([UInt64(updates)]))
    archive.set("flow.learning-rate", .floats([adaptiveRate]))
  }

  public func load(from archive: TensorArchive) throws(ArchiveError) {
    let updates = try archive.words("flow.updates", count: 1)[0]
    let rate = try archive.floats("flow.learning-rate", count: 1)[0]
    guard updates < 1 << 62, rate.isFinite, rate > 0 else {
      throw .invalid(reason: "its flow's updates or learning rate are impossible")
    }
    try joint.load(from: archive)
    try order.load(from: archive)
    (self.updates, adaptiveRate) = (Int(updates), rate)
  }
}
