internal import LinearAlgebra
internal import NeuralNetworks
package import Training
package import Storage

/// The policy's half of a PPO update: minibatch, clipped surrogate, gradient, Adam.
///
/// Every `xGradient` is the derivative of the total loss by x, averaged over the B rows.
package final class PPOPolicyLearner {
  /// Of the last minibatch: minus the clipped surrogate.
  package private(set) var loss: Float = 0
  /// Of the last minibatch: mean entropy, in nats.
  package private(set) var entropy: Float = 0
  /// Of the last minibatch: the k3 estimate of KL(old ‖ new), in nats.
  package private(set) var divergence: Float = 0
  /// Of the last minibatch: fraction of rows whose ratio left 1 ± ε.
  package private(set) var clipFraction: Float = 0
  /// Of the last gradient.
  package private(set) var squaredNorm: Float = 0
  private let configuration: PPOConfiguration
  private let policy: MLPPolicy
  private let distribution: any LikelihoodDistribution
  private let rollout: RolloutBuffer
  private let optimizer: Adam
  private let deviationOptimizer: Adam
  private let workspace: MLP.Workspace
  private let observations: Matrix
  private let actions: Matrix
  private let outputGradient: Matrix
  private let oldLogProbabilities: Vector
  private let advantages: Vector
  private let logProbabilities: Vector
  private let logRatios: Vector
  private let ratios: Vector
  private let scratch: Vector
  private let weights: Vector
  private var clipRange: Float = 0

  package init(_ configuration: PPOConfiguration, _ policy: MLPPolicy, _ rollout: RolloutBuffer) {
    let rows = configuration.minibatchSize
    self.configuration = configuration
    self.policy = policy
    distribution = policy.likelihood
    self.rollout = rollout
    let settings = AdamConfiguration(epsilon: configuration.adamEpsilon)
    optimizer = Adam(policy.network.parameters, configuration: settings)
    deviationOptimizer = Adam(distribution.parameters, configuration: settings)
    workspace = policy.network.makeWorkspace(rows: rows)
    observations = Matrix(rows: rows, columns: rollout.observations.columns)
    actions = Matrix(rows: rows, columns: rollout.actions.columns)
    outputGradient = Matrix(rows: rows, columns: rollout.distributions.columns)
    oldLogProbabilities = Vector(count: rows)
    advantages = Vector(count: rows)
    logProbabilities = Vector(count: rows)
    logRatios = Vector(count: rows)
    ratios = Vector(count: rows)
    scratch = Vector(count: rows)
    weights = Vector(count: rows)
  }

  /// Gathers the rows of a minibatch and computes the gradient of the clipped surrogate.
  ///
  /// `−mean(min(ρ A, clip(ρ, 1 − ε, 1 + ε) A)) − c H`: Schulman et al. 2017, equations 7 and 9.
  package func computeGradient(_ order: [Int32], _ rows: Range<Int>, clipRange: Float) {
    gather(order, rows)
    if configuration.normalizeAdvantages { standardizeAdvantages(rows.count) }
    self.clipRange = clipRange
    computeGradient(rows.count)
  }

  /// Computes the gradient on the rows that are gathered.
  private func computeGradient(_ count: Int) {
    let output = policy.network.forward(observations, rows: count, in: workspace)
    distribution.logProbabilities(
      of: actions, outputs: output, rows: count, into: logProbabilities)
    entropy = distribution.meanEntropy(output, rows: count, scratch: scratch)
    let scale = 1 / Float(count)
    (loss, divergence, clipFraction) = (0, 0, 0)
    for k in 0..<count { logRatios[k] = logProbabilities[k] - oldLogProbabilities[k] }
    for k in 0..<count { divergence -= scale * (1 + logRatios[k]) }
    ratios.copy(from: logRatios)
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
    distribution.backward(
      weights: weights, entropyWeight: -configuration.entropyCoefficient, actions: actions,
      outputs: output, rows: count, outputGradient: outputGradient)
    policy.network.backward(
      observations, rows: count, outputGradient: outputGradient, in: workspace)
    squaredNorm =
      sumOfSquares(policy.network.parameters.gradients)
      + sumOfSquares(distribution.parameters.gradients)
  }

  /// The policy's network with what it learnt from last.
  func named(isLearning: Bool) -> NamedNetwork {
    let minibatch = LearntMinibatch(
      input: observations, outputGradient: outputGradient, rows: workspace.rows,
      experience: rollout.normalizedObservations
    ) { [self] in computeGradient(workspace.rows) }
    return NamedNetwork(
      "policy", policy.network, optimizer: optimizer, workspace: workspace,
      minibatch: isLearning ? minibatch : nil)
  }

  /// Takes Adam's step along the last gradient, scaled.
  package func step(_ learningRate: Float, gradientScale: Float) {
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    policy.network.parametersDidChange()
    guard distribution.parameters.count > 0 else { return }
    deviationOptimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    // An entropy bonus alone would let the deviation grow without bound.
    if configuration.entropyCoefficient > 0 { distribution.limitParameters() }
  }

  private func gather(_ order: [Int32], _ rows: Range<Int>) {
    for (k, position) in rows.enumerated() {
      let row = Int(order[position])
      observations.copyRow(k, from: rollout.normalizedObservations, row: row)
      actions.copyRow(k, from: rollout.actions, row: row)
      oldLogProbabilities[k] = rollout.logProbabilities[row]
      advantages[k] = rollout.advantages[row]
    }
  }

  /// `(A − mean) / (std + 1e-8)`, with the sample's standard deviation as PyTorch has it.
  private func standardizeAdvantages(_ count: Int) {
    var (sum, squares) = (Float(0), Float(0))
    for k in 0..<count { sum += advantages[k] }
    let mean = sum / Float(count)
    for k in 0..<count { squares += (advantages[k] - mean) * (advantages[k] - mean) }
    let scale = 1 / ((squares / Float(count - 1)).squareRoot() + 1e-8)
    for k in 0..<count { advantages[k] = (advantages[k] - mean) * scale }
  }

  /// Writes the optimisers' moments.
  package func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "policy.adam")
    archive.set(deviationOptimizer, named: "policy.log-std.adam")
  }

  /// Reads the optimisers' moments.
  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "policy.adam")
    try archive.read(into: deviationOptimizer, named: "policy.log-std.adam")
  }
}
