internal import LinearAlgebra
package import NeuralNetworks
package import Training
package import Storage

/// The critic's half of a PPO update: minibatch, squared error, gradient, Adam.
package final class PPOValueLearner {
  /// Of the last minibatch: mean squared error, without its coefficient.
  package private(set) var loss: Float = 0
  /// Of the last gradient.
  package private(set) var squaredNorm: Float = 0
  private let configuration: PPOConfiguration
  private let critic: MLP
  private let rollout: RolloutBuffer
  private let optimizer: Adam
  private let workspace: MLP.Workspace
  private let observations: Matrix
  private let valueGradient: Matrix
  private let returns: Vector
  private let oldValues: Vector

  package init(_ configuration: PPOConfiguration, _ critic: MLP, _ rollout: RolloutBuffer) {
    let rows = configuration.minibatchSize
    self.configuration = configuration
    self.critic = critic
    self.rollout = rollout
    optimizer = Adam(
      critic.parameters, configuration: AdamConfiguration(epsilon: configuration.adamEpsilon))
    workspace = critic.makeWorkspace(rows: rows)
    observations = Matrix(rows: rows, columns: rollout.observations.columns)
    valueGradient = Matrix(rows: rows, columns: 1)
    returns = Vector(count: rows)
    oldValues = Vector(count: rows)
  }

  /// Gathers the rows of a minibatch and computes the gradient of the value loss.
  ///
  /// `c mean((V − R)²)`, or `c mean(max((V − R)², (V_old + clip(V − V_old, ±ε) − R)²))` where values
  /// are clipped.
  package func computeGradient(_ order: [Int32], _ rows: Range<Int>) {
    let count = rows.count
    for (k, position) in rows.enumerated() {
      let row = Int(order[position])
      observations.copyRow(k, from: rollout.normalizedObservations, row: row)
      returns[k] = rollout.returns[row]
      oldValues[k] = rollout.values[row]
    }
    computeGradient(count)
  }

  /// Computes the gradient on the rows that are gathered.
  private func computeGradient(_ count: Int) {
    let values = critic.forward(observations, rows: count, in: workspace)
    let scale = 1 / Float(count)
    loss = 0
    for k in 0..<count {
      var error = values[k, 0] - returns[k]
      var slope: Float = 1
      if let limit = configuration.valueClipRange {
        let change = min(max(values[k, 0] - oldValues[k], -limit), limit)
        let clippedError = oldValues[k] + change - returns[k]
        if clippedError * clippedError > error * error {
          error = clippedError
          slope = abs(values[k, 0] - oldValues[k]) < limit ? 1 : 0
        }
      }
      loss += scale * error * error
      valueGradient[k, 0] = 2 * configuration.valueCoefficient * scale * error * slope
    }
    critic.backward(observations, rows: count, outputGradient: valueGradient, in: workspace)
    squaredNorm = sumOfSquares(critic.parameters.gradients)
  }

  /// The critic with what it learnt from last.
  func named(isLearning: Bool) -> NamedNetwork {
    let minibatch = LearntMinibatch(
      input: observations, outputGradient: valueGradient, rows: workspace.rows,
      experience: rollout.normalizedObservations
    ) { [self] in computeGradient(workspace.rows) }
    return NamedNetwork(
      "critic", critic, optimizer: optimizer, workspace: workspace,
      minibatch: isLearning ? minibatch : nil)
  }

  /// Takes Adam's step along the last gradient, scaled.
  package func step(_ learningRate: Float, gradientScale: Float) {
    optimizer.step(learningRate: learningRate, gradientScale: gradientScale)
    critic.parametersDidChange()
  }

  /// Writes the optimiser's moments.
  package func save(to archive: inout TensorArchive) {
    archive.set(optimizer, named: "critic.adam")
  }

  /// Reads the optimiser's moments.
  package func load(from archive: TensorArchive) throws(ArchiveError) {
    try archive.read(into: optimizer, named: "critic.adam")
  }
}
