internal import LinearAlgebra
internal import NeuralNetworks
public import Storage
public import Training

/// The policy's natural gradient step within a trust region.
///
/// The loss is `L = −mean(ρ A) − c H` on the whole rollout, with ρ the probability ratio to the
/// policy π_old before the step and c the entropy coefficient; g is its gradient and F the Fisher
/// matrix plus damping.  Conjugate gradients solve `F d = g`; the step `−√(2δ / dᵀFd) d` is shortened
/// until the loss falls and `mean KL(π_old ‖ π)` is at most δ, or not taken at all.
///
/// - Source: Schulman et al. 2015, arXiv:1502.05477, equation 14 and appendix C.
public final class TrustRegionLearner {
  /// Fall of the loss by the last update; 0 if it took no step.
  public private(set) var gain = 0.0
  /// Mean KL(π_old ‖ π) after the last update, in nats; 0 if it took no step.
  public private(set) var divergence = 0.0
  /// Number of steps that the last line search tried.
  public private(set) var trials = 0
  /// Factor on the direction d of the last step; 0 if there was none.
  public private(set) var stepSize: Float = 0
  /// Relative residual of the last direction, as a ratio of squared lengths.
  public private(set) var residual = 0.0
  /// Mean entropy before the last update, in nats.
  public private(set) var entropy: Float = 0
  /// Norm of the last gradient g.
  public private(set) var gradientNorm: Float = 0
  /// Whether the last update took a step.
  public private(set) var isLearning = false
  private let configuration: TRPOConfiguration
  private let policy: MLPPolicy
  private let distribution: any LikelihoodDistribution
  private let rollout: RolloutBuffer
  private let optimizer: Optimizer
  private let ownOptimizer: Optimizer
  private let workspace: MLP.Workspace
  private let fisher: FisherProduct
  private let solver: ConjugateGradient
  /// Inputs that the Fisher matrix is averaged over.
  private let fisherInputs: Matrix
  private let outputGradient: Matrix
  private let oldOutputs: Matrix
  private let oldOwn: Matrix
  private let advantages: Vector
  private let oldLogProbabilities: Vector
  private let logProbabilities: Vector
  private let weights: Vector
  private let scratch: Vector
  private let start: Vector
  private let gradient: Vector
  private let product: Vector

  /// Allocates all memory.
  ///
  /// - Parameters:
  ///   - configuration: Settings that have passed their own check.
  ///   - policy: The policy that learns, a plain perceptron.
  ///   - rollout: The rollout to learn from, whose advantages are computed before each update.
  public init(_ configuration: TRPOConfiguration, policy: MLPPolicy, rollout: RolloutBuffer) {
    let count = rollout.count
    self.configuration = configuration
    self.policy = policy
    self.rollout = rollout
    distribution = policy.likelihood
    optimizer = Optimizer(policy.network.parameters, .gradientDescent)
    ownOptimizer = Optimizer(distribution.parameters, .gradientDescent)
    workspace = policy.network.makeWorkspace(rows: count)
    let stride = configuration.fisherStride
    let rows = (count + stride - 1) / stride
    fisher = FisherProduct(policy.network, distribution, rows: rows)
    solver = ConjugateGradient(dimension: fisher.space.dimension)
    fisherInputs =
      stride == 1
      ? rollout.normalizedObservations
      : Matrix(rows: rows, columns: rollout.normalizedObservations.columns)
    outputGradient = Matrix(rows: count, columns: distribution.outputWidth)
    oldOutputs = Matrix(rows: count, columns: distribution.outputWidth)
    oldOwn = Matrix(rows: 1, columns: distribution.parameters.parameters[0].value.columns)
    advantages = Vector(count: count)
    oldLogProbabilities = Vector(count: count)
    logProbabilities = Vector(count: count)
    weights = Vector(count: count)
    scratch = Vector(count: count)
    start = Vector(count: fisher.space.dimension)
    gradient = Vector(count: fisher.space.dimension)
    product = Vector(count: fisher.space.dimension)
  }

  /// Takes a step on the rollout, unless no step in its direction is allowed or the gradient is not
  /// finite.
  public func improve() {
    (isLearning, gain, divergence, trials, stepSize, residual) = (false, 0, 0, 0, 0, 0)
    notePolicy()
    let loss = computeGradient()
    gradientNorm = Float(dot(gradient, gradient).squareRoot())
    guard gradientNorm.isFinite, let longest = findDirection() else { return }
    guard let accepted = searchStep(from: longest, loss: loss) else { return }
    takeStep(accepted)
  }

  /// Notes the policy and standardises the advantages.
  private func notePolicy() {
    advantages.copy(from: rollout.advantages)
    if configuration.normalizeAdvantages { standardize(advantages, count: rollout.count) }
    oldOutputs.copy(
      from: policy.network.forward(
        rollout.normalizedObservations, rows: rollout.count, in: workspace))
    oldOwn.copyRow(0, from: distribution.parameters.parameters[0].value, row: 0)
    distribution.logProbabilities(
      of: rollout.actions, outputs: oldOutputs, rows: rollout.count, into: oldLogProbabilities)
    fisher.space.copyValues(to: start)
  }

  /// Computes the loss at the current parameters, and each row's weight in its gradient.
  private func computeLoss() -> Double {
    let count = rollout.count
    let output = policy.network.forward(
      rollout.normalizedObservations, rows: count, in: workspace)
    distribution.logProbabilities(
      of: rollout.actions, outputs: output, rows: count, into: logProbabilities)
    for k in 0..<count { weights[k] = logProbabilities[k] - oldLogProbabilities[k] }
    exponential(weights, count: count)
    let scale = -1 / Float(count)
    var loss = 0.0
    for k in 0..<count {
      weights[k] *= scale * advantages[k]
      loss += Double(weights[k])
    }
    entropy = distribution.meanEntropy(output, rows: count, scratch: scratch)
    return loss - Double(configuration.entropyCoefficient * entropy)
  }

  /// Computes the loss on the rollout of the last update, and sets the gradients of network and
  /// distribution, at the current parameters.
  ///
  /// - Returns: The loss.
  @discardableResult
  public func computeGradient() -> Double {
    let loss = computeLoss()
    let count = rollout.count
    distribution.backward(
      weights: weights, entropyWeight: -configuration.entropyCoefficient,
      actions: rollout.actions, outputs: workspace.output, rows: count,
      outputGradient: outputGradient)
    policy.network.backward(
      rollout.normalizedObservations, rows: count, outputGradient: outputGradient, in: workspace)
    fisher.space.copyGradients(to: gradient)
    return loss
  }

  /// Solves `F d = g` and returns the length of the longest step; nil if d has none.
  private func findDirection() -> Float? {
    if configuration.fisherStride > 1 {
      for i in 0..<fisherInputs.rows {
        fisherInputs.copyRow(
          i, from: rollout.normalizedObservations, row: i * configuration.fisherStride)
      }
    }
    fisher.prepare(fisherInputs)
    solver.solve(
      gradient, iterations: configuration.conjugateGradientSteps,
      tolerance: configuration.conjugateGradientTolerance, multiply: multiply)
    residual = solver.relativeResidual
    multiply(solver.solution, into: product)
    let curvature = dot(solver.solution, product)
    let longest = Float((2 * Double(configuration.targetKL) / curvature).squareRoot())
    return curvature > 0 && longest.isFinite ? longest : nil
  }

  private func multiply(_ vector: Vector, into result: Vector) {
    fisher.multiply(vector, into: result)
    result.add(configuration.damping, vector)
  }

  /// Tries ever shorter steps, restores the parameters, and returns the first that is allowed.
  private func searchStep(from longest: Float, loss: Double) -> Float? {
    let entropyBefore = entropy
    defer {
      entropy = entropyBefore
      fisher.space.setValues(to: start)
      policy.network.parametersDidChange()
    }
    var length = longest
    for trial in 1...configuration.lineSearchSteps {
      fisher.space.setValues(from: start, distance: length, against: solver.solution)
      policy.network.parametersDidChange()
      let fall = loss - computeLoss()
      let divergence = distribution.divergence(
        DistributionBatch(outputs: oldOutputs, own: oldOwn),
        from: distribution.batch(workspace.output), rows: rollout.count)
      trials = trial
      if fall > 0 && divergence <= Double(configuration.targetKL) {
        (gain, self.divergence) = (fall, divergence)
        return length
      }
      length *= configuration.lineSearchFactor
    }
    return nil
  }

  /// Takes the step through the optimisers, so that interventions see it, and leaves the gradient of
  /// the loss behind for probes.
  private func takeStep(_ length: Float) {
    stepSize = length
    fisher.space.setGradients(to: solver.solution)
    optimizer.step(learningRate: length)
    policy.network.parametersDidChange()
    if distribution.parameters.count > 0 { ownOptimizer.step(learningRate: length) }
    // An entropy bonus alone would let the deviation grow without bound.
    if configuration.entropyCoefficient > 0 { distribution.limitParameters() }
    fisher.space.setGradients(to: gradient)
    isLearning = true
  }

  /// The policy's network, with the rollout as its minibatch if the last update took a step.
  public var named: NamedNetwork {
    let minibatch = LearntMinibatch(
      input: rollout.normalizedObservations, outputGradient: outputGradient,
      rows: rollout.count, meanRows: Double(rollout.count)
    ) { [self] in computeGradient() }
    return NamedNetwork(
      "policy", policy.network, optimizer: optimizer, workspace: workspace,
      own: distribution.parameters.count > 0
        ? [OwnParameters(distribution.parameters, optimizer: ownOptimizer)] : [],
      experience: rollout.experience, minibatch: isLearning ? minibatch : nil)
  }

  /// Writes the optimisers' states.
  public func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "policy.optimizer")
    archive.set(ownOptimizer, named: "policy.log-std.optimizer")
  }

  /// Restores the optimisers' states.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "policy.optimizer")
    try archive.read(into: ownOptimizer, named: "policy.log-std.optimizer")
  }
}
