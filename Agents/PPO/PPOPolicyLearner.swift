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
  private let ratios: Vector
  private let weights: Vector
  private var clipRange: Float = 0

  package init(_ configuration: PPOConfiguration, _ policy: MLPPolicy, _ rollout: RolloutBuffer) {
    let rows = configuration.minibatchSize
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    let settings = AdamConfiguration(epsilon: configuration.adamEpsilon)
    optimizer = Adam(policy.network.parameters, configuration: settings)
    deviationOptimizer = Adam(policy.logDeviation, configuration: settings)
    workspace = policy.network.makeWorkspace(rows: rows)
    observations = Matrix(rows: rows, columns: rollout.observations.columns)
    actions = Matrix(rows: rows, columns: rollout.actions.columns)
    outputGradient = Matrix(rows: rows, columns: rollout.distributions.columns)
    oldLogProbabilities = Vector(count: rows)
    advantages = Vector(count: rows)
    logProbabilities = Vector(count: rows)
    ratios = Vector(count: rows)
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
    computeLogProbabilities(output, count)
    let scale = 1 / Float(count)
    (loss, divergence, clipFraction) = (0, 0, 0)
    for k in 0..<count { ratios[k] = logProbabilities[k] - oldLogProbabilities[k] }
    for k in 0..<count { divergence -= scale * (1 + ratios[k]) }
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
    backpropagate(output, count)
    squaredNorm = sumOfSquares(policy.network.parameters.gradients)
    if policy.head == .gaussian { squaredNorm += sumOfSquares(policy.logDeviation.gradients) }
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
    guard policy.head == .gaussian else { return }
    deviationOptimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    // An entropy bonus alone would let the deviation grow without bound.
    guard configuration.entropyCoefficient > 0 else { return }
    let logStd = policy.logDeviation.parameters[0].value
    for j in 0..<logStd.columns { logStd[0, j] = min(max(logStd[0, j], -5), 2) }
  }

  /// Mean standard deviation over the action's components; NaN for a categorical policy.
  package func meanDeviation() -> Double {
    guard policy.head == .gaussian else { return .nan }
    let logStd = policy.logDeviation.parameters[0].value
    let sum = (0..<logStd.columns).reduce(0.0) { $0 + Double(ScalarMaths.exp(logStd[0, $1])) }
    return sum / Double(logStd.columns)
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

  private func computeLogProbabilities(_ output: Matrix, _ count: Int) {
    if policy.head == .categorical {
      Categorical.logProbabilities(
        of: actions, logits: output, rows: count, into: logProbabilities)
      Categorical.entropies(logits: output, rows: count, into: ratios)
      entropy = 0
      for k in 0..<count { entropy += ratios[k] / Float(count) }
    } else {
      let logStd = policy.logDeviation.parameters[0].value
      DiagonalGaussian.logProbabilities(
        of: actions, mean: output, logStd: logStd, rows: count, into: logProbabilities)
      entropy = DiagonalGaussian.entropy(logStd: logStd)
    }
  }

  private func backpropagate(_ output: Matrix, _ count: Int) {
    let bonus = configuration.entropyCoefficient
    if policy.head == .categorical {
      Categorical.backward(
        weights: weights, entropyWeight: -bonus / Float(count), actions: actions, logits: output,
        rows: count, logitGradient: outputGradient)
    } else {
      let logStd = policy.logDeviation.parameters[0]
      // The entropy of a Gaussian grows by 1 with each log-deviation.
      logStd.gradient.fill(-bonus)
      DiagonalGaussian.backward(
        weights: weights, actions: actions, mean: output, logStd: logStd.value, rows: count,
        meanGradient: outputGradient, logStdGradient: logStd.gradient)
    }
    policy.network.backward(
      observations, rows: count, outputGradient: outputGradient, in: workspace)
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
