public import LinearAlgebra
public import NeuralNetworks
public import Storage

/// A policy loss: a function of log-probabilities and advantages and, if the method has one, a
/// divergence from another policy.
public protocol PolicyObjective: AnyObject {
  /// Parameters that the loss learns beside the policy, such as multipliers; usually none.
  var own: [OwnParameters] { get }
  /// Gathers the data of a minibatch that the loss needs besides observations, actions and
  /// advantages.
  func gather(_ order: [Int32], _ rows: Range<Int>)
  /// Computes the loss and its derivative with respect to each row's log-probability.
  ///
  /// - Parameters:
  ///   - logProbabilities: Log-probabilities under the current policy, [≥ count], in nats.
  ///   - advantages: The advantages, [≥ count].
  ///   - count: The number B of rows.
  ///   - weights: The vector that receives the derivatives, [≥ count].
  /// - Returns: The loss, averaged over the rows.
  func differentiate(
    logProbabilities: Vector, advantages: Vector, count: Int, weights: Vector
  ) -> Float
  /// Adds the gradient of a divergence between the current policy and another one.
  ///
  /// - Parameters:
  ///   - distribution: The current policy's distribution, whose own gradients are added to.
  ///   - outputs: Outputs of the current policy's network, [≥ count × D].
  ///   - count: The number B of rows.
  ///   - outputGradient: The gradient to add to, [≥ count × D].
  /// - Returns: What the divergence adds to the loss, averaged over the rows.
  func addDivergence(
    of distribution: any LikelihoodDistribution, outputs: Matrix, count: Int,
    outputGradient: Matrix
  ) -> Float
  /// Takes the steps of ``own`` parameters, after the policy's step on the same minibatch.
  func didStep()
}

extension PolicyObjective {
  /// No parameters.
  public var own: [OwnParameters] { [] }
  /// Does nothing: most losses have no parameters of their own.
  public func didStep() {}
  /// Adds nothing: most losses have no divergence.
  public func addDivergence(
    of distribution: any LikelihoodDistribution, outputs: Matrix, count: Int,
    outputGradient: Matrix
  ) -> Float { 0 }
}

/// The policy's part of an update: minibatch, objective, entropy bonus, gradient and step.
///
/// Each `xGradient` is the derivative of the total loss with respect to x, averaged over the B
/// rows.
public final class PolicyLearner<Objective: PolicyObjective>: GradientLearner {
  /// Loss to minimise, without the entropy bonus.
  public let objective: Objective
  /// Objective of the last minibatch.
  public private(set) var loss: Float = 0
  /// Mean entropy of the last minibatch, in nats.
  public private(set) var entropy: Float = 0
  /// Squared norm of the last gradient.
  public private(set) var squaredNorm: Float = 0
  /// Whether the policy has learnt in this iteration.
  public var isLearning = false
  private let settings: OnPolicySettings
  private let policy: MLPPolicy
  private let distribution: any LikelihoodDistribution
  private let rollout: RolloutBuffer
  private let optimizer: Optimizer
  private let ownOptimizer: Optimizer
  private let workspace: MLP.Workspace
  private let observations: Matrix
  private let actions: Matrix
  private let outputGradient: Matrix
  private let advantages: Vector
  private let logProbabilities: Vector
  private let weights: Vector
  private let scratch: Vector

  /// Allocates memory for minibatches of up to `rows` rows.
  public init(
    _ objective: Objective, _ settings: OnPolicySettings, rule: OptimizerRule, policy: MLPPolicy,
    rollout: RolloutBuffer, rows: Int
  ) {
    self.objective = objective
    self.settings = settings
    self.policy = policy
    self.rollout = rollout
    distribution = policy.likelihood
    optimizer = Optimizer(policy.network.parameters, rule)
    ownOptimizer = Optimizer(distribution.parameters, rule)
    workspace = policy.network.makeWorkspace(rows: rows)
    observations = Matrix(rows: rows, columns: rollout.observations.columns)
    actions = Matrix(rows: rows, columns: rollout.actions.columns)
    outputGradient = Matrix(rows: rows, columns: distribution.outputWidth)
    advantages = Vector(count: rows)
    logProbabilities = Vector(count: rows)
    weights = Vector(count: rows)
    scratch = Vector(count: rows)
  }

  /// Gathers the rows of a minibatch and computes the gradient of the objective and the entropy
  /// bonus.
  public func computeGradient(_ order: [Int32], _ rows: Range<Int>, task: Int) {
    gather(order, rows)
    computeGradient(rows.count)
  }

  /// Gathers the rows of a minibatch.
  public func gather(_ order: [Int32], _ rows: Range<Int>) {
    for (k, position) in rows.enumerated() {
      let row = Int(order[position])
      observations.copyRow(k, from: rollout.normalizedObservations, row: row)
      actions.copyRow(k, from: rollout.actions, row: row)
      advantages[k] = rollout.advantages[row]
    }
    objective.gather(order, rows)
    if settings.normalizeAdvantages { standardize(advantages, count: rows.count) }
  }

  /// Computes the gradient of the objective and the entropy bonus on the gathered rows.
  public func computeGradient(_ count: Int) {
    let output = policy.network.forward(observations, rows: count, in: workspace)
    distribution.logProbabilities(
      of: actions, outputs: output, rows: count, into: logProbabilities)
    entropy = distribution.meanEntropy(output, rows: count, scratch: scratch)
    loss = objective.differentiate(
      logProbabilities: logProbabilities, advantages: advantages, count: count, weights: weights)
    distribution.backward(
      weights: weights, entropyWeight: -settings.entropyCoefficient, actions: actions,
      outputs: output, rows: count, outputGradient: outputGradient)
    loss += objective.addDivergence(
      of: distribution, outputs: output, count: count, outputGradient: outputGradient)
    policy.network.backward(
      observations, rows: count, outputGradient: outputGradient, in: workspace)
    squaredNorm =
      sumOfSquares(policy.network.parameters.gradients)
      + sumOfSquares(distribution.parameters.gradients)
  }

  /// The policy's network, with its last minibatch if it has learnt in this iteration.
  public var named: NamedNetwork {
    let minibatch = LearntMinibatch(
      input: observations, outputGradient: outputGradient, rows: workspace.rows,
      meanRows: rollout.meanRows(inMinibatchesOf: workspace.capacity)
    ) { [self] in computeGradient(workspace.rows) }
    return NamedNetwork(
      "policy", policy.network, optimizer: optimizer, workspace: workspace,
      own: (distribution.parameters.count > 0
        ? [OwnParameters(distribution.parameters, optimizer: ownOptimizer)] : []) + objective.own,
      experience: rollout.experience, minibatch: isLearning ? minibatch : nil)
  }

  /// Takes a step along the last gradient, multiplied by a factor.
  public func step(_ learningRate: Float, gradientScale: Float) {
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    policy.network.parametersDidChange()
    objective.didStep()
    guard distribution.parameters.count > 0 else { return }
    ownOptimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    // An entropy bonus alone would let the deviation grow without bound.
    if settings.entropyCoefficient > 0 { distribution.limitParameters() }
  }

  /// Writes the optimisers' moments.
  public func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "policy.adam")
    archive.set(ownOptimizer, named: "policy.log-std.adam")
  }

  /// Restores the optimisers' moments.
  public func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "policy.adam")
    try archive.read(into: ownOptimizer, named: "policy.log-std.adam")
  }
}
