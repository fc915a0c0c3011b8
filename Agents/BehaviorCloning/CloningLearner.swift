internal import LinearAlgebra
internal import NeuralNetworks
internal import Storage
internal import Training

/// The policy's part in behaviour cloning: minibatch, loss, gradient and step.
final class CloningLearner {
  /// Loss of the last minibatch, without the entropy bonus.
  private(set) var loss: Float = 0
  /// Squared norm of the last gradient.
  private(set) var squaredNorm: Float = 0
  /// Mean entropy of the last minibatch, in nats.
  var entropy: Float { distance.entropy }
  private let limitsDeviation: Bool
  private let policy: MLPPolicy
  private let distance: CloningLoss
  private let optimizer: Optimizer
  private let ownOptimizer: Optimizer
  private let workspace: MLP.Workspace
  private let inputs: Matrix
  private let actions: Matrix
  private let outputGradient: Matrix
  /// Separate from the minibatch's, which probes see after an iteration.
  private let measuredWorkspace: MLP.Workspace
  private let measuredInputs: Matrix
  private let measuredActions: Matrix
  private let measuredGradient: Matrix
  private let measuredDistance: CloningLoss
  private var hasLearnt = false

  init(_ configuration: BehaviorCloningConfiguration, policy: MLPPolicy) {
    self.policy = policy
    let rows = configuration.minibatchSize
    let (network, distribution) = (policy.network, policy.distribution)
    let (width, outputs) = (network.architecture.inputs, distribution.outputWidth)
    let loss = {
      CloningLoss(
        configuration.loss, of: distribution,
        entropyCoefficient: configuration.entropyCoefficient, rows: rows)
    }
    (distance, measuredDistance) = (loss(), loss())
    limitsDeviation = configuration.loss == .likelihood
    let rule = OptimizerRule.adam(AdamConfiguration(weightDecay: configuration.weightDecay))
    optimizer = Optimizer(network.parameters, rule)
    ownOptimizer = Optimizer(distribution.parameters, .adam(AdamConfiguration()))
    (workspace, measuredWorkspace) = (
      network.makeWorkspace(rows: rows), network.makeWorkspace(rows: rows)
    )
    inputs = Matrix(rows: rows, columns: width)
    measuredInputs = Matrix(rows: rows, columns: width)
    actions = Matrix(rows: rows, columns: distribution.actionWidth)
    measuredActions = Matrix(rows: rows, columns: distribution.actionWidth)
    outputGradient = Matrix(rows: rows, columns: outputs)
    measuredGradient = Matrix(rows: rows, columns: outputs)
  }

  /// Puts a recorded step into a row of the minibatch.
  func gather(_ step: LearntStep, of recordings: RecordedEpisodes, row: Int) {
    policy.normalizer.normalize(
      recordings.observations, firstRow: step.observationRow, rows: 1, into: inputs, at: row)
    actions.copyRow(row, from: recordings.actions, row: step.row)
  }

  /// Computes the gradient on the gathered rows.
  func computeGradient(rows: Int) {
    let output = policy.network.forward(inputs, rows: rows, in: workspace)
    loss = distance.differentiate(
      outputs: output, actions: actions, rows: rows, outputGradient: outputGradient)
    policy.network.backward(inputs, rows: rows, outputGradient: outputGradient, in: workspace)
    squaredNorm =
      sumOfSquares(policy.network.parameters.gradients)
      + sumOfSquares(policy.distribution.parameters.gradients)
    hasLearnt = true
  }

  /// Takes a step along the last gradient.
  func step(_ learningRate: Float) {
    optimizer.step(learningRate: learningRate)
    policy.network.parametersDidChange()
    // Squared errors leave the deviation as it is.
    guard limitsDeviation, policy.distribution.parameters.count > 0 else { return }
    ownOptimizer.step(learningRate: learningRate)
    policy.likelihood.limitParameters()
  }

  /// Measures on recorded steps.
  ///
  /// - Returns: The mean loss and the mean error, a squared error or a share of other choices; NaN if
  ///   there are no steps.
  func measure(
    _ steps: [LearntStep], of recordings: RecordedEpisodes
  ) -> (loss: Double, error: Double) {
    var sums = (loss: 0.0, error: 0.0)
    for first in stride(from: 0, to: steps.count, by: measuredInputs.rows) {
      let part = steps[first..<min(first + measuredInputs.rows, steps.count)]
      for (k, step) in part.enumerated() {
        policy.normalizer.normalize(
          recordings.observations, firstRow: step.observationRow, rows: 1, into: measuredInputs,
          at: k)
        measuredActions.copyRow(k, from: recordings.actions, row: step.row)
      }
      let output = policy.network.forward(measuredInputs, rows: part.count, in: measuredWorkspace)
      let loss = measuredDistance.differentiate(
        outputs: output, actions: measuredActions, rows: part.count,
        outputGradient: measuredGradient)
      sums.loss += Double(loss) * Double(part.count)
      sums.error += measuredDistance.error(
        outputs: output, actions: measuredActions, rows: part.count)
    }
    return (sums.loss / Double(steps.count), sums.error / Double(steps.count))
  }

  /// Returns the policy's network with its last minibatch.
  func named(experience: NetworkExperience) -> NamedNetwork {
    let minibatch = LearntMinibatch(
      input: inputs, outputGradient: outputGradient, rows: inputs.rows,
      meanRows: Double(inputs.rows)
    ) { [self] in computeGradient(rows: inputs.rows) }
    let own = policy.distribution.parameters
    return NamedNetwork(
      "policy", policy.network, optimizer: optimizer, workspace: workspace,
      own: own.count > 0 ? [OwnParameters(own, optimizer: ownOptimizer)] : [],
      experience: experience, minibatch: hasLearnt ? minibatch : nil)
  }

  func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "policy.adam")
    archive.set(ownOptimizer, named: "policy.log-std.adam")
  }

  func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "policy.adam")
    try archive.read(into: ownOptimizer, named: "policy.log-std.adam")
  }
}
