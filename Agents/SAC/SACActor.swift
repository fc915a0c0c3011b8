package import LinearAlgebra
package import NeuralNetworks
package import RLCore
package import Training
package import Storage

/// The policy and temperature of SAC, with their optimisers and the memory for a minibatch.
package final class SACActor {
  /// The policy, whose actions are drawn from ``distribution``.
  package let policy: MLPPolicy
  let distribution: SquashedGaussian
  /// Policy loss of the last minibatch, `mean(α logπ − Q)`.
  package private(set) var loss: Float = 0
  /// Temperature loss of the last minibatch, `−log α · mean(logπ + H̄)`.
  package private(set) var temperatureLoss: Float = 0
  /// Entropy of the last minibatch, the mean of −logπ, in nats over −1...1.
  package private(set) var entropy: Float = 0
  /// Squared Euclidean norm of the policy's last gradient.
  package private(set) var squaredNorm: Float = 0
  /// Sampler of actions for the next observations, for targets.
  package let nextSample: SquashedGaussianSampler
  /// Sampler of actions for the observations, from which the policy learns.
  package let sample: SquashedGaussianSampler
  /// Policy of averaged weights, for evaluations; nil for none.
  package let average: AveragedPolicy?
  /// Previous policy of mirror descent; nil for SAC.
  package let previous: PreviousPolicy?
  private let configuration: SACConfiguration
  private let logTemperature: ParameterBlock
  private let optimizer: Optimizer
  private let temperatureOptimizer: Optimizer
  private let workspace: MLP.Workspace
  private let nextWorkspace: MLP.Workspace
  private let rows: Int
  private let values: Vector
  private let actionGradient: Matrix
  private let outputGradient: Matrix
  private let targetEntropy: Float

  package init(
    _ configuration: SACConfiguration, specification: EnvironmentSpecification,
    random: inout RandomStream
  ) {
    self.configuration = configuration
    guard case .box(let low, let high) = specification.actionSpace else {
      preconditionFailure("\(specification.identifier) has no box of actions")
    }
    distribution = SquashedGaussian(
      low: low, high: high,
      logDeviations: configuration.lowestLogStd...configuration.highestLogStd)
    let pattern = configuration.policyArchitecture
    policy = MLPPolicy(
      specification: specification, distribution: distribution, hidden: configuration.policyHidden,
      activation: configuration.activation, usesLayerNorm: configuration.policyLayerNorm,
      pattern: pattern, initializer: pattern == .plain ? .fanInUniform : .heNormal,
      normalizesObservations: configuration.normalizeObservations, random: &random)
    if let decay = configuration.averageDecay {
      average = AveragedPolicy(of: policy, decay: decay)
    } else {
      average = nil
    }
    previous =
      configuration.mirrorCoefficient > 0
      ? PreviousPolicy(configuration, policy: policy.network) : nil
    let (rows, width) = (configuration.batchSize, specification.actionWidth)
    nextSample = distribution.makeSampler(rows: rows, drawsPairs: true)
    sample = distribution.makeSampler(rows: rows, drawsPairs: true)
    self.rows = rows
    logTemperature = ParameterBlock([
      (name: "log-temperature", rows: 1, columns: 1, isWeight: false)
    ])
    logTemperature.parameters[0].value[0, 0] = ScalarMaths.log(configuration.initialTemperature)
    optimizer = Optimizer(
      policy.network.parameters,
      .adam(
        AdamConfiguration(
          beta1: configuration.adamBeta1, weightDecay: configuration.weightDecay)))
    temperatureOptimizer = Optimizer(
      logTemperature, .adam(AdamConfiguration(beta1: configuration.temperatureAdamBeta1)))
    workspace = policy.network.makeWorkspace(rows: rows)
    nextWorkspace = policy.network.makeWorkspace(rows: rows)
    values = Vector(count: rows)
    actionGradient = Matrix(rows: rows, columns: width)
    outputGradient = Matrix(rows: rows, columns: 2 * width)
    targetEntropy = configuration.targetEntropyPerComponent * Float(width)
  }

  /// The averaged policy, or the policy that learns if there is none.
  package var evaluatedPolicy: MLPPolicy { average?.policy ?? policy }

  /// Temperature α of the entropy bonus.
  package var temperature: Float { ScalarMaths.exp(logTemperature.parameters[0].value[0, 0]) }

  /// Draws actions for the next observations [B × O].
  package func sampleNext(_ observations: Matrix, using random: inout RandomStream) {
    let output = policy.network.forward(observations, rows: rows, in: nextWorkspace)
    nextSample.sample(output, rows: rows, using: &random)
  }

  /// Draws actions for the present observations [B × O].
  package func sampleCurrent(_ observations: Matrix, using random: inout RandomStream) {
    let output = policy.network.forward(observations, rows: rows, in: workspace)
    sample.sample(output, rows: rows, using: &random)
    previous?.evaluate(observations)
  }

  /// Takes one optimiser step on the policy loss, unless the gradient is not finite.
  ///
  /// The gradient flows through both the density and the value:
  /// `mean(α logπ(a|s) − Q(s, a))` with `a = tanh(μ + σ ε)`, and with the terms of
  /// ``PreviousPolicy`` in mirror descent.
  ///
  /// - Parameters:
  ///   - observations: Observations of the last ``sampleCurrent(_:using:)`` [B × O].
  ///   - critics: Critics, which must have evaluated these actions.
  ///   - temperature: Temperature α of the entropy bonus.
  ///   - learningRate: Learning rate of this step.
  package func learn(
    _ observations: Matrix, critics: [SACCritic], temperature: Float, learningRate: Float
  ) {
    computeGradient(observations, critics: critics, temperature: temperature)
    guard squaredNorm.isFinite else { return }
    optimizer.step(learningRate: learningRate)
    policy.network.parametersDidChange()
    average?.follow(policy)
  }

  /// Computes the gradient of ``learn(_:critics:temperature:learningRate:)``.
  package func computeGradient(
    _ observations: Matrix, critics: [SACCritic], temperature: Float
  ) {
    let scale = 1 / Float(rows)
    combineCritics(critics)
    let densityWeight = previous?.replacesEntropy == true ? 0 : temperature
    var sum: Float = 0
    for i in 0..<rows {
      sum += scale * (densityWeight * sample.logProbabilities[i] - values[i])
    }
    sample.backward(
      densityWeight: scale * densityWeight, actionGradient: actionGradient, rows: rows,
      outputGradient: outputGradient)
    if let previous {
      sum += previous.addGradient(
        sample, output: workspace.output, temperature: temperature,
        outputGradient: outputGradient)
    }
    loss = sum
    policy.network.backward(
      observations, rows: rows, outputGradient: outputGradient, in: workspace)
    squaredNorm = sumOfSquares(policy.network.parameters.gradients)
  }

  /// Sets the value of each sampled action, and the derivative of the mean of −Q by the actions.
  private func combineCritics(_ critics: [SACCritic]) {
    let width = actionGradient.columns
    let offset = (critics.first?.inputGradient.columns ?? width) - width
    let scale = 1 / Float(rows)
    // The outer loop is over critics, so that references are not counted in every row.
    switch configuration.policyCombination {
    case .minimum:
      for (k, critic) in critics.enumerated() {
        let (policyValues, inputGradient) = (critic.policyValues, critic.inputGradient)
        for i in 0..<rows where k == 0 || policyValues[i] < values[i] {
          values[i] = policyValues[i]
          for j in 0..<width { actionGradient[i, j] = -scale * inputGradient[i, offset + j] }
        }
      }
    case .mean:
      let share = 1 / Float(critics.count)
      values.fill(0)
      actionGradient.fill(0)
      for critic in critics {
        let (policyValues, inputGradient) = (critic.policyValues, critic.inputGradient)
        for i in 0..<rows {
          values[i] += share * policyValues[i]
          for j in 0..<width {
            actionGradient[i, j] -= scale * share * inputGradient[i, offset + j]
          }
        }
      }
    }
  }

  /// Returns the policy's network together with the last minibatch it learnt from.
  func named(
    _ observations: Matrix, criticObservations: Matrix, critics: [SACCritic],
    experience: NetworkExperience, isLearning: Bool
  ) -> NamedNetwork {
    let minibatch = LearntMinibatch(
      input: observations, outputGradient: outputGradient, rows: rows,
      meanRows: Double(rows)
    ) { [self] in
      let output = policy.network.forward(observations, rows: rows, in: workspace)
      sample.sample(output, rows: rows)
      for critic in critics {
        critic.evaluatePolicy(
          observations: criticObservations, actions: sample.actions, keepsDropout: true)
      }
      computeGradient(observations, critics: critics, temperature: temperature)
    }
    return NamedNetwork(
      "policy", policy.network, optimizer: optimizer, workspace: workspace,
      target: average?.policy.network,
      own: [OwnParameters(logTemperature, optimizer: temperatureOptimizer, isMultiplier: true)],
      experience: experience, minibatch: isLearning ? minibatch : nil)
  }

  /// Adjusts the temperature towards the target entropy, by the densities of the current sample.
  package func learnTemperature(learningRate: Float) {
    let mean = sum(sample.logProbabilities, count: rows) / Float(rows)
    entropy = -mean
    let parameter = logTemperature.parameters[0]
    temperatureLoss = -parameter.value[0, 0] * (mean + targetEntropy)
    guard configuration.learnsTemperature, mean.isFinite else { return }
    parameter.gradient[0, 0] = -(mean + targetEntropy)
    temperatureOptimizer.step(learningRate: learningRate)
  }

  /// Reinitialises policy, temperature and optimisers.
  func reset(random: inout RandomStream) {
    policy.network.reinitialize(random: &random)
    previous?.refresh(policy.network)
    average?.restart(from: policy)
    optimizer.restart()
    logTemperature.parameters[0].value[0, 0] = ScalarMaths.log(configuration.initialTemperature)
    temperatureOptimizer.restart()
  }

  /// Writes policy, temperature and optimiser states.
  package func save(to archive: inout TensorArchive) {
    policy.save(to: &archive)
    previous?.save(to: &archive)
    average?.save(to: &archive)
    archive.set(logTemperature.parameters)
    archive.set(optimizer, named: "policy.adam")
    archive.set(temperatureOptimizer, named: "log-temperature.adam")
  }

  /// Reads policy, temperature and optimiser states.
  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try policy.load(from: archive)
    try previous?.load(from: archive)
    try average?.load(from: archive, following: policy)
    try archive.read(into: logTemperature.parameters)
    try archive.read(into: optimizer, named: "policy.adam")
    try archive.read(into: temperatureOptimizer, named: "log-temperature.adam")
  }
}
