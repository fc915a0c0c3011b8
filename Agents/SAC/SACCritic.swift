package import LinearAlgebra
package import NeuralNetworks
internal import Training
package import Storage

/// A critic of SAC with its target network, its optimiser and the memory for a minibatch.
///
/// Without a target network, the critic computes target values itself, in one pass over present and
/// next actions, and then learns from the present half; batch normalisation requires this.
///
/// Dropout, if set, applies to targets, to the critic's loss and to the policy's.  It does not
/// apply in ``value(of:action:in:)``.
///
/// - Source: dropout of Hiraoka et al. 2022, arXiv:2110.02034; one pass without targets of Bhatt et
///   al. 2024, arXiv:1902.05605.
///
/// Shapes: B rows, O observation and A action components, K quantiles.  Each critic runs as a
/// separate task; critics share no mutable state.
package final class SACCritic {
  /// Network that maps observation and action [B × (O + A)] to K quantiles of the return [B × K].
  package let network: MLP
  /// Target network, which slowly follows ``network``; nil if there are no target networks.
  package let target: MLP?
  /// Values of the next observation and action, for targets [B × K].
  package let targetValues: Matrix
  /// Mean over the K values of the policy's action [B].
  package let policyValues: Vector
  /// Derivative of ``policyValues`` by observation and action [B × (O + A)].
  package let inputGradient: Matrix
  /// Loss of the last minibatch.
  package private(set) var loss: Float = 0
  /// Mean value of the last minibatch's actions.
  package private(set) var meanValue: Float = 0
  /// Greatest value of the last minibatch's actions.
  package private(set) var greatestValue: Float = 0
  /// Squared Euclidean norm of the last gradient.
  package private(set) var squaredNorm: Float = 0
  /// Random stream of dropout in this critic and its target network.
  package var dropoutStream: RandomStream
  private let usesDropout: Bool
  private let optimizer: Optimizer
  /// Workspace for minibatches and the policy's actions in turn, which saves memory traffic.
  private let workspace: MLP.Workspace
  private let targetWorkspace: MLP.Workspace?
  private let jointPass: SACJointPass?
  private let input: Matrix
  private let nextInput: Matrix
  private let policyInput: Matrix
  private let valueGradient: Matrix
  private let meanValues: Vector
  private let meanGradient: Matrix

  /// Creates a critic with new weights from `random`; dropout has its own stream, made from `seed`.
  package init(
    _ index: Int, _ configuration: SACConfiguration, observationWidth: Int, actionWidth: Int,
    seed: UInt64, random: inout RandomStream
  ) {
    usesDropout = configuration.criticDropout > 0
    dropoutStream = RandomStream(seed: seed, name: "critic-dropout", index: index)
    let width = observationWidth + actionWidth
    let architecture = MLPArchitecture(
      inputs: width, hidden: configuration.criticHidden, outputs: configuration.quantiles,
      activation: configuration.activation, usesLayerNorm: configuration.criticLayerNorm,
      pattern: configuration.criticArchitecture, usesBatchNorm: configuration.criticBatchNorm)
    let initializer: WeightInitializer = architecture.pattern == .plain ? .fanInUniform : .heNormal
    network = MLP(
      name: "critic.\(index)", architecture: architecture, initializer: initializer,
      random: &random)
    let (rows, dropout) = (configuration.batchSize, configuration.criticDropout)
    if configuration.usesTargetNetworks {
      var unused = RandomStream(seed: 0, name: "unused")
      let target = MLP(
        name: "target-critic.\(index)", architecture: architecture, initializer: initializer,
        random: &unused)
      let targetWorkspace = target.makeWorkspace(rows: rows, dropout: dropout)
      (self.target, self.targetWorkspace, jointPass) = (target, targetWorkspace, nil)
      targetValues = targetWorkspace.output
    } else {
      (target, targetWorkspace) = (nil, nil)
      jointPass = SACJointPass(network, rows: rows, dropout: dropout)
      targetValues = Matrix(rows: rows, columns: configuration.quantiles)
    }
    optimizer = Optimizer(
      network.parameters,
      .adam(
        AdamConfiguration(
          beta1: configuration.adamBeta1, weightDecay: configuration.weightDecay)))
    workspace = network.makeWorkspace(rows: rows, dropout: dropout)
    input = Matrix(rows: rows, columns: width)
    nextInput = Matrix(rows: rows, columns: width)
    policyInput = Matrix(rows: rows, columns: width)
    inputGradient = Matrix(rows: rows, columns: width)
    policyValues = Vector(count: rows)
    meanValues = Vector(count: rows)
    valueGradient = Matrix(rows: rows, columns: configuration.quantiles)
    meanGradient = Matrix(rows: rows, columns: configuration.quantiles)
    meanGradient.fill(1 / Float(configuration.quantiles))
    copyToTarget()
  }

  /// Makes the target network equal to the network, which must be new.
  package func copyToTarget() {
    target?.removeFrozenParts()
    target?.parameters.copyValues(from: network.parameters)
    target?.parametersDidChange()
  }

  /// Evaluates next actions with the target network, which must exist.
  package func evaluateTarget(observations: Matrix, actions: Matrix) {
    guard let target, let targetWorkspace else {
      preconditionFailure("\(network.name) has no target network")
    }
    join(observations, actions, into: nextInput)
    targetWorkspace.drawDropout(using: &dropoutStream)
    target.forward(nextInput, rows: nextInput.rows, in: targetWorkspace)
  }

  /// Evaluates present and next actions in one pass; there must be no target network.
  ///
  /// The next gradient is computed from the present half.
  package func evaluateJointly(
    observations: Matrix, actions: Matrix, nextObservations: Matrix, nextActions: Matrix
  ) {
    guard let jointPass else { preconditionFailure("\(network.name) has a target network") }
    join(observations, actions, into: input)
    join(nextObservations, nextActions, into: nextInput)
    jointPass.forward(
      network, present: input, next: nextInput, nextValues: targetValues,
      dropoutStream: &dropoutStream)
  }

  /// Takes one optimiser step towards targets, unless the gradient is not finite.
  ///
  /// With one value: `mean ½ (Q − y)²`.  With quantiles: the quantile Huber loss of every quantile
  /// against every target, `mean |τ − 1{y < θ}| huber(y − θ)`, with τ in the middle of each
  /// interval.
  ///
  /// - Source: Dabney et al. 2018, arXiv:1710.10044, equation 10; Kuznetsov et al. 2020,
  ///   arXiv:2005.04269.
  /// - Parameters:
  ///   - observations: Observations [B × O].
  ///   - actions: Actions [B × A].
  ///   - targets: Target values [B × J].
  ///   - learningRate: Learning rate of this step.
  package func learn(
    observations: Matrix, actions: Matrix, targets: Matrix, learningRate: Float
  ) {
    computeGradient(observations: observations, actions: actions, targets: targets)
    guard squaredNorm.isFinite else { return }
    optimizer.step(learningRate: learningRate)
    network.parametersDidChange()
  }

  /// Computes the gradient of ``learn(observations:actions:targets:learningRate:)``.
  ///
  /// Without a target network, call
  /// ``evaluateJointly(observations:actions:nextObservations:nextActions:)`` first, with the same
  /// observations and actions.
  ///
  /// - Parameters:
  ///   - observations: Observations [B × O].
  ///   - actions: Actions [B × A].
  ///   - targets: Target values [B × J].
  ///   - keepsDropout: Whether to reuse the last dropout mask instead of drawing a new one.
  package func computeGradient(
    observations: Matrix, actions: Matrix, targets: Matrix, keepsDropout: Bool = false
  ) {
    let values =
      jointPass?.values ?? evaluate(observations, actions, keepsDropout: keepsDropout)
    let rows = values.rows
    if values.columns == 1 {
      let scale = 1 / Float(rows)
      var sum: Float = 0
      for i in 0..<rows {
        let error = values[i, 0] - targets[i, 0]
        sum += 0.5 * scale * error * error
        valueGradient[i, 0] = scale * error
      }
      loss = sum
    } else {
      loss = QuantileKernels.loss(
        of: values, targets: targets, rows: rows, gradient: valueGradient)
    }
    values.writeMeans(ofRows: rows, to: meanValues)
    var (mean, greatest): (Float, Float) = (0, -.infinity)
    for i in 0..<rows {
      mean += meanValues[i] / Float(rows)
      greatest = max(greatest, meanValues[i])
    }
    (meanValue, greatestValue) = (mean, greatest)
    if let jointPass {
      jointPass.backward(network, valueGradient)
    } else {
      network.backward(input, rows: rows, outputGradient: valueGradient, in: workspace)
    }
    squaredNorm = sumOfSquares(network.parameters.gradients)
  }

  private func evaluate(
    _ observations: Matrix, _ actions: Matrix, keepsDropout: Bool
  ) -> Matrix {
    join(observations, actions, into: input)
    if !keepsDropout { workspace.drawDropout(using: &dropoutStream) }
    return network.forward(input, rows: input.rows, in: workspace)
  }

  /// Returns the network together with the last minibatch it learnt from.
  func named(
    observations: Matrix, actions: Matrix, targets: Matrix, experience: NetworkExperience,
    isLearning: Bool
  ) -> NamedNetwork {
    let input = jointPass?.input ?? input
    let minibatch = LearntMinibatch(
      input: input, outputGradient: jointPass?.outputGradient ?? valueGradient, rows: input.rows,
      meanRows: Double(input.rows)
    ) { [self] in
      jointPass?.forwardAgain(network)
      computeGradient(
        observations: observations, actions: actions, targets: targets, keepsDropout: true)
    }
    return NamedNetwork(
      network.name, network, optimizer: optimizer, workspace: jointPass?.workspace ?? workspace,
      target: target, experience: experience, minibatch: isLearning ? minibatch : nil)
  }

  /// Evaluates the policy's actions and the derivative by observation and action, without changing
  /// the gradient of the network's parameters.
  ///
  /// - Parameters:
  ///   - observations: Observations [B × O].
  ///   - actions: Actions [B × A].
  ///   - keepsDropout: Whether to reuse the last dropout mask instead of drawing a new one.
  package func evaluatePolicy(
    observations: Matrix, actions: Matrix, keepsDropout: Bool = false
  ) {
    join(observations, actions, into: policyInput)
    if !keepsDropout { workspace.drawDropout(using: &dropoutStream) }
    let values = network.forward(policyInput, rows: policyInput.rows, in: workspace)
    values.writeMeans(ofRows: policyInput.rows, to: policyValues)
    network.backward(
      policyInput, rows: policyInput.rows, outputGradient: meanGradient, in: workspace,
      inputGradient: inputGradient, updatesParameters: false)
  }

  /// Evaluates the policy's actions without their derivatives, with the last dropout mask.
  package func evaluatePolicyValues(observations: Matrix, actions: Matrix) {
    join(observations, actions, into: policyInput)
    network.forward(policyInput, rows: policyInput.rows, in: workspace)
      .writeMeans(ofRows: policyInput.rows, to: policyValues)
  }

  /// Returns the mean value of one observation and action, without dropout and with running
  /// statistics in batch normalisation.
  package func value(of observation: Matrix, action: Matrix, in scratch: SACCriticScratch) -> Float
  {
    scratch.join(observation, action)
    let values = network.forward(scratch.input, rows: 1, in: scratch.workspace)
    var sum: Float = 0
    for k in 0..<values.columns { sum += values[0, k] }
    return sum / Float(values.columns)
  }

  /// Moves the target network towards the network; does nothing if there is none.
  package func followNetwork(rate: Float) {
    guard let target else { return }
    softUpdate(target.parameters.values, towards: network.parameters.values, rate: rate)
    target.parametersDidChange()
    target.followFrozenParts(of: network, rate: rate)
  }

  private func join(_ observations: Matrix, _ actions: Matrix, into input: Matrix) {
    joinRows(observations, actions, rows: input.rows, into: input)
  }

  /// Reinitialises network, target network and optimiser.
  func reset(random: inout RandomStream) {
    network.reinitialize(random: &random)
    copyToTarget()
    optimizer.restart()
  }

  /// Writes network, target network, optimiser state and dropout stream.
  package func save(to archive: inout TensorArchive) {
    archive.set(network.parameters.parameters + network.statistics.parameters)
    archive.setFrozenParts(of: network)
    if let target {
      archive.set(target.parameters.parameters)
      archive.setFrozenParts(of: target)
    }
    archive.set(optimizer, named: "\(network.name).adam")
    if usesDropout { archive.set(dropoutStream, named: "\(network.name).dropout") }
  }

  /// Reads network, target network, optimiser state and dropout stream.
  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: network.parameters.parameters + network.statistics.parameters)
    for parameter in network.statistics.parameters where parameter.name.hasSuffix("variance") {
      guard (0..<parameter.value.columns).allSatisfy({ parameter.value[0, $0] >= 0 }) else {
        throw .invalid(reason: "\(network.name) has a negative variance")
      }
    }
    try archive.readFrozenParts(into: network)
    if let target {
      try archive.read(into: target.parameters.parameters)
      try archive.readFrozenParts(into: target)
      guard target.injections == network.injections else {
        throw .invalid(reason: "\(target.name) has been injected otherwise than \(network.name)")
      }
    }
    try archive.read(into: optimizer, named: "\(network.name).adam")
    if usesDropout { dropoutStream = try archive.stream(named: "\(network.name).dropout") }
    network.parametersDidChange()
    target?.parametersDidChange()
  }
}

/// Memory for evaluating single actions, separate from that of minibatches.
package final class SACCriticScratch {
  let input: Matrix
  let workspace: MLP.Workspace

  /// Allocates memory for one action of a critic.
  package init(_ critic: SACCritic) {
    input = Matrix(rows: 1, columns: critic.network.architecture.inputs)
    workspace = critic.network.makeWorkspace(rows: 1)
  }

  func join(_ observation: Matrix, _ action: Matrix) {
    joinRows(observation, action, rows: 1, into: input)
  }
}

/// Joins the rows of two matrices side by side.
func joinRows(_ first: Matrix, _ second: Matrix, rows: Int, into joined: Matrix) {
  joined.setColumns(from: 0, to: first, rows: rows)
  joined.setColumns(from: first.columns, to: second, rows: rows)
}
